"""The child process that serves the arena's own models."""
