"""Tests of the documentation: its snippets run, its generated pages are current, its links lead somewhere."""
