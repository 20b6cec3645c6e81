"""What the battle page shows at each moment of a battle.

`idle` and `battle` set every element whose look can change, so that nothing is left over from the face before. Pure:
it uses neither Gradio nor `Arena`.
"""

from collections.abc import Mapping, Sequence

from arena.service import BattleView, Kind, Side, SideView, Status
from arena.ui import conversation, reveal
from arena.ui.faces import Face
from arena.ui.lines import notice, status_line, votes_so_far
from arena.ui.markup import Markup
from arena.ui.messages import Messages
from arena.ui.untrusted import plain
from db.outcome import Outcome

SIDES: tuple[Side, Side] = ("a", "b")
VOTES: Mapping[str, Outcome] = {
    "vote-a": Outcome.A,
    "vote-tie": Outcome.TIE,
    "vote-bad": Outcome.BOTH_BAD,
    "vote-b": Outcome.B,
}
GROWING = ("history", "done-a", "rest-a", "done-b", "rest-b")
"""The long texts: the earlier turns, and the answers, each in two elements: the finished blocks, which only grow, and
the rest."""


LONG_WAIT_S = 5.0


def idle(status: Status, texts: Messages, kind: Kind = "battle") -> Face:
    """Return the page before the first prompt: the intro, the prompt box, the examples, the number of votes; on a page
    of named models, the pickers. A page lacks some of the elements, and ignores what is set of them."""
    face: Face = {
        "battle-id": {"value": ""},
        "intro": {"visible": True},
        "marker": {"value": "idle"},
        "switch": {"visible": False},
        "history": {"value": ""},
        "turn": {"visible": False},
        "asked": {"value": ""},
        "settings": {"value": ""},
        "bar": {"visible": False},
        "tools": {"visible": False},
        "ask": {"visible": True},
        "prompt": {"placeholder": texts("prompt_placeholder"), "interactive": True},
        "send": {"visible": True, "interactive": True},
        "stop": {"visible": False},
        "cancel": {"visible": False},
        "next": {"visible": False, "variant": "secondary"},
        "examples": {"visible": True},
        "so-far": {"value": "" if kind == "chat" else votes_so_far(status, texts), "visible": kind == "battle"},
        "notice": {"value": ""},
        **reveal.HIDDEN,
    }
    return face | _pickers(is_locked=False)


def battle(view: BattleView, texts: Messages, answers: Mapping[Side, Markup] | None = None) -> Face:
    """Return a battle at any moment, from the first token to the reveal. `answers` are its texts as HTML if the caller
    has read them already."""
    if answers is None:
        answers = {side: Markup(conversation.read_whole(shown.text), "") for side, shown in view.sides.items()}
    is_over = view.state in ("voted", "void")
    face: Face = {
        "battle-id": {"value": view.battle_id},
        "intro": {"visible": False},
        "marker": {"value": f"{view.battle_id} {len(view.turns) + 1} {view.state}"},
        "switch": {"visible": True},
        "history": {"value": conversation.history(view, texts)},
        "turn": {"visible": True},
        "asked": {"value": conversation.asked(view.prompt, texts, warning=view.prompt_warning)},
        "settings": {"value": conversation.settings(view.settings, texts, is_chat=view.b is None)},
        "bar": {"visible": not is_over},
        "vote-hint": {"value": _hint(view, texts)},
        "tools": {"visible": not is_over},
        "regenerate": {"interactive": view.can_regenerate},
        "another": {"interactive": not is_over},
        "ask": {"visible": not is_over},
        "prompt": {"placeholder": _placeholder(view, texts), "interactive": True},
        "send": {"visible": not view.can_stop, "interactive": view.can_send},
        "stop": {"visible": view.can_stop},
        "cancel": {"visible": False},
        "next": {"visible": True, "variant": "primary" if is_over else "secondary"},
        "examples": {"visible": False},
        "so-far": {"visible": False},
        "notice": {"value": notice("notice_" + view.notice, texts) if view.notice and not view.can_vote else ""},
    }
    for vote, outcome in VOTES.items():
        is_open = view.can_vote and not (view.is_tie_only and outcome in (Outcome.A, Outcome.B))
        face[vote] = {"interactive": is_open}
    for side, shown in view.sides.items():
        face |= _pane(side, shown, view, texts) | conversation.answer(side, shown, answers[side], texts)
    if view.names is not None:
        face |= _pickers(is_locked=True, names=view.names)
    return face | reveal.faces(view.reveal, texts)


def held(prompt: str, status: Status, texts: Messages) -> Face:
    """Return the page while a first prompt waits for the models: it is locked in its box and can be cancelled."""
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
    """Return the page once the prompt no longer waits: it can be edited and sent."""
    box: Face = {
        "prompt": {"interactive": True},
        "send": {"visible": True, "interactive": True},
        "cancel": {"visible": False},
        "examples": {"visible": True},
    }
    return box | missing(status, texts)


def sent() -> Face:
    """Return the page when a prompt has been sent: an empty box and no notices."""
    return {
        "prompt": {"value": "", "interactive": True},
        "notice": {"value": ""},
        "status": {"value": ""},
        "status-timer": {"active": False},
    }


def interrupted(prompt: str, texts: Messages) -> Face:
    """Return the page when a restart has ended the visitor's battle: its prompt is back in the box."""
    return {"prompt": {"value": prompt}, "notice": {"value": notice("battle_interrupted", texts)}}


def missing(status: Status, texts: Messages) -> Face:
    """Return why no battle can start now; as long as there is a reason, the page asks again."""
    return {"status": {"value": status_line(status, texts)}, "status-timer": {"active": not status.can_battle}}


def _pickers(*, is_locked: bool, names: Sequence[str] = ()) -> Face:
    """Return the choice of models and of the guardrails, which is locked during a conversation."""
    picks: Face = {name: {"interactive": not is_locked} for name in ("pick-a", "pick-b", "safety")}
    for pick, name in zip(("pick-a", "pick-b"), names, strict=False):
        picks[pick]["value"] = name
    return picks


def _placeholder(view: BattleView, texts: Messages) -> str:
    """Return what the prompt box says: what to type, or why nothing can be sent."""
    is_blocked = view.can_vote and not view.can_send and any(shown.can_retry for shown in view.sides.values())
    if is_blocked:
        return texts("prompt_placeholder_blocked")
    return texts("prompt_placeholder_chat" if view.kind == "chat" else "prompt_placeholder_more")


def _hint(view: BattleView, texts: Messages) -> str:
    """Return the line at the vote buttons: which votes are open, and whether a vote can count."""
    if view.kind == "named":
        not_rated = plain(texts("hint_named" if view.can_vote else "hint_named_writing"))
        return plain(texts("notice_identical_answers")) + " " + not_rated if view.is_tie_only else not_rated
    if not (view.notice and view.can_vote):
        return plain(texts("hint_open" if view.can_vote else "hint_writing"))
    key = "notice_" + view.notice
    if not any(shown.can_retry for shown in view.sides.values()) and texts.has(key + "_for_good"):
        key += "_for_good"
    return f'<div class="notice{"" if view.is_tie_only else " wont-count"}">{plain(texts(key))}</div>'


def _pane(side: Side, shown: SideView, view: BattleView, texts: Messages) -> Face:
    seen = view.reveal
    if seen is None:
        head, switch, below = _head(side, shown, view, texts), _state(shown, view, texts), ""
    else:
        model = seen.a if side == "a" else seen.b
        head, switch, below = reveal.head(side, seen, texts), model.model, reveal.more(model, texts)
    return {
        f"side-{side}": {"value": f"{side.upper()} · {switch}"},
        f"head-{side}": {"value": head},
        f"retry-{side}": {"visible": shown.can_retry},
        f"more-{side}": {"value": below, "visible": bool(below)},
    }


def _head(side: Side, shown: SideView, view: BattleView, texts: Messages) -> str:
    name = "" if view.names is None else f'<strong class="name">{plain(view.names[SIDES.index(side)])}</strong>'
    state = f'<span class="state is-{shown.state}">{plain(_state(shown, view, texts))}</span>'
    return f'<div class="head">{"" if view.b is None else conversation.letter(side)}{name}{state}</div>'


def _state(shown: SideView, view: BattleView, texts: Messages) -> str:
    """Return the word for a side's state. After `LONG_WAIT_S` without anything new it counts the seconds, and says
    the place in the queue if there is one."""
    if shown.error == "side_withheld":
        return texts("side_withheld")
    if shown.state == "failed" and shown.text and shown.error != "side_no_answer":
        return texts("side_failed_partly")
    if shown.state in ("waiting", "thinking") and view.waited_s is not None and view.waited_s >= LONG_WAIT_S:
        seconds = int(view.waited_s)
        if shown.state == "waiting" and view.queue_place:
            return texts("side_queued", place=view.queue_place, seconds=seconds)
        return texts(f"side_still_{shown.state}", seconds=seconds)
    return texts("side_cut" if shown.is_cut and shown.state == "done" else f"side_{shown.state}")
