"""What the battle page shows at each moment: the views of `Arena` -> properties of the page's elements. Pure: no
Gradio, no arena.

A `Face` maps element ids to what is to be set on them (`{"stop": {"visible": True}}`). `idle` and `battle` name every
element whose look can change, so that a page that shows one face forgets the one before; `changes` leaves out what
stays, which is most of it while tokens stream in.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from arena.service import BattleView, Refusal, Reveal, RevealSide, Side, SideView, Status, TurnView
from arena.ui.links import link
from arena.ui.markup import Markup, whole
from arena.ui.messages import Messages
from arena.ui.revealed import more
from arena.ui.untrusted import plain
from db.outcome import Outcome

Face = dict[str, dict[str, Any]]

SIDES: tuple[Side, Side] = ("a", "b")
VOTES: Mapping[str, Outcome] = {
    "vote-a": Outcome.A,
    "vote-tie": Outcome.TIE,
    "vote-bad": Outcome.BOTH_BAD,
    "vote-b": Outcome.B,
}
GROWING = ("done-a", "rest-a", "done-b", "rest-b")
"""The answers, each in two elements: the blocks that are done, which only grow, and the rest."""
_CHOSEN = {Outcome.A: "chosen_a", Outcome.B: "chosen_b", Outcome.TIE: "chosen_tie", Outcome.BOTH_BAD: "chosen_both_bad"}


_whole = lru_cache(maxsize=500)(whole)


def idle(status: Status, texts: Messages) -> Face:
    """Before the first prompt: what this is, the prompt box, examples, how many votes there are."""
    return {
        "battle-id": {"value": ""},
        "intro": {"visible": True},
        "asked": {"value": "", "visible": False},
        "switch": {"visible": False},
        "duel": {"visible": False},
        "result": {"visible": False},
        "withdraw": {"visible": False},
        "withdraw-timer": {"active": False},
        "bar": {"visible": False},
        "ask": {"visible": True},
        "prompt": {"placeholder": texts("prompt_placeholder"), "interactive": True},
        "send": {"visible": True},
        "stop": {"visible": False},
        "cancel": {"visible": False},
        "next": {"visible": False, "variant": "secondary"},
        "examples": {"visible": True},
        "so-far": {"value": votes_so_far(status, texts), "visible": True},
        "notice": {"value": ""},
    }


def battle(view: BattleView, texts: Messages, answers: Mapping[Side, Markup] | None = None) -> Face:
    """A battle as it stands, from the first token to the reveal; `answers` are its texts as HTML, where they have been
    read before."""
    if answers is None:
        answers = {side: Markup(_whole(shown.text), "") for side, shown in zip(SIDES, (view.a, view.b), strict=True)}
    is_over = view.state in ("voted", "void")
    face: Face = {
        "battle-id": {"value": view.battle_id},
        "intro": {"visible": False},
        "asked": {"value": _asked(view.prompt, texts), "visible": True},
        "switch": {"visible": True},
        "duel": {"visible": True},
        "bar": {"visible": not is_over},
        "vote-hint": {"value": _hint(view, texts)},
        "ask": {"visible": not is_over and (view.can_send or view.can_stop)},
        "prompt": {"placeholder": texts("prompt_placeholder_more"), "interactive": True},
        "send": {"visible": not view.can_stop},
        "stop": {"visible": view.can_stop},
        "cancel": {"visible": False},
        "next": {"visible": True, "variant": "primary" if is_over else "secondary"},
        "examples": {"visible": False},
        "so-far": {"visible": False},
        "notice": {"value": _notice("notice_" + view.notice, texts) if view.notice and not view.can_vote else ""},
    }
    for vote, outcome in VOTES.items():
        is_open = view.can_vote and not (view.is_tie_only and outcome in (Outcome.A, Outcome.B))
        face[vote] = {"interactive": is_open}
    for side, shown in zip(SIDES, (view.a, view.b), strict=True):
        face |= _side(side, shown, view, texts) | _answer(side, shown, answers[side], texts)
    return face | _result(view.reveal, texts)


def changes(before: Face, after: Face) -> Face:
    """What of `after` differs from `before`, property by property."""
    return {
        element: changed
        for element, properties in after.items()
        if (changed := {key: value for key, value in properties.items() if before.get(element, {}).get(key) != value})
    }


def joined(*faces: Face) -> Face:
    """One face that sets what all of them set, later ones last."""
    whole: Face = {}
    for face in faces:
        for element, properties in face.items():
            whole[element] = {**whole.get(element, {}), **properties}
    return whole


def held(prompt: str, status: Status, texts: Messages) -> Face:
    """A first prompt waits for the models: it stands in its box, and can be called back."""
    return {
        "prompt": {"value": prompt, "interactive": False},
        "send": {"visible": False},
        "cancel": {"visible": True},
        "examples": {"visible": False},
        "notice": {"value": ""},
        "status": {"value": status_line(status, texts, is_held=True)},
        "status-timer": {"active": False},
    }


def let_go(status: Status, texts: Messages) -> Face:
    """It waits no longer, and can be changed and sent."""
    box: Face = {
        "prompt": {"interactive": True},
        "send": {"visible": True},
        "cancel": {"visible": False},
        "examples": {"visible": True},
    }
    return box | missing(status, texts)


def sent() -> Face:
    """The prompt has left its box, and nothing that was said before it holds any longer."""
    return {
        "prompt": {"value": "", "interactive": True},
        "notice": {"value": ""},
        "status": {"value": ""},
        "status-timer": {"active": False},
    }


def interrupted(prompt: str, texts: Messages) -> Face:
    """A restart of the arena ended the visitor's battle: its prompt is in the box again."""
    return {"prompt": {"value": prompt}, "notice": {"value": _notice("battle_interrupted", texts)}}


def missing(status: Status, texts: Messages) -> Face:
    """Why no battle can begin just now; while there is a reason, the page asks again."""
    return {"status": {"value": status_line(status, texts)}, "status-timer": {"active": not status.can_battle}}


def status_line(status: Status, texts: Messages, *, is_held: bool = False) -> str:
    """Why no battle can begin just now, or nothing; `is_held`: and that the prompt is sent as soon as one can."""
    if status.can_battle:
        return ""
    if status.is_hopeless:
        key = "status_failed"
    elif status.n_loading:
        key = "status_loading"
    else:
        key = "status_too_few_failed" if status.n_failed else "status_too_few"
    if is_held and not status.is_hopeless:
        key = "held_loading" if status.n_loading else "held_too_few"
    return _notice(key, texts, n_ready=status.n_ready, n_models=status.n_models, n_failed=status.n_failed)


def refusal_line(refusal: Refusal, texts: Messages) -> str:
    """A refusal as one sentence with its next step. Numbers of seconds (`window_s`) can also be said in minutes
    (`{window_min}`), rounded up."""
    minutes = {key[:-2] + "_min": math.ceil(number / 60) for key, number in refusal.numbers.items() if key[-2:] == "_s"}
    return _notice("refused_" + refusal.key, texts, **refusal.numbers, **minutes)


def error_line(key: str, texts: Messages) -> str:
    return _notice(key, texts)


def _notice(key: str, texts: Messages, **numbers: object) -> str:
    return f'<div class="notice">{plain(texts(key, **numbers))}</div>'


def votes_so_far(status: Status, texts: Messages) -> str:
    """Of how many votes the board is made, with the way to it."""
    n = status.n_counted
    if n == 0:
        return plain(texts("votes_so_far_none"))
    votes = texts("votes_so_far_one") if n == 1 else texts("votes_so_far", votes=n)
    return f'{plain(votes)} – <a href="{link("/leaderboard")}">{plain(texts("see_who_leads"))}</a>'


def _asked(prompt: str, texts: Messages) -> str:
    return f'<div class="asked"><span class="who">{plain(texts("you_asked"))}</span> <span>{plain(prompt)}</span></div>'


def _hint(view: BattleView, texts: Messages) -> str:
    """What stands at the vote buttons: which votes are open, and that a vote won't count, before it is cast."""
    if not (view.notice and view.can_vote):
        return plain(texts("hint_open" if view.can_vote else "hint_writing"))
    key = "notice_" + view.notice
    if not (view.a.can_retry or view.b.can_retry) and texts.has(key + "_for_good"):
        key += "_for_good"
    return f'<div class="notice{"" if view.is_tie_only else " wont-count"}">{plain(texts(key))}</div>'


def _side(side: Side, shown: SideView, view: BattleView, texts: Messages) -> Face:
    reveal = view.reveal
    if reveal is None:
        head, switch, below = _head(side, shown, texts), _state(shown, texts), ""
    else:
        who = reveal.a if side == "a" else reveal.b
        head, switch, below = _unmasked(side, reveal, texts), who.model, more(who, texts)
    earlier = "\n\n".join(_earlier(number, turn, side, texts) for number, turn in enumerate(view.turns, 1))
    return {
        f"side-{side}": {"value": f"{side.upper()} · {switch}"},
        f"head-{side}": {"value": head},
        f"earlier-{side}": {"value": earlier, "visible": bool(earlier)},
        f"retry-{side}": {"visible": shown.can_retry},
        f"more-{side}": {"value": below, "visible": bool(below)},
    }


def _state(shown: SideView, texts: Messages) -> str:
    if shown.state == "failed" and shown.text and shown.error != "side_no_answer":
        return texts("side_failed_partly")
    return texts("side_cut" if shown.is_cut and shown.state == "done" else f"side_{shown.state}")


def _head(side: Side, shown: SideView, texts: Messages) -> str:
    return (
        f'<div class="head">{_letter(side)}'
        f'<span class="state is-{shown.state}">{plain(_state(shown, texts))}</span></div>'
    )


def _letter(side: Side) -> str:
    return f'<h2 class="letter">{side.upper()}</h2>'


def _earlier(number: int, turn: TurnView, side: Side, texts: Messages) -> str:
    answer = turn.answer_a if side == "a" else turn.answer_b
    asked = f'<span class="who">{plain(texts("earlier_turn", n=number))}</span> <span>{plain(turn.prompt)}</span>'
    return f'<div class="earlier">{asked}</div>\n\n{_whole(answer)}'


def _answer(side: Side, shown: SideView, markup: Markup, texts: Messages) -> Face:
    """The model's text, then (once it has ended) what is to be said of it."""
    if shown.error == "side_no_answer":  # what there is of it cannot be seen
        return {f"done-{side}": {"value": ""}, f"rest-{side}": {"value": _aside(shown, texts)}}
    return {f"done-{side}": {"value": markup.done}, f"rest-{side}": {"value": markup.rest or _aside(shown, texts)}}


def _aside(shown: SideView, texts: Messages) -> str:
    if shown.state != "failed":
        return ""
    key = f"side_error_{shown.error or 'side_failed'}"
    if shown.text.strip() and texts.has(key + "_partly"):
        key += "_partly"
    return f'<div class="aside">{plain(texts(key))}</div>'


def _unmasked(side: Side, reveal: Reveal, texts: Messages) -> str:
    """The pane's header after the vote: who it was, the rating and its change, the rank; how fast it was."""
    who = reveal.a if side == "a" else reveal.b
    won = reveal.outcome is (Outcome.A if side == "a" else Outcome.B)
    return (
        f'<div class="head{" is-chosen" if won else ""}">{_letter(side)}'
        f'<strong class="name">{plain(who.model)}</strong> '
        f'<span class="rating">{_rating(who)}</span> '
        f'<span class="rank">{plain(_rank(who, texts))}</span>'
        f'<span class="pace">{plain(_pace(who, texts))}</span></div>'
    )


def _rating(who: RevealSide) -> str:
    """`1032 (+14)`, in whole points; nothing where the change is not known any more (after a restart)."""
    if who.rating_before is None or who.rating_after is None:
        return ""
    return f"{round(who.rating_after)} ({_signed(round(who.rating_after - who.rating_before))})"


def _signed(change: int) -> str:
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def _rank(who: RevealSide, texts: Messages) -> str:
    if who.rank is None:
        return texts("rank_none")
    if who.rank_worst is None or who.rank_worst == who.rank:
        return texts("rank_one", rank=who.rank)
    return texts("rank_span", rank=who.rank, worst=who.rank_worst)


def _pace(who: RevealSide, texts: Messages) -> str:
    parts: list[str] = []
    if who.n_tokens is not None:
        parts.append(texts("n_tokens_one") if who.n_tokens == 1 else texts("n_tokens", n=who.n_tokens))
    if who.ttft_ms is not None:
        parts.append(texts("first_token", seconds=who.ttft_ms / 1000))
    if who.tokens_per_s is not None:
        parts.append(texts("speed", speed=who.tokens_per_s))
    return " · ".join(parts)


def _result(reveal: Reveal | None, texts: Messages) -> Face:
    if reveal is None:
        return {"result": {"visible": False}, "withdraw": {"visible": False}, "withdraw-timer": {"active": False}}
    if "withdrawn" in reveal.reasons:
        verdict = f'<span class="not-counted">{plain(texts("withdrawn"))}</span>'
    elif reveal.is_counted:
        verdict = f'<span class="counted">{plain(texts("vote_counted"))}</span>'
    else:
        first, *more_reasons = (texts("reason_" + reason) for reason in reveal.reasons)
        why = " ".join([first, *(f"{reason[0].upper()}{reason[1:]}" for reason in more_reasons)])
        verdict = f'<span class="not-counted">{plain(texts("vote_not_counted"))} {plain(why)}</span>'
    can_withdraw = reveal.can_withdraw_s > 0
    return {
        "result": {"visible": True},
        "withdraw": {"visible": can_withdraw},
        "withdraw-timer": {"value": reveal.can_withdraw_s, "active": True} if can_withdraw else {"active": False},
        "reveal": {"value": f'<div class="verdict">{plain(texts(_CHOSEN[reveal.outcome]))} {verdict}</div>'},
    }
