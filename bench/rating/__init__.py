"""What `python -m bench.ratings` measures: our ratings beside arena-rank, evalica, choix and two ways of old.

votes     simulated votes as index arrays, as CSV and as a database
engines   who is compared: each prepares its favourite form of the votes, then runs while the clock does
work      one engine, one task, in a process of its own
records   results, and the file that keeps them
exact     do all give the same ratings?
tables    Markdown
"""
