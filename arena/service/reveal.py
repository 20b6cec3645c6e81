"""A battle's record with its vote -> the reveal: names, what the vote did, ranks, speed, what each model thought and
how it was asked. Pure.

Who may see it, and when, is decided where it is called.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from arena.rounds.views import Reveal, RevealSide
from arena.standings import Board
from db.codes import Reason, Side
from db.queries import AnswerRecord, BattleRecord, BattleSettings, CastVote, EloChange

_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed", "stream", "stream_options")
"""What every request of the arena asks for."""
_WORD = re.compile(r"[a-z_]{1,20}")


def reveal(record: BattleRecord, cast: CastVote | None, board: Board | None) -> Reveal:
    """The reveal of a record that has a vote. Without `cast` no rating change is known, without `board` no rank.
    How long it can be withdrawn is left at 0: that is a matter of the moment."""
    assert record.vote is not None
    assert record.model_b is not None
    return Reveal(
        outcome=record.vote.outcome,
        a=_side(record, Side.A, record.model_a, cast.a if cast else None, board),
        b=_side(record, Side.B, record.model_b, cast.b if cast else None, board),
        is_counted=record.vote.counted,
        reasons=_labels(record.vote.reasons),
        can_withdraw_s=0.0,
    )


def withdrawn(shown: Reveal, reasons: Sequence[Reason], board: Board | None) -> Reveal:
    """The same vote when it has been taken back: it counts no longer and moved nothing, and the ranks are those of
    `board`, on which it is not any more."""
    return replace(
        shown,
        a=_unmoved(shown.a, board),
        b=_unmoved(shown.b, board),
        is_counted=False,
        reasons=_labels(reasons),
    )


def _labels(reasons: Sequence[Reason]) -> tuple[str, ...]:
    return tuple(reason.label for reason in reasons)


def _unmoved(side: RevealSide, board: Board | None) -> RevealSide:
    rank, worst = _ranks(side.model, board)
    return replace(side, rating_after=side.rating_before, rank=rank, rank_worst=worst)


def _ranks(model: str, board: Board | None) -> tuple[int | None, int | None]:
    row = board.row(model) if board else None
    return (row.rank, row.rank_worst) if row else (None, None)


def _side(record: BattleRecord, side: Side, model: str, change: EloChange | None, board: Board | None) -> RevealSide:
    answer = record.turns[-1].shown(side) if record.turns else None
    rank, worst = _ranks(model, board)
    return RevealSide(
        model=model,
        rating_before=change.before if change else None,
        rating_after=change.after if change else None,
        rank=rank,
        rank_worst=worst,
        n_tokens=answer.completion_tokens if answer else None,
        ttft_ms=answer.ttft_ms if answer else None,
        tokens_per_s=_tokens_per_s(answer) if answer else None,
        thoughts=tuple(_thoughts(turn.shown(side)) for turn in record.turns),
        not_sent=_not_sent(answer, record.settings) if answer else (),
        sent_otherwise=_sent_otherwise(answer, record.settings) if answer else (),
    )


def _thoughts(answer: AnswerRecord | None) -> str:
    return (answer.reasoning or "").strip() if answer else ""


def _not_sent(answer: AnswerRecord, settings: BattleSettings | None) -> tuple[str, ...]:
    """Our parameters that are in nothing that was sent, under their own name or under another."""
    sent = answer.sent
    if sent is None or settings is None:
        return ()
    asked = {**_asked(settings), "seed": answer.seed}
    return tuple(
        name
        for name in _PARAMETERS
        if not any(
            theirs == name or _is_renamed(name, asked.get(name), theirs, value) for theirs, value in sent.items()
        )
    )


def _is_renamed(name: str, value: object, theirs: str, sent: object) -> bool:
    """Whether `theirs` is another name of our parameter: one in the other's letters, and the same value (of a limit of
    tokens, any: room for thoughts is added to it)."""
    ours, other = (re.sub("[^a-z]", "", one.casefold()) for one in (name, theirs))
    if name == "max_tokens":
        return other.startswith("max") and other.endswith("tokens")
    return theirs not in _PARAMETERS and value == sent and (ours in other or other in ours)


def _sent_otherwise(answer: AnswerRecord, settings: BattleSettings | None) -> tuple[tuple[str, str], ...]:
    """What was sent and was not asked for like that, by name and value; the value is empty where it may be nobody's
    business (an operator's `extra_body` can hold anything)."""
    if answer.sent is None or settings is None:
        return ()
    asked = _asked(settings)
    return tuple(
        (name, _told(value))
        for name, value in answer.sent.items()
        if (asked[name] != value if name in asked else name not in _PARAMETERS)
    )


def _asked(settings: BattleSettings) -> dict[str, object]:
    return {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}


def _told(value: object) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _tokens_per_s(answer: AnswerRecord) -> float | None:
    """Speed after the first token; None where the endpoint did not count, or there is no second one."""
    if answer.completion_tokens is None or answer.duration_ms is None or answer.ttft_ms is None:
        return None
    writing_ms = answer.duration_ms - answer.ttft_ms
    if answer.completion_tokens < 2 or writing_ms <= 0:
        return None
    return (answer.completion_tokens - 1) / writing_ms * 1000
