"""Ratings with intervals  ->  what people read.

leaderboard     rate(cells or votes, settings)  ->  rows, JSON and CSV
ranks           a model's rank and the worst it may have
interval_kinds  how the kinds of interval agree
notes           what a reader must know of a board, in sentences
table           the board as text
matrices        battles, win rates and predictions of every pair
plots           the same and the board as SVG and HTML
planning        which battles to play next
compare         what moved between two boards
"""
