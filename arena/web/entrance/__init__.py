"""Let in only requests of the arena's own pages, at its own address."""
