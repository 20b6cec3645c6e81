"""Links: where the pages are, and how one links to another.

Links are relative, since all pages lie side by side and none has a slash at its end (`web.gate` sees to that). So no
page needs to know whether the arena has a host of its own or a path of one (https://example.org/arena).
"""

PAGES = {"battle": "/", "leaderboard": "/leaderboard", "about": "/about"}


def link(path: str) -> str:
    """The `href` of a path such as `/about`, right on every page."""
    return f".{path}"
