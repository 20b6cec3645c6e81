"""Everything that is stored about a visitor, as JSON for the visitor.

Times are ISO 8601 in UTC. Before the vote of a blind battle, and in an open campaign until all of it is judged, nothing
is in it that could tell the models apart: no name, no count of tokens, no time, no seed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from db.codes import BattleKind
from db.queries import AnswerRecord, BattleRecord, DeckAnswer, StoredSettings, TurnRecord, Visitor, VoteRecord

_NAMED = (BattleKind.NAMED, BattleKind.CHAT)


def opening(visitor: Visitor | None, pseudonym: str, now: float) -> str:
    """Return the beginning of the file: who, when, and the consent."""
    about = {
        "visitor": pseudonym,
        "exported_at": _time(now),
        "first_seen_at": _time(visitor.created_at if visitor else None),
        "consent_at": _time(visitor.consent_at if visitor else None),
        "banned_at": _time(visitor.banned_at if visitor else None),
        "ban_reason": visitor.ban_reason if visitor else None,
    }
    return json.dumps(about, ensure_ascii=False, indent=1)[:-2] + ',\n "battles": ['


CLOSING = "\n]}\n"


def battles(records: Iterable[BattleRecord], *, is_first: bool) -> str:
    """Return some battles of the file, each after a comma but the first of all."""
    written = [json.dumps(_battle(record), ensure_ascii=False, allow_nan=False) for record in records]
    text = "".join(f",\n{one}" for one in written)
    return text[1:] if is_first and text else text


def _battle(record: BattleRecord) -> dict[str, object]:
    is_known = (record.vote is not None or record.kind in _NAMED) and not record.hides_names
    kind = BattleKind.BATTLE if record.kind is BattleKind.CONTROL and not is_known else record.kind
    found: dict[str, object] = {
        "id": record.battle_id,
        "kind": kind.label,
        "state": record.state.label,
        "opened_at": _time(record.opened_at),
        "closed_at": _time(record.closed_at),
        "language": record.language,
        "tags": list(record.tags),
        "share_id": record.share_id,
        "shared_at": _time(record.shared_at),
        "replaced_by": record.replaced_by,
        "models": [record.model_a, record.model_b] if is_known else None,
        "settings": _settings(record.settings, is_known=is_known),
        "prepared_prompt": record.deck_prompt and asdict(record.deck_prompt),
        "prepared_answers": [_prepared(one, is_known=is_known) for one in record.deck_answers] if is_known else None,
        "turns": [_turn(turn, is_known=is_known) for turn in record.turns],
        "vote": record.vote and _vote(record.vote, is_known=is_known),
        "feedback": asdict(record.feedback) if record.feedback else None,
        "campaign": record.campaign,
    }
    if is_known:
        found |= {
            "policy": record.policy and record.policy.label,
            "draw_probability": record.draw_probability,
            "same_sent": record.same_sent,
        }
    return found


def _settings(settings: StoredSettings | None, *, is_known: bool) -> dict[str, object] | None:
    if settings is None:
        return None
    return {name: value for name, value in asdict(settings).items() if is_known or not name.startswith("own_prompt")}


def _turn(turn: TurnRecord, *, is_known: bool) -> dict[str, object]:
    return {
        "n": turn.n,
        "prompt": turn.prompt,
        "asked_at": _time(turn.asked_at),
        "answers": [_answer(one, is_known=is_known) for one in turn.answers],
    }


def _answer(answer: AnswerRecord, *, is_known: bool) -> dict[str, object]:
    shown = {"side": answer.side.label, "attempt": answer.attempt, "text": answer.text}
    return {**asdict(answer), **shown} if is_known else shown


def _prepared(answer: DeckAnswer, *, is_known: bool) -> dict[str, object]:
    return asdict(answer) if is_known else {"text": answer.text}


def _vote(vote: VoteRecord, *, is_known: bool) -> Mapping[str, object]:
    sums = {"sums_a": vote.sums_a._asdict(), "sums_b": vote.sums_b._asdict()} if is_known else {}
    return {
        "outcome": vote.outcome.label,
        "cast_at": _time(vote.cast_at),
        "counted": vote.counted,
        "reasons": [reason.label for reason in vote.reasons],
        "revision": vote.revision,
        "changed_revision": vote.changed_revision,
        "rules_version": vote.rules_version,
        "facts": vote.facts,
        "withdrawn_at": _time(vote.withdrawn_at),
        "withdraw_reason": vote.withdraw_reason,
        **sums,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
