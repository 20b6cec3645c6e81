"""The turns of a battle: how they stand, what is folded, and how the page follows them."""
