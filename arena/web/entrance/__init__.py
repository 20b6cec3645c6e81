"""Which requests are let in: at the arena's own address, for its own pages, with bodies that its pages send."""
