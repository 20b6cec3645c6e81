"""Store votes with their verdicts, withdraw them, and count them, one transaction for each step.

The methods are synchronous; call them in worker threads (`in_database`). `arena.rules.ledger` makes the verdict.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from arena.metrics import Metrics
from arena.rules import identity, ledger, limits
from arena.service.refusal import Refusal
from arena.service.verdicts.facts import had_failure, leaking_sides, turn_facts, turns_of
from db import queries
from db.codes import BattleKind, Reason, State
from db.errors import AlreadyWithdrawn
from db.outcome import Outcome
from db.queries import BattleRecord, CastVote, OnlineElo, VoteRecord
from db.session import Database


class StoredVotes:
    """The steps. One that fails, or that the stored state forbids, raises `db.errors.DatabaseError` and changes
    nothing."""

    def __init__(
        self,
        database: Database,
        rules: ledger.Rules,
        names: Mapping[str, identity.Names],
        online_elo: OnlineElo,
        *,
        now: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        """`names`: the roster's, by model. `now` returns a Unix time in seconds."""
        self._database = database
        self._online_elo = online_elo
        self.apply(rules, names)
        self._now = now
        self._metrics = metrics
        self._counting = threading.Lock()
        self._counts: tuple[int, tuple[int, int]] | None = None
        """The last result of `count`, with the ledger's revision at that time."""

    def apply(self, rules: ledger.Rules, names: Mapping[str, identity.Names]) -> None:
        """Go on with the rules of other settings and the names of another roster."""
        self._rules = rules
        self._names = names

    def count(self) -> tuple[int, int]:
        """Return how many votes are stored, and how many the official board is made of. They are counted once for each
        revision of the ledger: a count reads every vote (0.16 s for 1,000,000), and every page load needs one."""
        with self._counting, self._database.read() as tx:
            revision = queries.ledger_state(tx).revision
            if self._counts is None or self._counts[0] != revision:
                everything, official = queries.vote_totals(tx, None), queries.vote_totals(tx, BattleKind.BATTLE)
                self._counts = revision, (everything.counted + everything.excluded, official.counted)
            return self._counts[1]

    def vote(
        self, visitor: str, battle_id: str, outcome: Outcome, read_s: float | None
    ) -> tuple[BattleRecord, CastVote]:
        """Judge and store a vote that was cast `read_s` seconds after the answers had ended (None: unknown).

        Raises:
            Refusal: `identical_answers` (outcome a or b for equal answers).
        """
        with self._database.read() as tx:
            record = queries.get_battle(tx, battle_id)
        is_quick, asked = record.kind is BattleKind.QUICK, turns_of(record)
        turns = tuple(map(turn_facts, asked))
        if record.state is State.VOTABLE and outcome in (Outcome.A, Outcome.B) and ledger.are_identical(turns):
            raise Refusal("identical_answers")
        leaking = leaking_sides(record, self._names)
        now = self._now()
        with self._database.write() as tx:
            since = now - limits.WINDOW_S
            recent = queries.count_recent(tx, visitor=visitor, address=None, since=since, is_quick=is_quick)
            probes = queries.named_prompts(tx, visitor, since=now - limits.NAMED_PROBE_WINDOW_S)
            named = {ledger.prompt_key(prompt) for prompt in probes}
            is_probe = any(ledger.prompt_key(turn.prompt) in named for turn in asked) or (
                had_failure(record) and bool(queries.named_prompts(tx, visitor, since=record.opened_at))
            )
            facts = ledger.Facts(
                kind=record.kind.label,
                outcome=outcome.label,
                turns=turns,
                leaking=leaking,
                n_votes_before=recent.votes,
                read_s=read_s,
                is_named_probe=record.kind is not BattleKind.NAMED and is_probe,
                is_flagged=ledger.is_withheld(turns),
            )
            cast = queries.cast_vote(
                tx,
                battle_id,
                visitor=visitor,
                outcome=outcome,
                reasons=ledger.judge(facts, self._rules),
                facts=facts.to_json(),
                rules_version=ledger.RULES_VERSION,
                elo=self._online_elo,
                now=now,
            )
        self._metrics.vote_cast([reason.label for reason in cast.reasons])
        vote = VoteRecord(outcome, now, cast.revision, cast.reasons, ledger.RULES_VERSION, facts.to_json())
        return replace(record, state=State.VOTED, vote=vote), cast

    def withdrawals(self, visitor: str) -> limits.Withdrawals:
        """Return what the visitor has withdrawn."""
        with self._database.read() as tx:
            return self._withdrawals(tx, visitor)

    def withdraw(self, visitor: str, battle_id: str, reason: str | None) -> tuple[Reason, ...]:
        """Withdraw the vote, if that has not been done; return the reasons why it does not count.

        Raises:
            Refusal: `withdrawn_day` (n), `withdrawn_total` (n, next_at): the visitor has withdrawn enough votes.
        """
        with self._database.write() as tx:
            try:
                withdrawn = queries.withdraw_vote(tx, battle_id, visitor=visitor, reason=reason, now=self._now())
            except AlreadyWithdrawn:
                vote = queries.get_battle(tx, battle_id).vote
                return vote.reasons if vote else (Reason.WITHDRAWN,)
            # Counted after the ledger is locked, so that two at the same moment cannot both be the last one
            done = self._withdrawals(tx, visitor, but=1)
            if done.limit == "day":
                raise Refusal("withdrawn_day", n=done.n_day)
            if done.limit == "total":
                raise Refusal("withdrawn_total", n=done.n_total, next_at=done.next_at)
            return withdrawn.reasons

    def _withdrawals(self, tx: Connection, visitor: str, *, but: int = 0) -> limits.Withdrawals:
        """Count withdrawals, `but` of which have just been made and are left out."""
        done = queries.withdrawals(tx, visitor, since=self._now() - limits.DAY_S)
        return limits.Withdrawals(n_day=done.recent - but, n_total=done.total - but, n_votes=done.votes)
