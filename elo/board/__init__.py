"""Ratings as people read them: boards, ranks, tables and figures.

leaderboard  an estimate with its spread  ->  rows, JSON and CSV; `rate` does all three steps
by_value     a board for each value of a column, and why some have none
ranks        the places that a model may have, allowing for chance
fragility    the few votes that decide who is first
wording      the settings of a rating in words
notes        the sentences under a board
table        the board as text
matrices     battles, win rates and predictions of every pair
plots        the board and the matrices as SVG and HTML
planning     which battles to play next; `plans` is the result, as data and text
compare      what moved between two boards; `comparison` is the result, as data and text
"""
