"""Tests of the child process that serves the arena's own models."""
