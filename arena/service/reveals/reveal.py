"""Build the reveal of a battle from its record.

A reveal has the names, the effect of the vote, ranks, speed, reasoning, and what was sent. The functions are pure;
their callers decide who may see a reveal, and when.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from arena.rounds.views import Reveal, RevealSide, Withdrawal
from arena.rules import limits
from arena.service.reveals.ranks import Ranks
from db.codes import Reason, Side
from db.queries import AnswerRecord, BattleRecord, CastVote, EloChange, StoredSettings
from elo.online import expected_score
from elo.settings import Settings

_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed", "stream", "stream_options")
"""The parameters that every request of the arena has."""
_WORD = re.compile(r"[a-z_]{1,20}")


def reveal(record: BattleRecord, cast: CastVote | None, ranks: Ranks, elo: Settings) -> Reveal:
    """Return the reveal of a record that has a vote. Without `cast` it has no change of rating and no expectation.
    `can_withdraw_s` is 0 and `withdrawal` None; the caller sets them, because they depend on the time."""
    assert record.vote is not None
    assert record.model_b is not None
    a, b = (cast.a, cast.b) if cast else (None, None)
    return Reveal(
        outcome=record.vote.outcome,
        a=side_of(record, Side.A, record.model_a, a, ranks),
        b=side_of(record, Side.B, record.model_b, b, ranks),
        is_counted=record.vote.counted,
        reasons=_labels(record.vote.reasons),
        can_withdraw_s=0.0,
        is_replaying=cast is not None and a is None,
        expected_a=expected_score(a.before, b.before, elo) if a and b else None,
        has_board=ranks.board is not None,
        is_board_older=ranks.is_older,
        share_id=record.share_id,
        is_shared=record.shared_at is not None,
    )


def withdrawn(shown: Reveal, reasons: Sequence[Reason], ranks: Ranks) -> Reveal:
    """Return the reveal of the vote after its withdrawal: it does not count and changes no rating, and the ranks are
    those of a board that was made without it."""
    return replace(
        shown,
        a=_unmoved(shown.a, ranks),
        b=_unmoved(shown.b, ranks),
        is_counted=False,
        reasons=_labels(reasons),
        has_board=ranks.board is not None,
        is_board_older=ranks.is_older,
    )


def withdrawal_of(done: limits.Withdrawals, within_s: float) -> Withdrawal:
    """Return whether a vote can be withdrawn for so many seconds more."""
    return Withdrawal(within_s, done.n_left, done.limit, done.n_day, done.n_total, done.next_at)


def ranked(shown: Reveal, ranks: Ranks) -> Reveal:
    """Return the reveal with the ranks of another board."""
    return replace(
        shown,
        a=_ranked(shown.a, ranks),
        b=_ranked(shown.b, ranks),
        has_board=ranks.board is not None,
        is_board_older=ranks.is_older,
    )


def _labels(reasons: Sequence[Reason]) -> tuple[str, ...]:
    return tuple(reason.label for reason in reasons)


def _unmoved(side: RevealSide, ranks: Ranks) -> RevealSide:
    return _ranked(replace(side, rating_after=side.rating_before), ranks)


def _ranked(side: RevealSide, ranks: Ranks) -> RevealSide:
    """Return the side with the rank and the rating that the model has on the board, and with what it is."""
    row = ranks.board.row(side.model) if ranks.board else None
    card = ranks.models.get(side.model)
    if card is not None:
        side = replace(side, organisation=card.organisation, licence=card.licence, parameters=card.parameters)
    if row is None:
        return replace(side, rank=None, rank_worst=None, rating=None, low=None, high=None)
    return replace(side, rank=row.rank, rank_worst=row.rank_worst, rating=row.rating, low=row.low, high=row.high)


def side_of(record: BattleRecord, side: Side, model: str, change: EloChange | None, ranks: Ranks) -> RevealSide:
    """Return what may be known of one side's model once its name is shown."""
    answer = record.turns[-1].shown(side) if record.turns else None
    shown = RevealSide(
        model=model,
        rating_before=change.before if change else None,
        rating_after=change.after if change else None,
        rank=None,
        rank_worst=None,
        n_tokens=answer.completion_tokens if answer else None,
        ttft_ms=answer.ttft_ms if answer else None,
        tokens_per_s=_tokens_per_s(answer) if answer else None,
        thoughts=tuple(_thoughts(turn.shown(side)) for turn in record.turns),
        not_sent=_not_sent(answer, record.settings) if answer else (),
        sent_otherwise=_sent_otherwise(answer, record.settings) if answer else (),
        own_system_prompt=_own_prompt(record.settings, side),
    )
    return _ranked(shown, ranks)


def _own_prompt(settings: StoredSettings | None, side: Side) -> str | None:
    return None if settings is None else settings.own_prompt_a if side is Side.A else settings.own_prompt_b


def _thoughts(answer: AnswerRecord | None) -> str:
    return (answer.reasoning or "").strip() if answer else ""


def _not_sent(answer: AnswerRecord, settings: StoredSettings | None) -> tuple[str, ...]:
    """Return the parameters that were not sent, neither under their own name nor under another."""
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
    """Whether `theirs` is another name of our parameter: one name contains the other's letters, and the values are
    equal (for max_tokens any value, because tokens for reasoning are added to it)."""
    ours, other = (re.sub("[^a-z]", "", one.casefold()) for one in (name, theirs))
    if name == "max_tokens":
        return other.startswith("max") and other.endswith("tokens")
    return theirs not in _PARAMETERS and value == sent and (ours in other or other in ours)


def _sent_otherwise(answer: AnswerRecord, settings: StoredSettings | None) -> tuple[tuple[str, str], ...]:
    """Return what was sent but differs from the settings, by name and value. The value is empty if it may be private,
    because an owner's `extra_body` can contain anything."""
    if answer.sent is None or settings is None:
        return ()
    asked = _asked(settings)
    return tuple(
        (name, _shown_value(value))
        for name, value in answer.sent.items()
        if (asked[name] != value if name in asked else name not in _PARAMETERS)
    )


def _asked(settings: StoredSettings) -> dict[str, object]:
    return {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}


def _shown_value(value: object) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _tokens_per_s(answer: AnswerRecord) -> float | None:
    """Return the speed after the first token; None if the endpoint did not count tokens, or there is only one."""
    if answer.completion_tokens is None or answer.duration_ms is None or answer.ttft_ms is None:
        return None
    writing_ms = answer.duration_ms - answer.ttft_ms
    if answer.completion_tokens < 2 or writing_ms <= 0:
        return None
    return (answer.completion_tokens - 1) / writing_ms * 1000
