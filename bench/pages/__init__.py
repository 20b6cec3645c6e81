"""Load on the arena's pages: how late the event loop runs, and how much memory page loads leave.

`python -m bench.pages` measures pages that watch answers, `python -m bench.pages.loads` page loads.
"""
