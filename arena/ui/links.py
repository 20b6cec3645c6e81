"""The addresses of the pages, and links between them.

Links are relative: all pages are side by side and none has a slash at its end (`web.entrance.gate` redirects those that
have). So no page needs to know whether the arena has its own host or a path of one (https://example.org/arena).
"""

PAGES = {"battle": "/", "leaderboard": "/leaderboard", "about": "/about"}
PLAIN_LEADERBOARD = "/leaderboard.html"
"""The leaderboard without script."""


def link(path: str) -> str:
    """Return the `href` of a path such as `/about`, for every page."""
    return f".{path}"
