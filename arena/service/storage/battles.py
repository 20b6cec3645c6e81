"""Store battles and their prompts, within the limits of a visitor, and read them, one transaction for each step.

The methods are synchronous; call them in worker threads (`in_database`). They keep no battle and ask no model.
"""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection

from arena.metrics import Metrics
from arena.rules import limits
from arena.rules.labels import labels_of
from arena.service.refusal import Refusal
from arena.settings import LimitSettings
from db import queries
from db.codes import BattleKind, State
from db.queries import AnswerRecord, BattleRecord, Check, NewBattle
from db.session import Database


class StoredBattles:
    """The steps. One that fails, or that the stored state forbids, raises `db.errors.DatabaseError` and changes
    nothing."""

    def __init__(
        self,
        database: Database,
        settings: LimitSettings,
        *,
        replica: str,
        now: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        """`replica` names this process; `now` returns a Unix time in seconds."""
        self._database = database
        self.settings = settings
        self._replica = replica
        self._now = now
        self._metrics = metrics

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
            battles_per_hour=self.settings.battles_per_hour,
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
                battles_per_hour=self.settings.screens_per_hour,
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
