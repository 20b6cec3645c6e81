"""What the arena reads and writes in the database, one transaction for each step.

`Storage` has synchronous methods, which `in_database` runs in worker threads. It keeps no battle and asks no model;
`arena.rules.ledger` makes the verdict of a vote.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from arena.metrics import Metrics
from arena.rules import identity, ledger, limits
from arena.rules.labels import labels_of
from arena.service.refusal import Refusal
from arena.service.verdicts.facts import had_failure, leaking_sides, turn_facts, turns_of
from arena.settings import Settings
from arena.standings.online import online_elo
from arena.threads import in_thread
from db import queries
from db.codes import BattleKind, Reason, State
from db.errors import AlreadyWithdrawn, StorageFailed
from db.online_replay import bring_up_to_date
from db.outcome import Outcome
from db.queries import AnswerRecord, BattleRecord, CastVote, Check, Interrupted, ModelInfo, NewBattle, VoteRecord
from db.session import Database

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def in_database(work: Callable[[], T]) -> T:
    """Run a step of `Storage` in a worker thread.

    Raises:
        Refusal: `not_stored` (the database failed; the log has the traceback). Other exceptions of `work` pass.
    """
    try:
        return await in_thread(work)
    except StorageFailed as error:
        logger.exception("the database failed")
        raise Refusal("not_stored") from error


class Storage:
    """The steps. A step that fails, or that the stored state forbids, raises `db.errors.DatabaseError` and changes
    nothing."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        names: Mapping[str, identity.Names],
        *,
        replica: str,
        now: Callable[[], float],
        metrics: Metrics | None = None,
    ) -> None:
        """`names`: the roster's, by model. `replica` names this process; `now` is a Unix time in seconds."""
        self._database = database
        self._online_elo = online_elo(settings.elo)
        self.apply(settings, names)
        self._replica = replica
        self._now = now
        self._metrics = metrics or Metrics()
        self._counting = threading.Lock()
        self._counts: tuple[int, tuple[int, int]] | None = None
        """The last result of `count_votes`, with the ledger's revision at that time."""

    def apply(self, settings: Settings, names: Mapping[str, identity.Names]) -> None:
        """Go on with the limits of these settings and the names of another roster."""
        self._battles_per_hour = settings.limits.battles_per_hour
        self._rules = ledger.Rules.of(settings.limits)
        self._names = names

    # Housekeeping

    def register(self, models: Sequence[ModelInfo], *, retired: Collection[str]) -> tuple[Interrupted, ...]:
        """Register this process and the active models, retire the stored models named in `retired`, and void the open
        battles of an earlier process of this name and of processes that have ended; return these battles. A model in
        neither list is left alone, because it may be on the roster of another process."""
        now = self._now()
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            _register_models(tx, models, retired, now)
            return queries.close_stale_battles(
                tx, replica=self._replica, lost_before=now - limits.LOST_AFTER_S, now=now
            )

    def register_models(self, models: Sequence[ModelInfo], *, retired: Collection[str]) -> None:
        """Register the active models and retire those named in `retired`, as `register` does."""
        with self._database.write() as tx:
            _register_models(tx, models, retired, self._now())

    def tidy(self) -> None:
        """Record that this process is alive, and delete addresses before they are a day old."""
        now = self._now()
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            queries.clear_addresses(tx, before=now - limits.KEEP_ADDRESSES_S + limits.HOUSEKEEPING_EVERY_S)

    def store_models(self, models: Sequence[ModelInfo]) -> None:
        with self._database.write() as tx:
            queries.upsert_models(tx, models, now=self._now())

    def count_votes(self) -> tuple[int, int]:
        """Return how many votes are stored, and how many the official board is made of. They are counted once for each
        revision of the ledger: a count reads every vote (0.16 s for 1,000,000), and every page load needs one."""
        with self._counting, self._database.read() as tx:
            revision = queries.ledger_state(tx).revision
            if self._counts is None or self._counts[0] != revision:
                everything, official = queries.vote_totals(tx, None), queries.vote_totals(tx, BattleKind.BATTLE)
                self._counts = revision, (everything.counted + everything.excluded, official.counted)
            return self._counts[1]

    # Battles

    def read(self, battle_id: str) -> BattleRecord:
        with self._database.read() as tx:
            return queries.get_battle(tx, battle_id)

    def checks(self, battle_id: str) -> list[Check]:
        """Return what the moderator found in a battle's prompts and answers."""
        with self._database.read() as tx:
            return queries.battle_checks(tx, battle_id)

    def current(self, visitor: str, kinds: Collection[BattleKind], opened_after: float) -> str | None:
        """Return the visitor's newest battle of these kinds if it was opened after that time and has ended answers and
        no vote; an open one that is not in memory is lost."""
        with self._database.read() as tx:
            battle_id = queries.current_battle(tx, visitor, kinds)
            if battle_id is None:
                return None
            found = queries.get_battle(tx, battle_id)
        return battle_id if found.state is State.VOTABLE and found.opened_at > opened_after else None

    def refuse_beyond_limit(self, visitor: str, address: str | None, n_visitor: int = 0, n_address: int = 0) -> None:
        """Refuse a prompt that could not begin a battle; `n_visitor` and `n_address` refused prompts count as battles.

        Raises:
            Refusal: `rate_limited`.
        """
        with self._database.read() as tx:
            self._refuse_beyond_limit(tx, visitor, address, n_visitor, n_address)

    def _refuse_beyond_limit(
        self, tx: Connection, visitor: str, address: str | None, n_visitor: int = 0, n_address: int = 0
    ) -> None:
        recent = queries.count_recent(tx, visitor=visitor, address=address, since=self._now() - limits.WINDOW_S)
        exceeded = limits.battles_exceeded(
            n_visitor=recent.battles + n_visitor,
            n_address=recent.address_battles + n_address,
            battles_per_hour=self._battles_per_hour,
        )
        if exceeded is not None:
            raise Refusal("rate_limited", n=exceeded.n, limit=exceeded.limit, window_s=exceeded.window_s)

    def note_refused_prompt(self, visitor: str, check: Check, battle_id: str | None) -> None:
        """Store why a prompt was refused, and nothing of its text."""
        with self._database.write() as tx:
            queries.save_check(tx, check, battle_id=battle_id, visitor=visitor, now=self._now())

    def open(self, new: NewBattle, prompt: str, check: Check | None = None) -> str:
        """Store a new battle with its first prompt, and what was found in it; return its id.

        Raises:
            Refusal: `rate_limited`.
        """
        now = self._now()
        with self._database.write() as tx:
            self._refuse_beyond_limit(tx, new.visitor, new.address)
            battle_id = queries.open_battle(tx, new, now=now)
            queries.add_turn(tx, battle_id, prompt, now=now)
            if check is not None:
                queries.save_check(tx, check, battle_id=battle_id, now=now)
        self._metrics.battle_opened(new.kind.label)
        return battle_id

    def deal(self, new: NewBattle) -> str:
        """Store a quick battle and return its id; return that of the visitor's one that waits for its vote, if any, of
        the same campaign or of none.

        Raises:
            Refusal: `rate_limited_quick`. db.errors.QueryError: as `queries.open_battle`.
        """
        now = self._now()
        with self._database.write() as tx:
            queries.lock_visitor(tx, new.visitor, now=now)
            waiting = queries.current_battle(tx, new.visitor, [new.kind], campaign=new.campaign)
            if waiting is not None:
                return waiting
            recent = queries.count_recent(
                tx, visitor=new.visitor, address=new.address, since=now - limits.WINDOW_S, is_quick=True
            )
            exceeded = limits.battles_exceeded(
                n_visitor=recent.battles,
                n_address=recent.address_battles,
                battles_per_hour=self._rules.screens_per_hour,
            )
            if exceeded is not None:
                raise Refusal("rate_limited_quick", n=exceeded.n, limit=exceeded.limit, window_s=exceeded.window_s)
            battle_id = queries.open_battle(tx, new, now=now)
        self._metrics.battle_opened(new.kind.label)
        return battle_id

    def replace(self, battle_id: str, new: NewBattle, prompt: str, answers: Sequence[AnswerRecord]) -> str:
        """Store the answers of a battle whose first turn failed, make it void, and store another one in its place;
        return the new battle's id. The limits count both as one."""
        with self._database.write() as tx:
            return queries.replace_battle(tx, battle_id, new, prompt, answers=answers, now=self._now())

    def add_turn(self, battle_id: str, prompt: str, check: Check | None = None) -> None:
        found = labels_of(prompt, is_first=False)
        now = self._now()
        with self._database.write() as tx:
            queries.add_turn(
                tx,
                battle_id,
                prompt,
                replica=self._replica,
                now=now,
                tags=found.tags,
                language=found.language,
            )
            if check is not None:
                queries.save_check(tx, check, battle_id=battle_id, now=now)

    def reopen(self, battle_id: str) -> None:
        """Make a battle open again, because a side of its last turn is asked again."""
        with self._database.write() as tx:
            queries.set_battle_state(tx, battle_id, State.OPEN, now=self._now())

    # Votes

    def vote(
        self, visitor: str, battle_id: str, outcome: Outcome, read_s: float | None
    ) -> tuple[BattleRecord, CastVote]:
        """Judge and store a vote that was cast `read_s` seconds after the answers had ended (None: unknown).

        Raises:
            Refusal: `identical_answers` (outcome a or b for equal answers).
        """
        record = self.read(battle_id)
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

    def replay(self) -> None:
        """Bring the online ratings up to date, if more votes must be replayed for that than a vote waits for."""
        with self._database.read() as tx:
            is_needed = not queries.ledger_state(tx).has_right_state(self._online_elo) and queries.is_long_replay(tx)
        if is_needed:
            bring_up_to_date(self._database, self._online_elo)


def _register_models(tx: Connection, models: Sequence[ModelInfo], retired: Collection[str], now: float) -> None:
    queries.upsert_models(tx, models, now=now)
    queries.retire_models(tx, retired, now=now)
