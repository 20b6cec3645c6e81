"""Pages and parts of pages that work without script: titles for link previews, the noscript text, the 404 page, and the
leaderboard as plain HTML.

`PlainPages` is for `web`, which puts its texts into the pages; `routes` has the plain leaderboard and the icon.
"""

from arena.ui.plain.pages import PlainPages
from arena.ui.plain.routes import routes

__all__ = ["PlainPages", "routes"]
