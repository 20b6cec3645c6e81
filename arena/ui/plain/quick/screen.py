"""One screen as HTML: the prompt, both answers beside each other, and the bar with the votes or what followed them.

Everything is a form, so that it works without script; `theme/quick/quick.js` sends the same forms faster.
"""

from collections.abc import Mapping
from html import escape

from arena.rounds.quick_rounds import Record
from arena.service import WITHDRAW_REASONS, Outcome, Screen, Side, SideView
from arena.ui.conversation import failure
from arena.ui.links import FORMS
from arena.ui.markup import static
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.reveal import card
from arena.ui.reveal.actions import withdraw_note
from arena.ui.untrusted import plain

_VOTES = (
    ("vote-a", Outcome.A, "vote_a"),
    ("vote-tie", Outcome.TIE, "vote_tie"),
    ("vote-bad", Outcome.BOTH_BAD, "vote_bad"),
    ("vote-b", Outcome.B, "vote_b"),
)


def answers(screen: Screen, texts: Messages, records: Mapping[str, Record] | None = None) -> str:
    """Return the prompt and both answers; after the vote with names, and with their `records` in this round."""
    label = plain(texts("quick_prompt_label"))
    return (
        f'<section id="quick-prompt" tabindex="-1" aria-label="{label}"><span class="who">{label}</span>'
        f'<div class="text" dir="auto">{plain(screen.prompt)}</div></section>'
        f'<div class="pair">{_side("a", screen, screen.a, texts, records)}'
        f"{_side('b', screen, screen.b, texts, records)}</div>"
    )


def votes(screen: Screen, place: Place, campaign: str | None) -> str:
    """Return the form with the four votes."""
    texts = place.texts
    buttons = ""
    for element, outcome, key in _VOTES:
        is_off = screen.is_tie_only and outcome in (Outcome.A, Outcome.B)
        mark = " disabled" if is_off else ""
        buttons += f'<button id="{element}" name="outcome" value="{outcome.label}"{mark}>{plain(texts(key))}</button>'
    hint = f'<p class="hint">{plain(texts("notice_identical_answers"))}</p>' if screen.is_tie_only else ""
    hint += f'<p class="hint unseen" hidden>{plain(texts("hint_unseen"))}</p>'
    hidden = f'<input type="hidden" name="battle" value="{escape(screen.battle_id)}">'
    return hint + form("quick_vote", hidden + buttons, place, campaign, label=texts("quick_votes_label"))


def verdict(screen: Screen, place: Place) -> str:
    """Return what was voted, whether it counts, and for a minute the form that withdraws it."""
    assert screen.reveal is not None
    texts = place.texts
    said = card.verdict(
        screen.reveal.reasons,
        texts,
        counted=texts("vote_counted"),
        not_counted=texts("vote_not_counted"),
        withdrawn=texts("withdrawn"),
    )
    line = f'<p class="verdict" role="status">{plain(card.chosen(screen.reveal.outcome, texts))} {said}</p>'
    return line + _withdrawal(screen, place)


def _withdrawal(screen: Screen, place: Place) -> str:
    """Return the form that withdraws the vote, with its two reasons, or why it cannot be withdrawn."""
    assert screen.reveal is not None
    withdrawal, texts = screen.reveal.withdrawal, place.texts
    if withdrawal is None:
        return ""
    note = f'<p class="note">{plain(withdraw_note(withdrawal, texts))}</p>'
    inside = note
    if withdrawal.is_possible:
        buttons = "".join(
            f'<button id="withdraw-{one}" name="reason" value="{one}">{plain(texts(f"withdraw_{one}"))}</button>'
            for one in WITHDRAW_REASONS
        )
        hidden = f'<input type="hidden" name="battle" value="{escape(screen.battle_id)}">'
        inside = form("quick_withdraw", hidden + buttons, place, None, label=texts("withdraw_why")) + note
    return (
        f'<details class="withdraw" data-within-s="{withdrawal.within_s:.0f}">'
        f'<summary id="withdraw">{plain(texts("withdraw"))}</summary>{inside}</details>'
    )


def go_on(key: str, place: Place, campaign: str | None = None) -> str:
    """Return the form with the button that deals the next screen; `key` is its sentence."""
    return form("quick_next", f'<button id="next">{plain(place.texts(key))}</button>', place, campaign)


def form(name: str, inside: str, place: Place, campaign: str | None, *, label: str = "") -> str:
    """Return a form of this page. It names the campaign, and the language that the address chose."""
    hidden = f'<input type="hidden" name="campaign" value="{escape(campaign)}">' if campaign else ""
    hidden += f'<input type="hidden" name="lang" value="{place.texts.language}">' if place.query else ""
    named = f' role="group" aria-label="{escape(label)}"' if label else ""
    return f'<form method="post" action="{place.root}{FORMS[name][1:]}"{named}>{hidden}{inside}</form>'


def _side(side: Side, screen: Screen, shown: SideView, texts: Messages, records: Mapping[str, Record] | None) -> str:
    name, is_chosen = "", False
    if screen.reveal is not None:
        model = screen.reveal.names[0 if side == "a" else 1]
        is_chosen = screen.reveal.outcome is (Outcome.A if side == "a" else Outcome.B)
        name = f' <span class="name">{plain(model)}</span>'
        if records is not None and model in records:
            name += f' <span class="record">{plain(_record(records[model], texts))}</span>'
    end = failure(shown, texts) if shown.state == "failed" else texts("side_cut") if shown.is_cut else ""
    text = static(shown.text) + (f'<p class="aside">{plain(end)}</p>' if end else "")
    label = escape(texts("quick_side", side=side.upper()))
    return (
        f'<section id="quick-{side}" class="side of-{side}{" is-chosen" if is_chosen else ""}" aria-label="{label}">'
        f'<h2><span class="letter">{side.upper()}</span>{name}</h2><div class="text" dir="auto">{text}</div></section>'
    )


def _record(one: Record, texts: Messages) -> str:
    key = "quick_record_ties" if one.ties else "quick_record"
    return texts(key, wins=one.wins, losses=one.losses, ties=one.ties)
