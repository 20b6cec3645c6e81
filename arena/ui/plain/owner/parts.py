"""What both pages of the owner are made of: the document, forms, numbers and times in words."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from arena.ui import theme
from arena.ui.messages import LANGUAGES, Messages, messages
from arena.ui.plain.frame.place import Theme, language_of, theme_of
from arena.ui.untrusted import plain


@dataclass(frozen=True, slots=True)
class Look:
    """How a page looks: the arena's title, and the language and colours of its reader."""

    title: str
    texts: Messages
    theme: Theme


def look_of(request: Request, title: str) -> Look:
    return Look(title, messages(language_of(request)), theme_of(request))


def document(look: Look, title: str, body: str) -> str:
    """Return a whole page."""
    texts = look.texts
    links = ""
    for language in LANGUAGES:
        mark = ' aria-current="page"' if language == texts.language else ""
        name = plain(messages(language)("language_name"))
        links += f'<a href="./?lang={language}" lang="{language}"{mark}>{name}</a>'
    header = (
        f'<div id="header" class="frame"><div class="header"><a class="title" href="./">{plain(look.title)}</a>'
        f'<nav><a href="./" aria-current="page">{plain(texts("owner_title"))}</a></nav>'
        f'<div id="language">{links}</div></div></div>'
    )
    chosen = "" if look.theme == "system" else f' data-theme="{look.theme}"'
    return (
        f'<!doctype html><html lang="{texts.language}"{chosen}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{plain(title)} · {plain(look.title)}</title><link rel="icon" href="data:,">'
        f'{theme.owner_head(look.theme)}<script src="owner.js" defer></script></head>'
        f'<body>{header}<main class="frame plain owner">{body}</main></body></html>'
    )


def button(action: str, label: str, *, name: str = "", kind: str = "", described: str = "") -> str:
    """Return a form with one button; `name` is the model that it is about."""
    hidden = f'<input type="hidden" name="name" value="{plain(name)}">' if name else ""
    aria = f' aria-label="{plain(described)}"' if described else ""
    return f'<form method="post" action="{action}">{hidden}<button class="{kind}"{aria}>{plain(label)}</button></form>'


def seconds(value_ms: float | None, texts: Messages) -> str:
    if value_ms is None:
        return texts("owner_unknown")
    return f"{value_ms / 1000:.2f} s" if value_ms < 1000 else f"{value_ms / 1000:.1f} s"


def clock(at: float, now: float) -> str:
    """Write a time of today as 14:03:09, an older one with its date; in UTC, as the log of many servers."""
    moment = datetime.fromtimestamp(at, UTC)
    is_today = moment.date() == datetime.fromtimestamp(now, UTC).date()
    return f"{moment:%H:%M:%S} UTC" if is_today else f"{moment:%Y-%m-%d %H:%M} UTC"
