"""Every change of which votes count: cast, withdraw, ban, un-ban. Each first takes the ledger's row lock."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, exists, func, select, update

from db import errors
from db.codes import Reason, State
from db.outcome import Outcome
from db.queries.battles.rows import no_such_battle
from db.queries.boards.ledger import LockedLedger, advance_ledger, lock_ledger
from db.queries.boards.online import RATED, is_long_replay, replay_locked
from db.queries.copied import copied
from db.queries.load import vote_record
from db.queries.roster import insert
from db.records.battles import VoteRecord
from db.records.votes import CastVote, EloChange, OnlineElo, Restated
from db.schema import battles, elo_state, models, visitors, vote_reasons, votes

_BATCH = 1_000
_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")


def cast_vote(
    tx: Connection,
    battle_id: str,
    *,
    visitor: str,
    outcome: Outcome,
    reasons: Collection[Reason],
    facts: Mapping[str, object],
    rules_version: int,
    elo: OnlineElo,
    now: float,
) -> CastVote:
    """Store the vote, close the battle, take the next revision and update the online Elo, in this transaction.

    A vote on a prepared pair counts, but does not move the online Elo. If more votes must be replayed first than this
    transaction should wait for, the online Elo stays out of date (`db.online_replay`), and the result has no changes.

    The vote counts if `reasons` is empty and the visitor is not banned (that reason is added here, so that a ban at the
    same moment is not missed). `facts` is what the rules saw, as plain JSON, so that they can judge again.

    Raises NoSuchBattle; NotYours; AlreadyVoted; NotVotable if the battle is open or void or has only one side.
    """
    locked = lock_ledger(tx)
    battle = _own_battle(tx, battle_id, visitor)
    if battle.state == State.VOTED:
        raise errors.AlreadyVoted(f"battle {battle_id} already has a vote, and can have only one")
    if battle.model_b is None:
        raise errors.NotVotable(f"battle {battle_id} is a chat with one model: there is nothing to compare")
    if battle.state != State.VOTABLE:
        raise errors.NotVotable(f"battle {battle_id} is {battle.state.label}; a vote needs state votable")
    all_reasons = set(reasons) | ({Reason.BANNED} if battle.banned_at is not None else set())
    counted = not all_reasons

    if not locked.has_right_state(elo) and not is_long_replay(tx):
        replay_locked(tx, locked, elo)
        locked = lock_ledger(tx)
    has_right_state = locked.has_right_state(elo)
    moves = counted and battle.kind == RATED
    changes = _elo_step(tx, battle, outcome if moves else None, elo) if has_right_state else (None, None)
    revision = advance_ledger(tx, locked, keeps_elo=has_right_state)

    vote_id = tx.scalar(
        votes.insert()
        .values(
            battle_id=battle.id,
            kind=battle.kind,
            model_a=battle.model_a,
            model_b=battle.model_b,
            outcome=outcome,
            cast_at=now,
            revision=revision,
            counted=counted,
            rules_version=rules_version,
            facts=dict(facts),
            **copied(tx, battle),
        )
        .returning(votes.c.id)
    )
    if all_reasons:
        tx.execute(vote_reasons.insert(), [{"vote_id": vote_id, "reason": reason} for reason in all_reasons])
    tx.execute(update(battles).where(battles.c.id == battle.id).values(state=State.VOTED, closed_at=now))
    return CastVote(
        revision=revision,
        reasons=tuple(sorted(all_reasons)),
        a=changes[0],
        b=changes[1],
    )


def withdraw_vote(tx: Connection, battle_id: str, *, visitor: str, reason: str | None, now: float) -> VoteRecord:
    """Keep the vote but stop counting it. Whether it is too late is for the caller to check, by `VoteRecord.cast_at`.

    Raises NoSuchBattle; NotYours; NoVote; AlreadyWithdrawn.
    """
    locked = lock_ledger(tx)
    battle = _own_battle(tx, battle_id, visitor)
    query = select(votes).where(votes.c.battle_id == battle.id)
    vote = tx.execute(query).one_or_none()
    if vote is None:
        raise errors.NoVote(f"battle {battle_id} has no vote to withdraw")
    if vote.withdrawn_at is not None:
        raise errors.AlreadyWithdrawn(f"the vote of battle {battle_id} is already withdrawn")
    tx.execute(vote_reasons.insert().values(vote_id=vote.id, reason=Reason.WITHDRAWN))
    restate(tx, locked, [vote.id])
    tx.execute(update(votes).where(votes.c.id == vote.id).values(withdrawn_at=now, withdraw_reason=reason))
    reasons = tx.scalars(select(vote_reasons.c.reason).where(vote_reasons.c.vote_id == vote.id))
    return vote_record(tx.execute(query).one(), reasons)


def ban_visitor(tx: Connection, visitor: str, *, reason: str, now: float) -> Restated:
    """Ban the visitor: all votes so far, and later ones, get the reason `banned`. A banned visitor keeps the first ban.

    Raises NoSuchVisitor.
    """
    locked = lock_ledger(tx)
    row = _visitor(tx, visitor)
    if row.banned_at is None:
        tx.execute(update(visitors).where(visitors.c.id == row.id).values(banned_at=now, ban_reason=reason))
    vote_ids = _votes_of(tx, row.id, ~_is_marked_banned())
    if vote_ids:
        tx.execute(vote_reasons.insert(), [{"vote_id": vote_id, "reason": Reason.BANNED} for vote_id in vote_ids])
    return restate(tx, locked, vote_ids)


def unban_visitor(tx: Connection, visitor: str) -> Restated:
    """Remove the ban: votes without another reason count again, in their old places. Raises NoSuchVisitor."""
    locked = lock_ledger(tx)
    row = _visitor(tx, visitor)
    tx.execute(update(visitors).where(visitors.c.id == row.id).values(banned_at=None, ban_reason=None))
    vote_ids = _votes_of(tx, row.id, _is_marked_banned())
    remove_reasons(tx, [(vote_id, Reason.BANNED) for vote_id in vote_ids])
    return restate(tx, locked, vote_ids)


def restate(tx: Connection, locked: LockedLedger, vote_ids: Sequence[int]) -> Restated:
    """Take the next revision and stamp it on these votes, whose reasons the caller has changed; those without a reason
    count. Does nothing without votes."""
    if not vote_ids:
        return Restated(n_changed=0, n_flipped=0, revision=locked.revision)
    has_reason = exists().where(vote_reasons.c.vote_id == votes.c.id)
    batches = [vote_ids[start : start + _BATCH] for start in range(0, len(vote_ids), _BATCH)]
    flipped = select(func.count()).select_from(votes).where(votes.c.counted == has_reason)
    n_flipped = sum(tx.scalar(flipped.where(votes.c.id.in_(batch))) or 0 for batch in batches)
    revision = advance_ledger(tx, locked, keeps_elo=n_flipped == 0)
    restated = update(votes).values(counted=~has_reason, changed_revision=revision)
    for batch in batches:
        tx.execute(restated.where(votes.c.id.in_(batch)))
    return Restated(n_changed=len(vote_ids), n_flipped=n_flipped, revision=revision)


def remove_reasons(tx: Connection, which: Sequence[tuple[int, Reason]]) -> None:
    """Remove these reasons from these votes (for other queries)."""
    if which:
        one = (vote_reasons.c.vote_id == bindparam("the_vote"), vote_reasons.c.reason == bindparam("the_reason"))
        tx.execute(
            delete(vote_reasons).where(*one), [{"the_vote": vote, "the_reason": reason} for vote, reason in which]
        )


def _votes_of(tx: Connection, visitor_id: int, which: ColumnElement[bool]) -> list[int]:
    return list(tx.scalars(select(votes.c.id).join(battles).where(battles.c.visitor_id == visitor_id, which)))


def _is_marked_banned() -> ColumnElement[bool]:
    return exists().where(vote_reasons.c.vote_id == votes.c.id, vote_reasons.c.reason == Reason.BANNED)


def _visitor(tx: Connection, pseudonym: str) -> Row[tuple[Any, ...]]:
    row = tx.execute(select(visitors).where(visitors.c.pseudonym == pseudonym)).one_or_none()
    if row is None:
        raise errors.NoSuchVisitor(f"no visitor has the pseudonym {pseudonym!r}")
    return row


def _own_battle(tx: Connection, battle_id: str, visitor: str) -> Row[tuple[Any, ...]]:
    query = (
        select(
            battles,
            visitors.c.pseudonym,
            visitors.c.banned_at,
            _MODEL_A.c.name.label("name_a"),
            _MODEL_B.c.name.label("name_b"),
        )
        .join(visitors, battles.c.visitor_id == visitors.c.id)
        .join(_MODEL_A, battles.c.model_a == _MODEL_A.c.id)
        .outerjoin(_MODEL_B, battles.c.model_b == _MODEL_B.c.id)
        .where(battles.c.uuid == battle_id)
        .with_for_update(of=battles, key_share=True)
    )
    battle = tx.execute(query).one_or_none()
    if battle is None:
        raise no_such_battle(battle_id)
    if battle.pseudonym != visitor:
        raise errors.NotYours(f"battle {battle_id} belongs to another visitor")
    return battle


def _elo_step(
    tx: Connection, battle: Row[tuple[Any, ...]], outcome: Outcome | None, elo: OnlineElo
) -> tuple[EloChange, EloChange]:
    """Extend the online-Elo state by a vote; without an outcome, by one that does not count."""
    before_a, before_b = _rating(tx, battle.model_a, elo), _rating(tx, battle.model_b, elo)
    after_a, after_b = before_a, before_b
    if outcome is not None:
        after_a, after_b = elo.update(before_a, before_b, outcome)
        _step(tx, battle.model_a, after_a)
        _step(tx, battle.model_b, after_b)
    return EloChange(battle.name_a, before_a, after_a), EloChange(battle.name_b, before_b, after_b)


def _rating(tx: Connection, model_id: int, elo: OnlineElo) -> float:
    stored = tx.scalar(select(elo_state.c.rating).where(elo_state.c.model_id == model_id))
    return elo.start if stored is None else float(stored)


def _step(tx: Connection, model_id: int, rating: float) -> None:
    new = insert(tx, elo_state).values(model_id=model_id, rating=rating, games=1)
    tx.execute(
        new.on_conflict_do_update(index_elements=["model_id"], set_={"rating": rating, "games": elo_state.c.games + 1})
    )
