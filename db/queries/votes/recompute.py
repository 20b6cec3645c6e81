"""The votes to judge again after a rule has changed, and their new verdicts.

Many votes may take seconds to judge, and no one can vote while the ledger is locked. So votes are read page by page
without a lock and judged outside; only the results are written under the lock. Facts do not change meanwhile, and
reasons that may (bans, withdrawals) are read again under the lock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, select, update

from db.codes import STANDING_REASONS, Reason
from db.queries.boards.ledger import lock_ledger
from db.queries.load import reasons_of, turns_of
from db.queries.votes.casting import remove_reasons, restate
from db.records.votes import NewVerdict, Restated, StoredVerdict
from db.schema import vote_reasons, votes

_BATCH = 1_000


def votes_to_judge(
    tx: Connection,
    *,
    after: int,
    needs_answers: Callable[[Mapping[str, object]], bool],
    limit: int = _BATCH,
) -> list[StoredVerdict]:
    """Return at most `limit` votes after a revision, in order; an empty list after the last. They have their turns if
    `needs_answers(facts)`."""
    page = select(votes).where(votes.c.revision > after).order_by(votes.c.revision).limit(limit)
    rows = tx.execute(page).all()
    reasons = reasons_of(tx, [row.id for row in rows])
    turns = turns_of(tx, [row.battle_id for row in rows if needs_answers(row.facts)])
    return [
        StoredVerdict(
            revision=row.revision,
            facts=row.facts,
            reasons=tuple(sorted(reasons[row.id])),
            rules_version=row.rules_version,
            turns=tuple(turns[row.battle_id]) if row.battle_id in turns else (),
        )
        for row in rows
    ]


def keep_verdicts(tx: Connection, verdicts: Sequence[NewVerdict], *, rules_version: int) -> None:
    """Store rules version and facts of votes that were judged again with the same reasons. Nothing that counts changes,
    and so the ledger's revision does not either."""
    if verdicts:
        tx.execute(
            update(votes).where(votes.c.revision == bindparam("the_revision")),
            [
                {"the_revision": one.revision, "facts": dict(one.facts), "rules_version": rules_version}
                for one in verdicts
            ],
        )


def store_verdicts(tx: Connection, verdicts: Sequence[NewVerdict], *, rules_version: int) -> Restated:
    """Store the reasons of new verdicts, under one revision of the ledger. STANDING_REASONS, which do not follow from
    facts, are never changed."""
    locked = lock_ledger(tx)
    changed: list[int] = []
    for start in range(0, len(verdicts), _BATCH):
        batch = {one.revision: one for one in verdicts[start : start + _BATCH]}
        ids = dict(tx.execute(select(votes.c.id, votes.c.revision).where(votes.c.revision.in_(batch))).all())
        added: list[tuple[int, Reason]] = []
        removed: list[tuple[int, Reason]] = []
        for vote_id, old in reasons_of(tx, list(ids)).items():
            new = with_standing(batch[ids[vote_id]].reasons, old)
            added += [(vote_id, reason) for reason in new - old]
            removed += [(vote_id, reason) for reason in old - new]
            if new != old:
                changed.append(vote_id)
        if added:
            tx.execute(vote_reasons.insert(), [{"vote_id": vote_id, "reason": reason} for vote_id, reason in added])
        remove_reasons(tx, removed)
        keep_verdicts(tx, list(batch.values()), rules_version=rules_version)
    return restate(tx, locked, changed)


def with_standing(verdict: Iterable[Reason], stored: Iterable[Reason]) -> set[Reason]:
    """Return the reasons of a vote after a verdict: the verdict's, and the stored ones that no verdict changes."""
    return (set(verdict) - STANDING_REASONS) | (set(stored) & STANDING_REASONS)
