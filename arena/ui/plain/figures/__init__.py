"""The figures of a view of the leaderboard, `/figures?show=`: each is drawn when it is asked for.

drawing     a board -> a figure as HTML; pure
routes      the address
"""

from arena.ui.plain.figures.routes import routes

__all__ = ["routes"]
