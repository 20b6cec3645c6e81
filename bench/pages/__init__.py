"""Measurements of the arena's pages; `make bench-pages` runs all three.

python -m bench.pages.visits    what a visitor waits for in a browser, beside a plain Gradio arena
python -m bench.pages           pages that watch answers
python -m bench.pages.loads     what page loads leave in memory
"""
