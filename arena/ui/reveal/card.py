"""The card of a reveal: both models beside each other, and one line with the verdict.

It stands where the vote buttons were, because that is where the voter looks.
"""

from arena.service import Reveal, Side
from arena.ui.messages import Messages
from arena.ui.reveal import numbers
from arena.ui.reveal.heads import is_chosen
from arena.ui.untrusted import plain
from db.outcome import Outcome

CHOSEN = {Outcome.A: "chosen_a", Outcome.B: "chosen_b", Outcome.TIE: "chosen_tie", Outcome.BOTH_BAD: "chosen_both_bad"}
EVEN = 0.05
"""Expectations this close to a half are called even."""


def card(reveal: Reveal, texts: Messages) -> str:
    sides = _side("a", reveal, texts) + _side("b", reveal, texts)
    older = f'<p class="older">{plain(texts("board_older"))}</p>' if reveal.has_board and reveal.is_board_older else ""
    said = verdict(
        reveal.reasons,
        texts,
        counted=texts("vote_counted") + (f" {texts('online_replaying')}" if reveal.is_replaying else ""),
        not_counted=texts("vote_not_counted"),
        withdrawn=texts("withdrawn"),
    )
    line = f"{plain(chosen(reveal.outcome, texts))} {said} {_expected(reveal, texts)}".strip()
    return f'<div class="card"><div class="sides">{sides}</div>{older}<p class="verdict">{line}</p></div>'


def chosen(outcome: Outcome, texts: Messages) -> str:
    return texts(CHOSEN[outcome])


def verdict(reasons: tuple[str, ...], texts: Messages, *, counted: str, not_counted: str, withdrawn: str) -> str:
    """Return whether a vote counts, or why not, in the page's own sentences for the three cases."""
    if not reasons:
        return f'<span class="counted">{plain(counted)}</span>'
    line = withdrawn if "withdrawn" in reasons else f"{not_counted} {why(reasons, texts)}"
    return f'<span class="not-counted">{plain(line)}</span>'


def why(reasons: tuple[str, ...], texts: Messages) -> str:
    """Return why a vote does not count."""
    first, *others = (texts("reason_" + reason) for reason in reasons)
    return " ".join([first, *(f"{reason[0].upper()}{reason[1:]}" for reason in others)])


def _side(side: Side, reveal: Reveal, texts: Messages) -> str:
    model = reveal.a if side == "a" else reveal.b
    rating, change = numbers.online(model)
    moved = texts("online_rating", rating=rating) + f" <b>({change})</b>" if rating else ""
    lines = {
        "made": plain(numbers.made(model, texts)),
        "moved": moved,
        "board": plain(numbers.board(model, reveal, texts)),
        "pace": plain(numbers.speed(model, texts)),
    }
    return (
        f'<section class="of-{side}{" is-chosen" if is_chosen(side, reveal) else ""}">'
        f'<h3><span class="letter">{side.upper()}</span> <span class="name">{plain(model.model)}</span></h3>'
        + "".join(f'<p class="{name}">{line}</p>' for name, line in lines.items() if line)
        + "</section>"
    )


def _expected(reveal: Reveal, texts: Messages) -> str:
    """Return the line that explains the change of the ratings, if they changed."""
    a = reveal.expected_a
    if a is None or not reveal.is_counted:
        return ""
    favourite, percent = ("A", a) if a >= 0.5 else ("B", 1 - a)
    is_tie = reveal.outcome in (Outcome.TIE, Outcome.BOTH_BAD)
    if abs(a - 0.5) < EVEN:
        key = "expected_even_tie" if is_tie else "expected_even"
    elif is_tie:
        key = "expected_tie"
    else:
        key = "expected_met" if (reveal.outcome is Outcome.A) == (favourite == "A") else "expected_upset"
    other = "B" if favourite == "A" else "A"
    return plain(texts(key, side=favourite, other=other, percent=round(100 * percent)))
