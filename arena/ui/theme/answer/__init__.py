"""An answer: how it looks, and how it is copied."""
