"""Votes with their battles, read for an export and written by an import."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, select

from db import errors
from db.codes import BattleKind, Reason, Side, State
from db.queries.battles.answers import answer_values
from db.queries.battles.feedback import insert_feedback
from db.queries.battles.opening import new_share_id
from db.queries.boards.ledger import advance_ledger, lock_ledger
from db.queries.load import load_battles
from db.queries.votes.casting import ban_visitor
from db.queries.votes.imported import (
    key_of,
    known_same_sent,
    known_sums,
    stored_campaigns,
    stored_labels,
    stored_models,
    stored_prompts,
    stored_visitors,
    vote_of,
)
from db.records.battles import BattleRecord, VoteRecord
from db.schema import answers, battles, turns, vote_reasons, votes

_BATCH = 500


def voted_battles(tx: Connection) -> Iterator[BattleRecord]:
    """Yield every battle that has a vote, counted or not, in order of the vote's revision."""
    last = 0
    page = select(votes.c.battle_id, votes.c.revision).order_by(votes.c.revision).limit(_BATCH)
    while rows := tx.execute(page.where(votes.c.revision > last)).all():
        loaded = load_battles(tx, battles.c.id.in_([row.battle_id for row in rows]))
        yield from sorted(loaded, key=lambda battle: vote_of(battle).revision)
        last = rows[-1].revision


def import_votes(tx: Connection, records: Iterable[BattleRecord], *, ledger_revision: int | None = None) -> int:
    """Add battles with their votes in the given order; return how many. Models and visitors are created by name.

    In a database without votes, the votes keep their revisions and the ledger continues from `ledger_revision` (None:
    from the last revision read). Otherwise they get the next n revisions in the same order, and no `changed_revision`.
    A visitor who is banned in either database is banned afterwards, with all votes. Prepared prompts and answers of the
    records replace stored ones.

    Raises BadRecord, with the vote's position (from 1), for a vote that contradicts itself, is already stored or, if
    revisions are kept, has a revision not after the previous one or after `ledger_revision`.
    """
    locked = lock_ledger(tx)
    keeps_revisions = locked.revision == 0
    last = locked.revision
    last_change = 0
    banned: dict[str, float] = {}
    n_votes = 0
    source = iter(records)
    while batch := list(islice(source, _BATCH)):
        for position, battle in enumerate(batch, start=n_votes + 1):
            vote = _validated(battle, position)
            if keeps_revisions:
                if vote.revision <= last:
                    raise _bad(position, f"revision {vote.revision} is not after {last}")
                last = vote.revision
                last_change = max(last, last_change, vote.changed_revision or 0)
                if ledger_revision is not None and last_change > ledger_revision:
                    raise _bad(position, f"revision {last_change} is after the ledger's, {ledger_revision}")
            if Reason.BANNED in vote.reasons:
                banned.setdefault(battle.visitor, vote.cast_at)
        _refuse_known(tx, batch, n_votes + 1)
        first_revision = None if keeps_revisions else locked.revision + n_votes + 1
        _insert(tx, batch, first_revision=first_revision)
        n_votes += len(batch)
    if not n_votes:
        return 0
    if keeps_revisions:
        n_revisions = last_change if ledger_revision is None else ledger_revision
    else:
        n_revisions = n_votes
    advance_ledger(tx, locked, by=n_revisions, keeps_elo=False)
    for visitor, since in banned.items():
        ban_visitor(tx, visitor, reason="imported", now=since)
    return n_votes


def _validated(battle: BattleRecord, position: int) -> VoteRecord:
    vote = battle.vote
    if vote is None or battle.state != State.VOTED or battle.closed_at is None:
        raise _bad(position, f"battle {battle.battle_id} has no vote")
    n_turns = len(battle.turns) if battle.deck_prompt is None else 1
    is_self_battle = battle.model_a == battle.model_b
    wrong = {
        "a vote needs two sides": battle.model_b is None or battle.kind == BattleKind.CHAT,
        f"{battle.model_a!r} battles itself": is_self_battle and battle.kind in (BattleKind.BATTLE, BattleKind.QUICK),
        f"{battle.model_a!r} battles itself and the vote counts": is_self_battle and vote.counted,
        "a control battle has one model on both sides": battle.kind == BattleKind.CONTROL and not is_self_battle,
        "a quick battle has a prepared prompt, and no other battle has one": (battle.kind == BattleKind.QUICK)
        != (battle.deck_prompt is not None),
        "withdrawn_at and the reason withdrawn need each other": (vote.withdrawn_at is not None)
        != (Reason.WITHDRAWN in vote.reasons),
        f"draw_probability {battle.draw_probability} is not above 0 and at most 1": battle.draw_probability is not None
        and not 0 < battle.draw_probability <= 1,
        f"n_turns is {battle.n_turns}, but there are {n_turns} turns": battle.n_turns != n_turns,
        f"revision {vote.revision} is not above 0": vote.revision < 1,
        f"changed_revision {vote.changed_revision} is not above revision {vote.revision}": vote.changed_revision
        is not None
        and vote.changed_revision <= vote.revision,
    }
    for claim, is_wrong in wrong.items():
        if is_wrong:
            raise _bad(position, claim)
    return vote


def _refuse_known(tx: Connection, batch: Sequence[BattleRecord], first: int) -> None:
    """Raise BadRecord for a battle that is stored, or that came earlier in the file: no vote is counted twice."""
    taken = set(tx.scalars(select(battles.c.uuid).where(battles.c.uuid.in_([b.battle_id for b in batch]))))
    taken |= set(tx.scalars(select(battles.c.share_id).where(battles.c.share_id.in_([b.share_id for b in batch]))))
    for position, battle in enumerate(batch, start=first):
        if battle.battle_id in taken or battle.share_id in taken:
            raise _bad(
                position,
                f"battle {battle.battle_id} is in the database or earlier in the file; nothing is imported twice",
            )
        taken |= {battle.battle_id, battle.share_id} - {""}


def _insert(tx: Connection, batch: Sequence[BattleRecord], *, first_revision: int | None) -> None:
    model_ids = stored_models(tx, batch)
    visitor_rows = stored_visitors(tx, batch)
    prompt_ids = stored_prompts(tx, batch)
    stored = stored_campaigns(tx, batch, model_ids, prompt_ids)
    same_sent = [known_same_sent(battle) for battle in batch]
    label_ids = stored_labels(tx, batch)
    battle_ids = tx.scalars(
        battles.insert().returning(battles.c.id, sort_by_parameter_order=True),
        [
            {
                "uuid": battle.battle_id,
                "share_id": battle.share_id or new_share_id(),
                "kind": battle.kind,
                "visitor_id": visitor_rows[battle.visitor].id,
                "model_a": model_ids[battle.model_a],
                "model_b": model_ids[battle.model_b or ""],
                "deck_prompt_id": None if battle.deck_prompt is None else prompt_ids[key_of(battle)],
                "policy": battle.policy,
                "draw_probability": battle.draw_probability,
                "settings": None if battle.settings is None else asdict(battle.settings),
                "language": battle.language,
                "state": State.VOTED,
                "opened_at": battle.opened_at,
                "closed_at": battle.closed_at,
                "shared_at": battle.shared_at,
                "n_turns": battle.n_turns,
                "prompt_chars": battle.prompt_chars,
                "tags": list(battle.tags) or None,
                "campaign_pair_id": stored.pair_ids.get(position),
                "same_sent": same_sent[position],
            }
            for position, battle in enumerate(batch)
        ],
    ).all()
    by_id = list(zip(battle_ids, batch, strict=True))
    _insert_rows(
        tx,
        turns,
        [
            {"battle_id": row_id, "n": turn.n, "prompt": turn.prompt, "asked_at": turn.asked_at}
            for row_id, battle in by_id
            for turn in battle.turns
        ],
    )
    _insert_rows(
        tx,
        answers,
        [
            {"battle_id": row_id, "turn": turn.n, **answer_values(answer, has_text=bool(turn.prompt))}
            for row_id, battle in by_id
            for turn in battle.turns
            for answer in turn.answers
        ],
    )
    insert_feedback(tx, [(row_id, battle.feedback) for row_id, battle in by_id])
    reasons = [
        {*vote_of(battle).reasons} | ({Reason.BANNED} if visitor_rows[battle.visitor].banned_at is not None else set())
        for battle in batch
    ]
    vote_ids = tx.scalars(
        votes.insert().returning(votes.c.id, sort_by_parameter_order=True),
        [
            {
                "battle_id": row_id,
                "kind": battle.kind,
                "model_a": model_ids[battle.model_a],
                "model_b": model_ids[battle.model_b or ""],
                "outcome": vote_of(battle).outcome,
                "cast_at": vote_of(battle).cast_at,
                "revision": vote_of(battle).revision if first_revision is None else first_revision + offset,
                "changed_revision": vote_of(battle).changed_revision if first_revision is None else None,
                "counted": not reasons[offset],
                "rules_version": vote_of(battle).rules_version,
                "facts": dict(vote_of(battle).facts),
                "withdrawn_at": vote_of(battle).withdrawn_at,
                "withdraw_reason": vote_of(battle).withdraw_reason,
                "campaign_id": stored.ids.get(battle.campaign or ""),
                "label_id": label_ids[battle.language, battle.tags],
                "n_turns": battle.n_turns,
                "prompt_chars": battle.prompt_chars,
                "same_sent": same_sent[offset],
                **known_sums(battle, Side.A).columns("a"),
                **known_sums(battle, Side.B).columns("b"),
            }
            for offset, (row_id, battle) in enumerate(by_id)
        ],
    ).all()
    _insert_rows(
        tx,
        vote_reasons,
        [
            {"vote_id": vote_id, "reason": reason}
            for vote_id, why in zip(vote_ids, reasons, strict=True)
            for reason in why
        ],
    )


def _insert_rows(tx: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(table.insert(), rows)


def _bad(position: int, claim: str) -> errors.BadRecord:
    return errors.BadRecord(f"vote {position}: {claim}; nothing was imported")
