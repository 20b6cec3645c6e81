"""Measurements of the load on the arena's pages.

`python -m bench.pages` measures pages that watch answers, `python -m bench.pages.loads` page loads.
"""
