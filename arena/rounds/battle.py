"""The life of a battle, from its first prompt to its vote or to its end as void.

Both sides are asked at once and shown at one pace. A chat is a battle with one side, which nobody votes on.

    open --both sides have ended------> votable --vote--> voted
     |  <-next turn, retry, regenerate-    |
     +----nobody watches, left, shutdown---+--> void
     +----failed unseen, a new pair takes over--> void

The arena owns a `Battle`, not a page: while a turn is being written it is one asyncio task, with one task per side
(`writers`), and pages follow it and leave at any time. It ends by itself, by `stop`, or when no page has followed it
for `abandon_after_s`; only then are the endpoints' streams closed. `Journal` stores answers before the battle becomes
votable. A battle does not know which models it has, whether a vote will count, or what the database looks like.

If a side breaks on the first turn before any text was shown, `Redraw` may draw another pair, once. Then both streams
are closed, this battle becomes void, and the other pair's battle takes over; nothing shows which side broke.

A `Screen` judges the answers before they are shown, or while they are (`screening`).

Parity: both sides get the same prompts and parameters, and seeds that differ within the battle; the history of a side
is its own answers. Their system prompts differ only by what a model's own adds.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from arena.players.events import has_text
from arena.rounds.journal import Journal, Redraw, TakeOver
from arena.rounds.pacing import Pace, RetryPace
from arena.rounds.turns.attempts import Attempts
from arena.rounds.turns.screening import Finding, Screen, Screening
from arena.rounds.turns.turn import Turn
from arena.rounds.turns.writers import Contestant, Parameters, Writers
from arena.rounds.views import BattleState, BattleView, Side, SideView
from arena.rounds.watchers import Timing, Watchers
from db.codes import State
from db.errors import DatabaseError
from db.queries import BattleRecord, Check

logger = logging.getLogger(__name__)

VoidReason = Literal["abandoned", "left", "interrupted", "not_stored", "closed", "replaced"]
Ending = Literal["done", "stop", "replaced"] | VoidReason
STATES: Mapping[State, BattleState] = {
    State.OPEN: "open",
    State.VOTABLE: "votable",
    State.VOTED: "voted",
    State.VOID: "void",
}


class Battle:
    """One battle. Belongs to the event loop.

    The caller stores a turn before `ask`, and stores the state open before `retry`: both ask the models at once.
    """

    def __init__(
        self,
        battle_id: str,
        visitor: str,
        contestants: Mapping[Side, Contestant],
        parameters: Parameters,
        journal: Journal,
        *,
        make_pace: Callable[[], Pace],
        make_retry_pace: Callable[[], Pace] = RetryPace,
        timing: Timing,
        max_turns: int,
        max_attempts: int,
        rng: random.Random,
        redraw: Redraw | None = None,
        screen: Screen | None = None,
    ) -> None:
        self.battle_id = battle_id
        self.visitor = visitor
        self.state: BattleState = "open"
        self.notice: VoidReason | None = None
        self.ended_s: float | None = None
        """When the last turn's answers ended, by the clock; None if that was in an earlier process."""
        self._sides: Sequence[Side] = tuple(contestants)
        self._writers = Writers(battle_id, contestants, parameters)
        self._journal = journal
        self._make_pace = make_pace
        self._make_retry_pace = make_retry_pace
        self._timing = timing
        self.max_turns = max_turns
        self._redraw = redraw
        self._screening = Screening(screen)
        self._take_over: TakeOver | None = None
        self._attempts = Attempts(self._sides, max_attempts=max_attempts, rng=rng)
        self._task: asyncio.Task[None] | None = None
        self._ending: Ending | None = None
        self._watchers = Watchers(timing)

    @property
    def n_turns(self) -> int:
        return self._attempts.n_turns

    @property
    def first_prompt(self) -> str:
        return self._attempts.first_prompt

    @property
    def turns(self) -> tuple[Mapping[Side, SideView], ...]:
        """The sides of every turn as shown so far, the current one last."""
        return self._attempts.shown

    @property
    def is_being_written(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def touched_s(self) -> float:
        """When the battle last changed, or a page last followed it."""
        return self._timing.clock() if self.is_being_written else self._watchers.seen_s

    def resume(self, record: BattleRecord, checks: Sequence[Check] = ()) -> None:
        """Continue from the record of an earlier process, and what was found in it: a battle that is votable, voted or
        void."""
        self._attempts.resume(record, checks)
        self.state = STATES[record.state]
        self.notice = "closed" if self.state == "void" else None

    @property
    def prompt_finding(self) -> Finding | None:
        """What was found in the newest prompt."""
        return self._turn.finding

    def ask(self, prompt: str, *, asked_s: float | None = None, finding: Finding | None = None) -> None:
        """Begin a turn, which raises `n_turns` by one. `asked_s` is when an earlier pair was asked for it, `finding`
        what was found in the prompt."""
        assert not self.is_being_written
        asked_s = self._timing.clock() if asked_s is None else asked_s
        self._attempts.ask(prompt, self._make_pace(), asked_s=asked_s, finding=finding)
        self._begin(self._sides)

    def can_retry(self, side: Side) -> bool:
        can_change = self.state in ("open", "votable") and self._ending is None
        return can_change and self._attempts.can_retry(side)

    def retry(self, side: Side) -> None:
        """Ask a failed side again, with a new seed. The other side does not change."""
        assert self.can_retry(side)
        self._attempts.retry(side, self._make_retry_pace(), self._timing.clock())
        self._begin([side])

    @property
    def can_regenerate(self) -> bool:
        can_change = self.state == "votable" and self._ending is None
        return can_change and self._attempts.can_regenerate

    def regenerate(self) -> None:
        """Ask all sides of the newest turn again, with new seeds. The earlier attempts stay stored."""
        assert self.can_regenerate
        self._attempts.regenerate(self._make_pace(), self._timing.clock())
        self._begin(self._sides)

    async def stop(self) -> None:
        """Stop the answers; each keeps what has been shown. Returns when the battle is votable."""
        await self._end("stop")

    async def void(self, reason: VoidReason) -> None:
        """End the battle without a vote."""
        if self.is_being_written:
            await self._end(reason)
        if self.state in ("open", "votable"):
            await self._become_void(reason)

    async def interrupt(self) -> None:
        """Make the battle void if it is being written, because the process ends."""
        await self._end("interrupted")

    def become_voted(self) -> None:
        """Note that the vote is committed."""
        self.state = "voted"
        self._watchers.notify()

    def view(self) -> BattleView:
        sides = {side: replace(view, can_retry=self.can_retry(side)) for side, view in self._turn.views.items()}
        can_continue = all(view.state in ("done", "stopped") and has_text(view.text) for view in sides.values())
        return BattleView(
            battle_id=self.battle_id,
            state=self.state,
            turns=self._attempts.shown_past,
            prompt=self._turn.prompt,
            a=sides["a"],
            b=sides.get("b"),
            can_send=self.state == "votable" and can_continue and self.n_turns < self.max_turns,
            can_vote=self.state == "votable" and len(sides) > 1,
            can_stop=self.state == "open" and self._ending in (None, "replaced"),
            notice=self.notice,
            waited_s=self._turn.waited_s(self._timing.clock()) if self.state == "open" else None,
            queue_place=self._turn.queue_place if self.state == "open" else None,
            can_regenerate=self.can_regenerate,
            prompt_warning=self._turn.prompt_warning,
        )

    def follow(self) -> AsyncGenerator[BattleView, None]:
        """Yield the current view, then one after each change, at most every tick. Ends with the first view that is not
        open."""
        return self._watchers.follow(self.view)

    @property
    def _turn(self) -> Turn:
        return self._attempts.turn

    def _begin(self, sides: Sequence[Side]) -> None:
        """Ask these sides, and start the turn's task unless it runs."""
        self.state = "open"
        self.ended_s = None
        self._screening.begin()
        self._turn.is_held = self._screening.holds
        for side in sides:
            self._writers.begin(side, self._turn.attempts[side], self._attempts.past, self._turn.prompt)
        if not self.is_being_written:
            self._ending = None
            self._watchers.wait_again()
            self._task = asyncio.create_task(self._run(), name=f"battle {self.battle_id}")
        self._watchers.notify()

    async def _run(self) -> None:
        """Run one turn until it is votable or void."""
        try:
            while self._ending is None and not self._turn.has_ended:
                await asyncio.sleep(self._timing.tick_s)
                if self._turn.has_failed_unseen:
                    self._draw_again()  # before anything shows that a side has ended
                if self._ending is None:
                    self._turn.is_held = not self._screening.step(self._turn.attempts) and self._screening.holds
                    if self._turn.release(self._timing.clock()):
                        self._watchers.notify()
                if self._watchers.is_abandoned:
                    self._ending = "abandoned"
            self._ending = ending = self._ending or "done"
            await self._writers.close()
            if ending == "done" or ending == "stop":
                await self._become_votable()
            elif ending == "replaced":
                await self._become_replaced()
            else:
                await self._become_void(ending)
        except Exception:
            logger.exception("battle %s", self.battle_id)
            await self._become_void("not_stored")
        finally:
            self._writers.cancel()
            self._screening.cancel()

    def _draw_again(self) -> None:
        """Let another pair take over if this is the first turn's first attempt and another pair can be drawn."""
        redraw, self._redraw = self._redraw, None
        if redraw is not None and self._attempts.is_first and self._ending is None:
            self._take_over = redraw()
            self._ending = "replaced" if self._take_over else None

    async def _become_replaced(self) -> None:
        assert self._take_over is not None
        try:
            await self._take_over(self._attempts.unseen_answers(), self._turn.asked_s)
        except DatabaseError:
            logger.exception("battle %s: no other pair took over, because it could not be stored", self.battle_id)
            await self._become_void("not_stored")
            return
        logger.info("battle %s: a side failed before any text was shown; another pair took over", self.battle_id)
        self.state, self.notice = "void", "replaced"
        self._watchers.notify()

    async def _become_votable(self) -> None:
        self._turn.stop()
        await self._screening.finish(self._turn.attempts)
        self.ended_s = self._timing.clock()
        fresh = self._attempts.not_stored()
        try:
            await self._journal.end_turn(
                self.battle_id,
                self.n_turns,
                [one.record(side) for side, one in fresh],
                self._attempts.checks(fresh),
            )
        except DatabaseError:
            logger.exception("battle %s: its answers could not be stored", self.battle_id)
            await self._become_void("not_stored")
            return
        self._attempts.note_stored(fresh)
        self._ending = None
        self.state = "votable"
        self._watchers.notify()

    async def _become_void(self, reason: VoidReason) -> None:
        self.state, self.notice = "void", reason
        self._watchers.notify()
        try:
            await self._journal.void(self.battle_id)
        except DatabaseError:
            logger.exception("battle %s: could not be made void; the arena's next start will do it", self.battle_id)

    async def _end(self, how: Ending) -> None:
        if self._task is not None and self.is_being_written:
            self._ending = self._ending or how
            await asyncio.wait([self._task])
