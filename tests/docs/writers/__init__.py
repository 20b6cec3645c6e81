"""Tests of the writers of generated pages."""
