"""Counts of the votes that count and of those that do not, kept from one revision of the ledger to the next.

Every change of what counts stamps the votes that it touches with a revision: a new vote's `revision`, or an old one's
`changed_revision`. So the pairs whose counts may have moved since revision r are those of the votes stamped after r,
and only these pairs are counted again: 1 ms instead of 200 ms for a million votes. Nothing is added or subtracted, so a
kept count cannot drift from a fresh one.
"""

from collections import defaultdict

from sqlalchemy import ColumnElement, Connection, false, func, select

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries.boards.ledger import CODE, ledger_state
from db.records.votes import PairTally, Tally
from db.schema import vote_reasons, votes

_MOST_VOTES = 10_000
_MOST_PAIRS = 50
"""With more changed votes or pairs, counting everything again is faster than counting the changes."""
_Pair = tuple[int, int]
_BY_PAIR = (votes.c.model_a, votes.c.model_b)
_COUNTS = select(votes.c.counted, *_BY_PAIR, CODE, func.count()).group_by(votes.c.counted, *_BY_PAIR, votes.c.outcome)
_REASONS = (
    select(*_BY_PAIR, vote_reasons.c.reason, func.count())
    .select_from(votes.join(vote_reasons))
    .where(votes.c.counted == false())
    .group_by(*_BY_PAIR, vote_reasons.c.reason)
)


def tally(tx: Connection, kind: BattleKind, kept: Tally | None = None) -> Tally:
    """Count the votes of a kind by pair, at the ledger's revision. `kept` is an earlier result of the same database,
    from which the pairs without a change are taken."""
    revision = ledger_state(tx).revision
    if kept is not None and kept.kind == kind and kept.revision <= revision:
        changed = _changed_pairs(tx, kind, kept.revision)
        if changed is not None:
            pairs = {pair: counts for pair, counts in kept.pairs.items() if pair not in changed}
            for a, b in changed:
                # The index votes_board begins with `counted`.
                of_pair = (votes.c.counted.in_((False, True)), votes.c.model_a == a, votes.c.model_b == b)
                pairs |= _count(tx, votes.c.kind == kind, *of_pair)
            return Tally(revision, kind, pairs)
    return Tally(revision, kind, _count(tx, votes.c.kind == kind))


def _changed_pairs(tx: Connection, kind: BattleKind, since: int) -> set[_Pair] | None:
    """Return the ordered pairs of the votes that were stamped after a revision; None for too many."""
    found: set[_Pair] = set()
    for stamp in (votes.c.revision, votes.c.changed_revision):
        stamped = select(*_BY_PAIR).where(stamp > since, votes.c.kind == kind).limit(_MOST_VOTES + 1)
        rows = tx.execute(stamped).all()
        if len(rows) > _MOST_VOTES:
            return None
        found.update((a, b) for a, b in rows)
    return found if len(found) <= _MOST_PAIRS else None


def _count(tx: Connection, *which: ColumnElement[bool]) -> dict[_Pair, PairTally]:
    """Count the votes that satisfy all conditions; a pair without any is absent."""
    counted: dict[_Pair, list[int]] = defaultdict(lambda: [0] * len(Outcome))
    excluded: dict[_Pair, int] = defaultdict(int)
    reasons: dict[_Pair, dict[Reason, int]] = defaultdict(dict)
    for is_counted, a, b, code, n in tx.execute(_COUNTS.where(*which)):
        if is_counted:
            counted[a, b][code] = n
        else:
            excluded[a, b] += n
    for a, b, reason, n in tx.execute(_REASONS.where(*which)) if excluded else ():
        reasons[a, b][reason] = n
    return {pair: PairTally(tuple(counted[pair]), excluded[pair], reasons[pair]) for pair in {*counted, *excluded}}
