"""Which requests are let in: those of the arena's own pages, at its own address."""
