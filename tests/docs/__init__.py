"""Tests of the documentation.

Its snippets run, its generated pages are current, and its links lead somewhere.
"""
