"""Battles: opened, answered, ended, read, shared, and what their voters think of them."""
