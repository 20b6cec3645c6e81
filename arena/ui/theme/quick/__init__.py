"""The look of quick rounds and campaigns."""
