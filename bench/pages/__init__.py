"""Load on the arena's pages: many watching browsers, and many page loads."""
