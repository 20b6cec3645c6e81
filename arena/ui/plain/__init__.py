"""What works without JavaScript: link previews, the plain leaderboard, the 404 page.

`PlainPages` is for `web`, which puts its texts into the pages; `routes` has the plain leaderboard and the icon.
"""

from arena.ui.plain.pages import PlainPages
from arena.ui.plain.routes import routes

__all__ = ["PlainPages", "routes"]
