"""The addresses of the pages, and links between them.

Links are relative: all pages are side by side and none has a slash at its end (`web.entrance.gate` redirects those that
have). So no page needs to know whether the arena has its own host or a path of one (https://example.org/arena).
"""

from collections.abc import Mapping
from urllib.parse import quote

from arena.settings import Settings

LIVE = {"battle": "/", "side_by_side": "/side-by-side", "chat": "/chat"}
"""The pages that Gradio keeps up to date in the browser."""
DOCUMENTS = {
    "leaderboard": "/leaderboard",
    "about": "/about",
    "shared": "/battle",
    "mine": "/mine",
    "model": "/model",
    "figures": "/figures",
    "quick": "/quick",
}
"""The pages that the server makes whole."""
OLD_LEADERBOARD = "/leaderboard.html"
"""Redirects to the leaderboard, which once needed script."""
NAMED = ("side_by_side", "chat")
"""The pages that show names, which the settings can switch off."""
PULSE = "/pulse"
"""The number of the visitor's last step, for `theme/battle/tabs.js`."""
OPEN_BATTLE = "battle"
"""The battle that a battle page shows, in the query of its address."""
FORMS = {
    "theme": "/theme",
    "consent": "/mine/consent",
    "share": "/battle/share",
    "feedback": "/battle/feedback",
    "delete": "/mine/delete",
    "quick_next": "/quick/next",
    "quick_vote": "/quick/vote",
    "quick_withdraw": "/quick/withdraw",
}
"""The addresses to which forms are sent: those of every page, those after a vote, the deletion of one's data, and those
of quick rounds."""
EXPORT = "/mine.json"
"""Everything stored about the visitor, for the visitor."""
PICTURE = "/quick.svg"
"""The picture of the visitor's last quick round."""

_IN_ORDER = ("battle", "side_by_side", "chat", "quick", "leaderboard", "mine", "about")
PAGES: Mapping[str, str] = {name: path for name in _IN_ORDER if (path := (LIVE | DOCUMENTS).get(name))}
"""All pages, in the order of the navigation."""


def pages_of(settings: Settings, pages: Mapping[str, str] = PAGES) -> dict[str, str]:
    """Return those of `pages` that this arena has."""
    off = {*(NAMED if settings.arena.named_pages == "off" else ()), *(() if settings.quick.decks else ("quick",))}
    return {name: path for name, path in pages.items() if name not in off}


def link(path: str) -> str:
    """Return the `href` of a path such as `/about`, for every page."""
    return f".{path}"


def model_address(name: str) -> str:
    """Return the path and query of a model's page."""
    return f"{DOCUMENTS['model']}?name={quote(name, safe='')}"
