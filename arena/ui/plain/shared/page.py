"""A battle as a read-only page: names, the vote, all turns with both answers beside each other.

Below them, folded: how each model was asked, its reasoning and its speed, and the settings of both.

Its title and description have the names and the vote, and nothing of the prompt: other services keep link previews, and
a battle that is taken back should not live on in them. The page asks search engines to leave it out.
"""

from datetime import UTC, datetime
from html import escape

from arena.service import SharedBattle, SharedTurn, Side, SideView
from arena.ui.conversation import failure, settings
from arena.ui.links import FORMS
from arena.ui.markup import static
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.reveal import more, numbers
from arena.ui.reveal.card import CHOSEN, verdict
from arena.ui.untrusted import plain
from db.outcome import Outcome


def title(battle: SharedBattle, texts: Messages) -> str:
    """Return the page's title, which has the names unless they are hidden."""
    if battle.names is None:
        return texts("shared_title_blind")
    a, b = battle.names[0], battle.names[-1]
    if battle.kind == "chat":
        return texts("shared_title_chat", a=a)
    if battle.outcome is None:
        return texts("shared_title_named", a=a, b=b)
    if battle.outcome is Outcome.A:
        return texts("shared_title_won", winner=a, loser=b)
    if battle.outcome is Outcome.B:
        return texts("shared_title_won", winner=b, loser=a)
    return texts("shared_title_tie" if battle.outcome is Outcome.TIE else "shared_title_both_bad", a=a, b=b)


def description(battle: SharedBattle, texts: Messages) -> str:
    if battle.names is None or len(battle.names) < 2:
        return texts("description_shared")
    key = "shared_description" if battle.kind == "battle" else "shared_description_named"
    return texts(key, a=battle.names[0], b=battle.names[1])


def page(battle: SharedBattle, place: Place) -> str:
    """Return the text of the page."""
    texts = place.texts
    date = datetime.fromtimestamp(battle.opened_at, UTC).strftime("%Y-%m-%d")
    lines = (
        f'<p class="note">{plain(texts("shared_date", date=date))}</p><p class="verdict">{_verdict(battle, texts)}</p>'
    )
    turns = "".join(_turn(n, turn, battle, texts) for n, turn in enumerate(battle.turns, 1))
    return (
        f'<article id="shared"><h1>{plain(title(battle, texts))}</h1>{lines}{_own(battle, place)}{turns}'
        f"{_models(battle, texts)}{settings(battle.settings, texts, is_chat=battle.kind == 'chat')}"
        f'<p><a class="start" href="{place.link("/")}">{plain(texts("shared_start"))}</a></p></article>'
    )


def gone(place: Place) -> str:
    """Return the text of the page where there is no battle to see."""
    texts = place.texts
    return (
        f"<h1>{plain(texts('title_shared_gone'))}</h1><p>{plain(texts('shared_gone'))}</p>"
        f'<p><a href="{place.link("/")}">{plain(texts("shared_start"))}</a></p>'
    )


def _verdict(battle: SharedBattle, texts: Messages) -> str:
    if battle.outcome is None:
        return plain(texts("shared_no_vote" if battle.names else "shared_no_vote_blind"))
    chosen = plain(texts("shared_" + CHOSEN[battle.outcome]))
    line = verdict(
        battle.reasons,
        texts,
        counted=texts("shared_counted"),
        not_counted=texts("shared_not_counted"),
        withdrawn=texts("shared_withdrawn"),
    )
    return f"{chosen} {line}"


def _own(battle: SharedBattle, place: Place) -> str:
    """Return the line for the battle's own visitor: who can read the page, and the button that changes it."""
    if battle.own_id is None:
        return ""
    texts = place.texts
    line = plain(texts("shared_mine_open" if battle.is_shared else "shared_mine_closed"))
    button = ""
    if battle.outcome is not None:
        wish, key = ("0", "shared_undo") if battle.is_shared else ("1", "shared_do")
        button = f'<button name="shared" value="{wish}">{plain(texts(key))}</button>'
    return (
        f'<form id="own" method="post" action="{place.root}{FORMS["share"][1:]}">'
        f'<input type="hidden" name="battle" value="{escape(battle.own_id)}"><span>{line}</span> {button}</form>'
    )


def _turn(number: int, turn: SharedTurn, battle: SharedBattle, texts: Messages) -> str:
    heading = texts("shared_prompt") if len(battle.turns) == 1 else texts("shared_turn", n=number)
    sides = _side("a", turn.a, battle, texts) + (_side("b", turn.b, battle, texts) if turn.b else "")
    return (
        f'<section class="turn"><h2>{plain(heading)}</h2><div class="prompt" dir="auto">{plain(turn.prompt)}</div>'
        f'<div class="sides">{sides}</div></section>'
    )


def _side(side: Side, answer: SideView, battle: SharedBattle, texts: Messages) -> str:
    name = battle.names[0 if side == "a" else 1] if battle.names else ""
    is_chosen = battle.outcome is (Outcome.A if side == "a" else Outcome.B)
    end = _end(answer, texts)
    text = static(answer.text) + (f'<p class="aside">{plain(end)}</p>' if end else "")
    return (
        f'<section class="side of-{side}{" is-chosen" if is_chosen else ""}"'
        f' aria-label="{escape(texts("shared_side", side=side.upper()))}">'
        f'<h3><span class="letter">{side.upper()}</span> {plain(name)}</h3>'
        f'<div class="text" dir="auto">{text}</div>'
        "</section>"
    )


def _end(answer: SideView, texts: Messages) -> str:
    """Return how an answer ended; nothing if it is complete."""
    if answer.state == "stopped":
        return texts("shared_stopped")
    if answer.state == "failed":
        return failure(answer, texts)
    return texts("side_cut") if answer.is_cut else ""


def _models(battle: SharedBattle, texts: Messages) -> str:
    """Return how each model was asked differently, its reasoning and speed, folded; nothing while names are hidden."""
    sides = "".join(
        f'<section class="of-{side}"><h3><span class="letter">{side.upper()}</span> {plain(model.model)}</h3>'
        f'<p class="pace">{plain(numbers.speed(model, texts))}</p>{more(model, texts)}</section>'
        for side, model in zip(("a", "b"), battle.models, strict=False)
    )
    if not sides:
        return ""
    title = plain(texts("shared_models"))
    return f'<details class="models"><summary>{title}</summary><div class="sides">{sides}</div></details>'
