"""Everything that changes which votes count. Each of these first takes the ledger's row lock."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import Connection

from db.codes import Reason
from db.outcome import Outcome
from db.queries.records import CastVote, OnlineElo, Recomputed, VoteRecord


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
    """Stores the vote, closes the battle, takes the next revision and steps the online Elo: all in this transaction.

    The vote counts when `reasons` is empty and the visitor is not banned (that reason is added here, so that a ban at the
    same moment cannot be missed). `facts` is what the rules saw, as plain JSON: `recompute_verdicts` judges it again.

    Raises NoSuchBattle; NotYours; AlreadyVoted; NotVotable where the battle is open or void or has one side only.
    """
    raise NotImplementedError


def withdraw_vote(tx: Connection, battle_id: str, *, visitor: str, reason: str | None, now: float) -> VoteRecord:
    """Takes the vote out of what counts and keeps it. Whether it is too late is the caller's rule (see `VoteRecord.cast_at`).

    Raises NoSuchBattle; NotYours; NoVote; AlreadyWithdrawn.
    """
    raise NotImplementedError


def ban_visitor(tx: Connection, visitor: str, *, reason: str, now: float) -> int:
    """Bans the visitor: all votes cast so far, and those to come, carry the reason `banned`. Returns how many votes
    stopped counting. A banned visitor keeps the first ban. Raises NoSuchVisitor."""
    raise NotImplementedError


def unban_visitor(tx: Connection, visitor: str) -> int:
    """Lifts the ban: votes without another reason count again, each in its old place. Returns how many those are.
    Raises NoSuchVisitor."""
    raise NotImplementedError


def recompute_verdicts(
    tx: Connection,
    judge: Callable[[Mapping[str, object]], Collection[Reason] | None],
    *,
    rules_version: int,
) -> Recomputed:
    """Judges every vote again from its facts. `judge(facts)` returns the reasons, or None where the facts no longer hold
    what a rule needs: then the old verdict stands. Reasons that are no matter of facts (STANDING_REASONS) stay in any case.
    """
    raise NotImplementedError
