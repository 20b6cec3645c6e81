"""The command that gives a board's numbers from an export, digit for digit."""

import shlex
from dataclasses import fields

from arena.service import View
from arena.ui.plain.frame.place import Place
from arena.ui.untrusted import plain
from elo.settings import Settings as EloSettings

_EXPORT = "python -m db export votes.jsonl"


def command(view: View, visitor: str | None, settings: EloSettings) -> str:
    """Return the command of a view that is rated with these settings; options at their defaults are left out."""
    words = ["python", "-m", "elo", "recompute", "--votes", "votes.jsonl"]
    kind = view.battle_kind
    if kind is None or view.kind != "battle":
        words += ["--kind", "all" if kind is None else kind.label]
    if view.since:
        words += ["--since", view.since]
    if view.until:
        words += ["--until", view.until]
    for condition in view.where(visitor):
        words += ["--where", condition]
    usual = EloSettings()
    for field in fields(settings):
        value = getattr(settings, field.name)
        if value == getattr(usual, field.name):
            continue
        option = "--" + field.name.replace("_", "-")
        if field.name == "anchor":
            for model, rating in value:
                words += [option, f"{model}={rating!r}"]
        elif value is True:
            words.append(option)
        else:
            words += [option, ",".join(value) if isinstance(value, tuple) else str(value)]
    return shlex.join(words)


def offline_section(view: View, visitor: str | None, settings: EloSettings, place: Place) -> str:
    """Return how to compute the same numbers."""
    texts = place.texts
    lines = f"{_EXPORT}\n{command(view, visitor, settings)}"
    code = plain(lines).replace("<br>", "\n")
    return (
        f'<details id="offline"><summary>{plain(texts("offline_title"))}</summary>'
        f'<p class="note">{plain(texts("offline_text"))}</p><pre tabindex="0"><code>{code}</code></pre></details>'
    )
