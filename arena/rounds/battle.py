"""A battle's life: both sides are asked at once, written side by side, shown at one pace, and end in a state that
can be voted on.

    open --both sides have ended--> votable --vote--> voted
     |  <-----next turn, retry-----    |
     +--nobody watches, left, shutdown-+--> void

A `Battle` is owned by the arena, not by a page: while a turn is being written it is one asyncio task with one task
per side, and pages follow it and go as they like. It ends by itself, by `stop`, or when nobody has followed it for
`abandon_after_s`; only then are the endpoints' streams closed. `Journal` stores answers before the battle is called
votable. Whether a vote will count, who the sides are and what the database looks like is not known here: sides are
two streams.

Parity: both sides get the same system prompt, prompts and parameters, and seeds that differ within the battle; a
side's history is its own answers.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from arena.players.events import Broken, EndpointError, Message, ModelStream, Refused, Request, Thought, Token, has_text
from arena.rounds.attempt import Attempt, resumed
from arena.rounds.pacing import Pace, RetryPace
from arena.rounds.turn import Turn
from arena.rounds.views import SIDES, BattleState, BattleView, Side, SideView, TurnView
from db.codes import Side as SideCode
from db.codes import State
from db.errors import DatabaseError
from db.queries import AnswerRecord, BattleRecord

logger = logging.getLogger(__name__)

TICK_S = 0.1
HEARTBEAT_S = 1.0
CLOSE_TIMEOUT_S = 2.0
MAX_ATTEMPTS = 4

VoidReason = Literal["abandoned", "left", "interrupted", "not_stored", "closed"]
Ending = Literal["done", "stop"] | VoidReason
_SEED_BOUND = 2**31
_STATES: Mapping[State, BattleState] = {
    State.OPEN: "open",
    State.VOTABLE: "votable",
    State.VOTED: "voted",
    State.VOID: "void",
}


class Journal(Protocol):
    """What a battle writes down. Raises `db.errors.DatabaseError` where it could not."""

    async def end_turn(self, battle_id: str, turn: int, answers: Sequence[AnswerRecord]) -> None:
        """Store the attempts and make the battle votable, in one transaction."""
        ...

    async def void(self, battle_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Parameters:
    """What both sides of a battle get."""

    system_prompt: str
    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Timing:
    """When a battle looks at itself: every `tick_s`, by a clock of seconds that does not go back. `abandon_after_s`
    without a page void it."""

    abandon_after_s: float
    tick_s: float = TICK_S
    heartbeat_s: float = HEARTBEAT_S
    clock: Callable[[], float] = time.monotonic


class Battle:
    """One battle. Belongs to the event loop; no method but `follow`, `stop` and `void` waits.

    The caller writes a turn to the database before `ask`, and sets the state back to open before `retry`: here the
    models are asked at once.
    """

    def __init__(
        self,
        battle_id: str,
        visitor: str,
        streams: Mapping[Side, ModelStream],
        parameters: Parameters,
        journal: Journal,
        *,
        make_pace: Callable[[], Pace],
        make_retry_pace: Callable[[], Pace] = RetryPace,
        timing: Timing,
        max_turns: int,
        rng: random.Random,
    ) -> None:
        self.battle_id = battle_id
        self.visitor = visitor
        self.state: BattleState = "open"
        self.notice: VoidReason | None = None
        self.ended_s: float | None = None
        """When the last turn's answers had ended, by the clock; None when this process has not seen it."""
        self._streams = streams
        self._parameters = parameters
        self._journal = journal
        self._make_pace = make_pace
        self._make_retry_pace = make_retry_pace
        self._timing = timing
        self._max_turns = max_turns
        self._rng = rng
        self._seeds: set[int] = set()
        self._past: list[Turn] = []
        self._turn = Turn("", {})
        self._writers: dict[Side, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._ending: Ending | None = None
        self._failed: list[tuple[Side, Attempt]] = []
        self._watchers: set[asyncio.Event] = set()
        self._unwatched_since_s = timing.clock()

    @property
    def n_turns(self) -> int:
        return len(self._past) + bool(self._attempts)

    @property
    def turns(self) -> tuple[Mapping[Side, SideView], ...]:
        """Both sides of every turn as shown so far, the current one last."""
        return tuple(turn.views for turn in [*self._past, self._turn])

    @property
    def is_being_written(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def touched_s(self) -> float:
        """When something last happened to it or a page last followed it."""
        return self._timing.clock() if self._watchers or self.is_being_written else self._unwatched_since_s

    def resume(self, record: BattleRecord) -> None:
        """Take over what an earlier process stored: a battle that is votable, voted or void."""
        turns = [
            Turn(turn.prompt, {side: resumed(turn.shown(SideCode.parse(side))) for side in SIDES})
            for turn in record.turns
        ]
        *self._past, self._turn = turns or [Turn("", {})]
        for turn in record.turns:
            self._seeds.update(answer.seed for answer in turn.answers if answer.seed is not None)
        self.state = _STATES[record.state]
        self.notice = "closed" if self.state == "void" else None

    def ask(self, prompt: str) -> None:
        """Begin a turn (numbered `n_turns` from then on)."""
        assert not self.is_being_written
        if self._attempts:
            self._past.append(self._turn)
        self._turn = Turn(prompt, {side: Attempt(1, self._new_seed()) for side in SIDES}, self._make_pace())
        self._begin(SIDES)

    def can_retry(self, side: Side) -> bool:
        attempt = self._attempts[side]
        can_change = self.state in ("open", "votable") and self._ending is None
        return can_change and attempt.has_failed and not attempt.is_too_long and attempt.number < MAX_ATTEMPTS

    def retry(self, side: Side) -> None:
        """Ask a failed side again, with a new seed; the other side stays as it is."""
        assert self.can_retry(side)
        failed = self._attempts[side]
        if not failed.is_stored:
            self._failed.append((side, failed))
        self._turn.ask_again(side, Attempt(failed.number + 1, self._new_seed()), self._make_retry_pace())
        self._begin([side])

    async def stop(self) -> None:
        """End the writing: each side keeps what has been shown. Returns when the battle is votable."""
        await self._end("stop")

    async def void(self, reason: VoidReason) -> None:
        """End the battle without a vote."""
        if self.is_being_written:
            await self._end(reason)
        if self.state in ("open", "votable"):
            await self._become_void(reason)

    async def interrupt(self) -> None:
        """The process ends: what is being written becomes void, what has ended stays as it is."""
        await self._end("interrupted")

    def become_voted(self) -> None:
        """The vote is committed."""
        self.state = "voted"
        self._notify()

    def view(self) -> BattleView:
        sides = {side: replace(view, can_retry=self.can_retry(side)) for side, view in self._turn.views.items()}
        can_continue = all(view.state in ("done", "stopped") and has_text(view.text) for view in sides.values())
        return BattleView(
            battle_id=self.battle_id,
            state=self.state,
            turns=tuple(TurnView(past.prompt, past.text("a"), past.text("b")) for past in self._past),
            prompt=self._turn.prompt,
            a=sides["a"],
            b=sides["b"],
            can_send=self.state == "votable" and can_continue and self.n_turns < self._max_turns,
            can_vote=self.state == "votable",
            can_stop=self.state == "open" and self._ending is None,
            notice=self.notice,
        )

    async def follow(self) -> AsyncGenerator[BattleView, None]:
        """Views: the present one, then each change, `tick_s` apart at least and `heartbeat_s` at most; ends when
        the battle is not open."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            while True:
                changed.clear()
                view = self.view()
                yield view
                if view.state != "open":
                    return
                await asyncio.sleep(self._timing.tick_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.heartbeat_s - self._timing.tick_s):
                        await changed.wait()
        finally:
            self._watchers.discard(changed)
            self._unwatched_since_s = self._timing.clock()

    @property
    def _attempts(self) -> Mapping[Side, Attempt]:
        return self._turn.attempts

    def _new_seed(self) -> int:
        while (seed := self._rng.randrange(1, _SEED_BOUND)) in self._seeds:
            pass
        self._seeds.add(seed)
        return seed

    def _begin(self, sides: Sequence[Side]) -> None:
        """Start the writers of these sides, and the turn's task where none runs."""
        self.state = "open"
        self.ended_s = None
        for side in sides:
            self._writers[side] = asyncio.create_task(self._write(side, self._attempts[side]))
        if not self.is_being_written:
            self._ending = None
            self._unwatched_since_s = self._timing.clock()
            self._task = asyncio.create_task(self._run(), name=f"battle {self.battle_id}")
        self._notify()

    def _request(self, side: Side) -> Request:
        messages = [Message("system", self._parameters.system_prompt)] if self._parameters.system_prompt else []
        for turn in self._past:
            messages += [Message("user", turn.prompt), Message("assistant", turn.text(side))]
        messages.append(Message("user", self._turn.prompt))
        return Request(
            messages=tuple(messages),
            temperature=self._parameters.temperature,
            top_p=self._parameters.top_p,
            max_tokens=self._parameters.max_tokens,
            seed=self._attempts[side].seed,
        )

    async def _write(self, side: Side, attempt: Attempt) -> None:
        """Let the endpoint fill the attempt; every way in which that can fail becomes its error."""
        try:
            async with aclosing(self._streams[side].stream(self._request(side))) as events:
                async for event in events:
                    if attempt.has_ended:  # stopped, by an endpoint that does not let go
                        return
                    if isinstance(event, Token):
                        attempt.text += event.text
                    elif isinstance(event, Thought):
                        attempt.reasoning += event.text
                    else:
                        attempt.finish = event
            if attempt.finish is None:
                raise Broken("the stream ended without a finish")
        except EndpointError as error:
            logger.warning("battle %s, side %s, attempt %d: %s", self.battle_id, side, attempt.number, error)
            attempt.is_too_long = isinstance(error, Refused) and error.is_too_long
            attempt.finish, attempt.error = None, error.code
        except Exception:
            logger.exception("battle %s, side %s, attempt %d", self.battle_id, side, attempt.number)
            attempt.finish, attempt.error = None, EndpointError.code

    async def _run(self) -> None:
        """One turn, from the first question to votable or void."""
        try:
            while self._ending is None and not self._turn.has_ended:
                await asyncio.sleep(self._timing.tick_s)
                if self._turn.release(self._timing.clock()):
                    self._notify()
                unwatched_s = self._timing.clock() - self._unwatched_since_s
                if not self._watchers and unwatched_s >= self._timing.abandon_after_s:
                    self._ending = "abandoned"
            self._ending = ending = self._ending or "done"
            await self._close_writers()
            if ending == "done" or ending == "stop":
                await self._become_votable()
            else:
                await self._become_void(ending)
        except Exception:
            logger.exception("battle %s", self.battle_id)
            await self._become_void("not_stored")
        finally:
            for writer in self._writers.values():
                writer.cancel()

    async def _close_writers(self) -> None:
        """Close both streams; an endpoint that does not let go is left behind."""
        for writer in self._writers.values():
            writer.cancel()
        _, stuck = await asyncio.wait(self._writers.values(), timeout=CLOSE_TIMEOUT_S)
        if stuck:
            logger.warning("battle %s: %d streams did not close in %g s", self.battle_id, len(stuck), CLOSE_TIMEOUT_S)
        self._writers.clear()

    async def _become_votable(self) -> None:
        self._turn.stop()
        self.ended_s = self._timing.clock()
        fresh = [*self._failed, *((side, one) for side, one in self._attempts.items() if not one.is_stored)]
        try:
            await self._journal.end_turn(self.battle_id, self.n_turns, [one.record(side) for side, one in fresh])
        except DatabaseError:
            logger.exception("battle %s: its answers could not be stored", self.battle_id)
            await self._become_void("not_stored")
            return
        for _, attempt in fresh:
            attempt.is_stored = True
        self._failed.clear()
        self._ending = None
        self.state = "votable"
        self._notify()

    async def _become_void(self, reason: VoidReason) -> None:
        self.state, self.notice = "void", reason
        self._notify()
        try:
            await self._journal.void(self.battle_id)
        except DatabaseError:
            logger.exception("battle %s: could not be made void; the next start of the arena does it", self.battle_id)

    async def _end(self, how: Ending) -> None:
        if self._task is not None and self.is_being_written:
            self._ending = self._ending or how
            await asyncio.wait([self._task])

    def _notify(self) -> None:
        for changed in self._watchers:
            changed.set()
