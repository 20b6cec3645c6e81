"""The list of the visitor's battles: prompt, names after the vote, verdict, and where to open it again."""

from collections.abc import Collection
from datetime import UTC, datetime
from html import escape

from arena.service import OWN_KINDS, Outcome, OwnBattle, OwnBattles
from arena.ui.links import DOCUMENTS, FORMS, LIVE, OPEN_BATTLE
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.mine.place import Wish, own_link
from arena.ui.reveal.card import chosen, verdict
from arena.ui.untrusted import plain

LIVE_PAGES = {"battle": LIVE["battle"], "named": LIVE["side_by_side"], "chat": LIVE["chat"]}
"""Where a battle of each kind goes on."""
_PROMPT_CHARS = 200
_FILTERS = {
    "kind": OWN_KINDS,
    "outcome": tuple(outcome.label for outcome in Outcome),
    "counted": ("yes", "no"),
    "shared": ("yes",),
}


def battles(found: OwnBattles, going_on: Collection[str], wish: Wish, place: Place) -> str:
    """Return the filters, the list and the way to older battles. Those in `going_on` open on their live pages."""
    texts = place.texts
    if found.battles:
        items = "".join(_item(battle, battle.battle_id in going_on, place) for battle in found.battles)
        text = f'<ol class="battles">{items}</ol>{_pager(found, wish, place)}'
    else:
        text = f'<p class="empty">{plain(texts("mine_no_match"))} <a href="{own_link(place)}#battles">'
        text += f"{plain(texts('mine_show_all'))}</a></p>"
    return f'<section id="battles"><h2>{plain(texts("mine_battles"))}</h2>{_filters(wish, place)}{text}</section>'


def _filters(wish: Wish, place: Place) -> str:
    texts = place.texts
    fields = ""
    for name, values in _FILTERS.items():
        options = f'<option value="">{plain(texts("mine_any"))}</option>'
        for value in values:
            mark = " selected" if wish.fields[name] == value else ""
            options += f'<option value="{value}"{mark}>{plain(texts(f"mine_{name}_{value}"))}</option>'
        fields += f'<label>{plain(texts(f"mine_{name}"))} <select name="{name}">{options}</select></label>'
    language = f'<input type="hidden" name="lang" value="{texts.language}">' if place.query else ""
    return (
        f'<form class="filters" action="{place.root}{DOCUMENTS["mine"][1:]}#battles">{fields}{language}'
        f"<button>{plain(texts('mine_filter'))}</button></form>"
    )


def _pager(found: OwnBattles, wish: Wish, place: Place) -> str:
    links = []
    if wish.before is not None:
        links.append(f'<a href="{wish.link(place)}">{plain(place.texts("mine_newest"))}</a>')
    if found.older is not None:
        links.append(f'<a href="{wish.link(place, before=found.older)}">{plain(place.texts("mine_older"))}</a>')
    label = escape(place.texts("mine_pages"))
    return f'<nav class="pager" aria-label="{label}">{" ".join(links)}</nav>' if links else ""


def _item(battle: OwnBattle, goes_on: bool, place: Place) -> str:
    lines = _prompt(battle, goes_on, place) + _names(battle, place.texts) + _verdict(battle, goes_on, place.texts)
    return f"<li>{lines}{_facts(battle, place)}</li>"


def _prompt(battle: OwnBattle, goes_on: bool, place: Place) -> str:
    if battle.prompt is None:
        return f'<p class="prompt"><em>{plain(place.texts("mine_no_text"))}</em></p>'
    text = battle.prompt[:_PROMPT_CHARS] + "…" * (len(battle.prompt) > _PROMPT_CHARS)
    shown = plain(" ".join(text.split()))
    address = _address(battle, goes_on, place)
    return f'<p class="prompt" dir="auto">{f"""<a href="{address}">{shown}</a>""" if address else shown}</p>'


def _address(battle: OwnBattle, goes_on: bool, place: Place) -> str | None:
    """Return where the battle opens: on its live page if it goes on there, else on its own. A quick one has no page."""
    if battle.kind not in LIVE_PAGES:
        return None
    page, key, value = DOCUMENTS["shared"], "id", battle.share_id
    if goes_on:
        page, key, value = LIVE_PAGES[battle.kind], OPEN_BATTLE, battle.battle_id
    return escape(f"{place.link(page)}{'&' if place.query else '?'}{key}={value}")


def _names(battle: OwnBattle, texts: Messages) -> str:
    if battle.names is None:
        return ""
    sides = ""
    for letter, name, outcome in zip("ab", battle.names, (Outcome.A, Outcome.B), strict=False):
        mark = " is-chosen" if battle.outcome is outcome else ""
        shown = f'<span class="letter">{letter.upper()}</span> {plain(name)}' if len(battle.names) > 1 else plain(name)
        sides += f'<span class="side of-{letter}{mark}">{shown}</span> '
    return f'<p class="names">{sides.strip()}</p>'


def _verdict(battle: OwnBattle, goes_on: bool, texts: Messages) -> str:
    if battle.outcome is None:
        return f'<p class="verdict">{plain(texts(_unvoted(battle, goes_on)))}</p>'
    line = verdict(
        battle.reasons,
        texts,
        counted=texts("mine_is_counted"),
        not_counted=texts("mine_not_counted"),
        withdrawn=texts("mine_withdrawn"),
    )
    return f'<p class="verdict">{plain(chosen(battle.outcome, texts))} {line}</p>'


def _unvoted(battle: OwnBattle, goes_on: bool) -> str:
    """Return the key of the sentence about a battle without a vote."""
    if battle.kind == "chat":
        return "mine_chat_on" if goes_on else "mine_chat"
    if battle.state == "open":
        return "mine_open"
    if goes_on:
        return "mine_waits"
    return "mine_no_vote_blind" if battle.names is None else "mine_no_vote"


def _facts(battle: OwnBattle, place: Place) -> str:
    texts = place.texts
    opened = datetime.fromtimestamp(battle.opened_at, UTC)
    facts = [f'<time datetime="{opened:%Y-%m-%dT%H:%MZ}">{opened:%Y-%m-%d %H:%M} UTC</time>']
    if battle.campaign is None:
        facts.append(plain(texts(f"mine_kind_{battle.kind}")))
    else:
        facts.append(plain(texts("mine_campaign", name=battle.campaign)))
    if battle.n_turns > 1:
        facts.append(plain(texts("mine_turns", n=battle.n_turns)))
    line = " · ".join(facts)
    if not battle.is_shared:
        return f'<p class="facts"><span>{line}</span></p>'
    return (
        f'<form class="facts" method="post" action="{place.root}{FORMS["share"][1:]}">'
        f'<span>{line} · {plain(texts("mine_is_shared"))}</span> <input type="hidden" name="back" value="1">'
        f'<input type="hidden" name="battle" value="{escape(battle.battle_id)}">'
        f'<button name="shared" value="0">{plain(texts("shared_undo"))}</button></form>'
    )
