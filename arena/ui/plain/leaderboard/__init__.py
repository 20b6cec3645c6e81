"""The leaderboard, made on the server: it works without script, and every view of it has an address.

page       the whole page
filters    the form, and what is chosen
table      the table; columns: what stands in it
summary    what stands under it: votes, age, settings
style      style control in plain words
offline    the command that gives the same numbers
figures    figures of the board, on demand
place      links to views
routes     the addresses
"""

from arena.ui.plain.leaderboard.routes import routes

__all__ = ["routes"]
