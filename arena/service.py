"""Every use case of the arena that a page calls: send a prompt, follow a battle, stop, retry, vote, withdraw, read
the board.

`Arena` joins `rounds` (what a battle is) and `rules` (what counts) with the database and the players. It alone
calls `ledger` and `identity`. It knows no page: what it returns are frozen views, what it refuses are keys with
numbers, and the pages make the sentences.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Connection

from arena.players.endpoint import Finish, ModelStream, Request, Token, Unreachable
from arena.players.roster import Player, Roster
from arena.rounds.battle import CANCELLED, Battle, Parameters, Timing
from arena.rounds.matchmaking import TooFewPlayers, choose_pair
from arena.rounds.pacing import EqualPace, FreePace, Pace
from arena.rounds.views import BattleState, BattleView, Reveal, RevealSide, Side, SideView, TurnView
from arena.rules import identity, ledger, limits
from arena.settings import Settings
from arena.standings import Board, ModelCard, Standings
from db import queries
from db.codes import Kind, Policy, Reason, State
from db.codes import Side as SideCode
from db.errors import (
    AlreadyVoted,
    AlreadyWithdrawn,
    DatabaseError,
    NoSuchBattle,
    NotAllowedNow,
    NotVotable,
    StorageFailed,
)
from db.outcome import Outcome
from db.queries import (
    AnswerRecord,
    BattleRecord,
    BattleSettings,
    CastVote,
    EloChange,
    ModelInfo,
    NewBattle,
    OnlineElo,
    TurnRecord,
    VoteRecord,
)
from db.session import Database
from elo import online
from elo.settings import Settings as EloSettings

__all__ = [
    "Arena",
    "BattleView",
    "Board",
    "ModelCard",
    "Outcome",
    "Refusal",
    "Reveal",
    "RevealSide",
    "Side",
    "SideView",
    "Status",
    "TurnView",
]

logger = logging.getLogger(__name__)

WITHDRAW_WITHIN_S = 60.0
HOUSEKEEPING_EVERY_S = 600.0
KEEP_ADDRESSES_S = 24 * 3600.0
LOST_AFTER_S = 3 * HOUSEKEEPING_EVERY_S
"""A process that has not been heard of for so long is gone, and so are its open battles."""
KEEP_IDLE_S = 3600.0
"""A battle that nothing has happened to for so long is read from the database again when somebody asks for it."""

NOTICES = (
    "wont_count_failed_side",  # a side failed: the battle may be voted on, the vote won't count
    "wont_count_stopped",  # stopped before 100 characters of an unfinished side were shown: the same
    "abandoned",  # void: nobody was looking for abandon_after_s
    "left",  # void: the visitor went on to the next battle without a vote
    "interrupted",  # void: the arena was stopped while this battle was being written
    "not_stored",  # void: the answers could not be written to the database
    "closed",  # void since some time: nobody knows any more why
)


class Refusal(Exception):
    """Something that a visitor asked for and cannot have: `key` names the sentence, `numbers` fill it in.

    Keys: `prompt_empty`; `prompt_too_long` (length, limit); `prompt_not_text` (it holds characters that no text
    has); `models_loading` (n_ready, n_models); `too_few_models` (n_ready, n_models); `rate_limited` (n, limit,
    window_s); `busy` (n_running, limit); `too_many_turns` (limit); `not_yet` (a turn is still being written, or
    this side cannot be retried or the battle not stopped now); `battle_not_found` (also: somebody else's);
    `battle_void`; `already_voted`; `too_late` (limit_s: withdrawal); `not_stored` (the database refused: nothing
    changed, try again); `no_board` (the leaderboard cannot be computed at present).
    """

    def __init__(self, key: str, **numbers: float) -> None:
        super().__init__(f"{key} {numbers}" if numbers else key)
        self.key = key
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Status:
    """How the arena stands, in numbers only: per-model health would tell who is in a battle.

    `n_models` active models in the roster, of which `n_ready` can play, `n_loading` are being loaded or restarted,
    the rest do not answer. `n_votes`: every vote stored. `can_battle`: two models or more are ready.
    """

    n_models: int
    n_ready: int
    n_loading: int
    n_votes: int

    @property
    def can_battle(self) -> bool:
        return self.n_ready >= 2


class Players(Protocol):
    """What the arena needs of `arena.players.health.Health`."""

    def ready(self) -> Sequence[Player]: ...
    def states(self) -> Mapping[str, Literal["ready", "loading", "down"]]: ...
    def endpoint(self, name: str) -> ModelStream: ...


@dataclass(slots=True)
class _Live:
    """A battle in memory with what only the arena may know of it. `lock` keeps its steps in order: send, retry,
    vote, withdraw, leave."""

    battle: Battle
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reveal: Reveal | None = None
    voted_at: float = 0.0
    is_left: bool = False


T = TypeVar("T")


class Arena:
    """The use cases. One per process; every method belongs to the event loop on which `start` ran.

    `visitor` is everywhere the pseudonym that `arena.web.visitor` makes of the cookie. Whatever a method raises but
    `Refusal` is a bug.
    """

    def __init__(
        self,
        settings: Settings,
        roster: Roster,
        database: Database,
        players: Players,
        *,
        replica: str = "main",
        rng: random.Random | None = None,
        wall_clock: Callable[[], float] = time.time,
        timing: Timing | None = None,
    ) -> None:
        """`replica` names this process in the database (one name, one process at a time). The clocks and the
        generator are for tests."""
        self._settings = settings
        self._roster = roster
        self._database = database
        self._players = players
        self._replica = replica
        self._rng = rng or random.SystemRandom()
        self._now = wall_clock
        self._timing = timing or Timing(abandon_after_s=settings.battle.abandon_after_s)
        self._standings = Standings(database, settings.elo, clock=wall_clock)
        self._rules = ledger.Rules(settings.limits.votes_per_hour, settings.limits.min_read_s)
        self._online_elo = online_elo(settings.elo)
        self._names = {one.name: identity.Names(one.name, one.family, one.organisation) for one in roster}
        self._journal = _DatabaseJournal(database, wall_clock)
        self._live: dict[str, _Live] = {}
        self._n_opening: Counter[str] = Counter()
        self._housekeeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Register the roster's models, void what an earlier process left open, and begin to keep house.

        Raises:
            db.errors.DatabaseError: the database refuses.
        """
        n_voided = await asyncio.to_thread(self._register)
        if n_voided:
            logger.info("%d battles that an earlier process left open are void", n_voided)
        self._housekeeping = asyncio.create_task(self._keep_house(), name="housekeeping")

    async def count_parameters(self, parameters: Mapping[str, int]) -> None:
        """Store how many parameters models have, as their server counted them; what the roster says wins.

        Raises:
            Refusal: `not_stored`.
        """
        models = [
            replace(_info(one), parameters=parameters[one.name])
            for one in self._roster.active
            if one.parameters is None and one.name in parameters
        ]
        await self._in_database(partial(self._store_models, models))
        self._standings.forget()

    async def close(self) -> None:
        """End every battle that is being written: its row becomes void."""
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            await asyncio.gather(self._housekeeping, return_exceptions=True)
        await asyncio.gather(*(live.battle.interrupt() for live in self._live.values()))

    async def status(self) -> Status:
        """How many models can play, and how many votes there are.

        Raises:
            Refusal: `not_stored` (the database does not answer).
        """
        n_votes = await self._in_database(self._count_votes)
        states = Counter(self._players.states().values())
        return Status(len(self._roster.active), states["ready"], states["loading"], n_votes)

    async def send(
        self, visitor: str, battle_id: str | None, text: str, *, address: str | None = None, language: str | None = None
    ) -> str:
        """Begin a battle (`battle_id` None: the pair is drawn) or its next turn; returns the battle's id. Follow it
        to see the answers.

        White space around the prompt is taken away. `address` (HMAC) is for the limits, `language` is stored with a
        new battle.

        Raises: Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`, `busy`; to begin `rate_limited`,
            `models_loading`, `too_few_models`; for a further turn `battle_not_found`, `battle_void`,
            `already_voted`, `not_yet`, `too_many_turns`; `not_stored`.
        """
        prompt = self._checked(text)
        self._refuse_when_busy(visitor)
        if battle_id is None:
            self._n_opening[visitor] += 1
            try:
                return await self._open(visitor, prompt, address=address, language=language)
            finally:
                self._n_opening[visitor] -= 1
        live = await self._find(visitor, battle_id)
        async with live.lock:
            _refuse_unless(live, "votable")
            if live.battle.n_turns >= self._settings.battle.max_turns:
                raise Refusal("too_many_turns", limit=self._settings.battle.max_turns)
            if not live.battle.view().can_send:
                raise Refusal("not_yet")
            await self._change(live, lambda tx: queries.add_turn(tx, battle_id, prompt, replica=self._replica))
            live.battle.ask(prompt)
        return battle_id

    async def follow(self, visitor: str, battle_id: str) -> AsyncGenerator[BattleView, None]:
        """Subscribe: yields the present view at once, then at most every 100 ms, and once a second where nothing
        changes (so that a closed page is noticed). Ends after the view in which nothing is going on any more. Any
        number of pages may follow one battle.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        async with aclosing(live.battle.follow()) as views:
            async for view in views:
                yield self._complete(live, view)

    async def view(self, visitor: str, battle_id: str) -> BattleView:
        """The battle as it stands, also after a restart of the process.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        return self._complete(live, live.battle.view())

    async def current(self, visitor: str) -> str | None:
        """The visitor's latest battle that is being written, waits for a vote, or can still be withdrawn: what a
        reload shows again.

        Raises:
            Refusal: `not_stored`.
        """
        for battle_id, live in reversed(self._live.items()):
            if live.battle.visitor == visitor and not live.is_left:
                is_fresh = live.battle.state == "voted" and self._can_withdraw_s(live) > 0
                if is_fresh or live.battle.state in ("open", "votable"):
                    return battle_id
        return await self._in_database(partial(self._stored_current, visitor))

    async def stop(self, visitor: str, battle_id: str) -> None:
        """End the writing: both sides keep what has been shown. The battle is votable then.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (nothing is being written), `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        if not live.battle.is_being_written:
            raise Refusal("not_yet")
        await live.battle.stop()

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        """Ask a failed side again, with a new seed. Follow the battle again to see it.

        Raises: Refusal: `battle_not_found`, `battle_void`, `already_voted`, `not_yet` (the side has not failed, or
            was asked too often), `busy`, `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        async with live.lock:
            _refuse_unless(live, "open", "votable")
            if not live.battle.can_retry(side):
                raise Refusal("not_yet")
            if live.battle.state == "votable":
                self._refuse_when_busy(visitor)
                now = self._now()
                await self._change(live, lambda tx: queries.set_battle_state(tx, battle_id, State.OPEN, now=now))
            live.battle.retry(side)

    async def leave(self, visitor: str, battle_id: str) -> None:
        """The visitor goes on to the next battle: one without a vote becomes void, and `current` no longer names
        this one.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        live.is_left = True
        async with live.lock:
            await live.battle.void("left")

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> Reveal:
        """Store the vote with its verdict; only when that is committed do the names leave. The same vote again
        returns the stored one.

        Raises: Refusal: `battle_not_found`, `battle_void`, `not_yet` (not both sides have ended), `already_voted`
            (with another outcome), `not_stored` (nothing changed; the vote can be cast again).
        """
        live = await self._find(visitor, battle_id)
        async with live.lock:
            if live.battle.state != "voted":
                _refuse_unless(live, "votable")
                await self._cast(live, outcome)
            if live.reveal is None or live.reveal.outcome is not outcome:
                raise Refusal("already_voted")
            return self._timed(live, live.reveal)

    async def withdraw(self, visitor: str, battle_id: str) -> Reveal:
        """Take the vote back within 60 s: it stays in the ledger and no longer counts.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (there is no vote), `too_late` (limit_s), `not_stored`.
        """
        live = await self._find(visitor, battle_id)
        async with live.lock:
            if live.reveal is None:
                raise Refusal("not_yet")
            if Reason.WITHDRAWN.label not in live.reveal.reasons:
                if self._can_withdraw_s(live) <= 0:
                    raise Refusal("too_late", limit_s=WITHDRAW_WITHIN_S)
                reasons = await self._in_database(partial(self._store_withdrawal, visitor, battle_id))
                live.reveal = replace(
                    live.reveal,
                    a=replace(live.reveal.a, rating_after=live.reveal.a.rating_before),
                    b=replace(live.reveal.b, rating_after=live.reveal.b.rating_before),
                    is_counted=False,
                    reasons=tuple(reason.label for reason in reasons),
                )
            return self._timed(live, live.reveal)

    async def leaderboard(self) -> Board:
        """The official board, with every vote that was acknowledged before this call.

        Raises:
            Refusal: `no_board` (it cannot be computed at present; the log says why).
        """
        try:
            return await self._standings.board()
        except (DatabaseError, ValueError, ArithmeticError) as error:
            logger.exception("the leaderboard cannot be computed")
            raise Refusal("no_board") from error

    # Beginning a battle

    def _checked(self, text: str) -> str:
        prompt = text.strip()
        limit = self._settings.battle.max_prompt_chars
        if not prompt:
            raise Refusal("prompt_empty")
        if len(prompt) > limit:
            raise Refusal("prompt_too_long", length=len(prompt), limit=limit)
        if "\0" in prompt or any("\ud800" <= character <= "\udfff" for character in prompt):
            raise Refusal("prompt_not_text")
        return prompt

    def _refuse_when_busy(self, visitor: str) -> None:
        running = (live.battle for live in self._live.values() if live.battle.visitor == visitor)
        n_running = sum(battle.is_being_written for battle in running) + self._n_opening[visitor]
        if n_running >= limits.MAX_RUNNING:
            raise Refusal("busy", n_running=n_running, limit=limits.MAX_RUNNING)

    async def _open(self, visitor: str, prompt: str, *, address: str | None, language: str | None) -> str:
        ready = self._players.ready()
        try:
            pair = choose_pair(ready, self._rng)
        except TooFewPlayers as error:
            is_loading = "loading" in self._players.states().values()
            key = "models_loading" if is_loading else "too_few_models"
            raise Refusal(key, n_ready=len(ready), n_models=len(self._roster.active)) from error
        given = self._settings.battle
        settings = BattleSettings(
            given.system_prompt or None, given.temperature, given.top_p, given.max_tokens, given.pace
        )
        new = NewBattle(
            visitor=visitor,
            model_a=pair.model_a,
            model_b=pair.model_b,
            settings=settings,
            policy=Policy.parse(pair.policy),
            draw_probability=pair.probability,
            language=language,
            address=address,
            replica=self._replica,
        )
        battle_id = await self._in_database(partial(self._store_new, new, prompt))
        live = self._make(battle_id, visitor, pair.model_a, pair.model_b, settings)
        self._live[battle_id] = live
        live.battle.ask(prompt)
        return battle_id

    def _make(self, battle_id: str, visitor: str, model_a: str, model_b: str, settings: BattleSettings) -> _Live:
        make_pace: Callable[[], Pace] = FreePace if settings.pace == "free" else EqualPace
        battle = Battle(
            battle_id,
            visitor,
            {"a": self._stream(model_a), "b": self._stream(model_b)},
            Parameters(settings.system_prompt or "", settings.temperature, settings.top_p, settings.max_tokens),
            self._journal,
            make_pace=make_pace,
            timing=self._timing,
            max_turns=self._settings.battle.max_turns,
            rng=self._rng,
        )
        return _Live(battle)

    def _stream(self, model: str) -> ModelStream:
        try:
            return self._players.endpoint(model)
        except KeyError:  # an old battle of a model that has left the roster
            return _Gone()

    def _forget_idle(self) -> None:
        before = self._timing.clock() - KEEP_IDLE_S
        idle = [battle_id for battle_id, live in self._live.items() if live.battle.touched_s < before]
        for battle_id in idle:
            if not self._live[battle_id].lock.locked():
                del self._live[battle_id]

    async def _keep_house(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._tidy)
            except DatabaseError:
                logger.exception("housekeeping failed; the next follows in %g s", HOUSEKEEPING_EVERY_S)
            self._forget_idle()
            await asyncio.sleep(HOUSEKEEPING_EVERY_S)

    # Finding and showing one

    async def _find(self, visitor: str, battle_id: str) -> _Live:
        live = self._live.get(battle_id)
        if live is None:
            live = await self._resume(battle_id)
        if live.battle.visitor != visitor:
            raise Refusal("battle_not_found")
        return live

    async def _resume(self, battle_id: str) -> _Live:
        """A battle of the database that this process does not hold: of an earlier one, or long idle."""
        record = await self._in_database(partial(self._read, battle_id))
        if record is None or record.kind is not Kind.BATTLE or record.state is State.OPEN:
            raise Refusal("battle_not_found")
        assert record.model_b is not None  # of every battle of this kind
        assert record.settings is not None
        live = self._make(battle_id, record.visitor, record.model_a, record.model_b, record.settings)
        live.battle.resume(record)
        await self._unveil(live, record, None)
        return self._live.setdefault(battle_id, live)

    def _complete(self, live: _Live, view: BattleView) -> BattleView:
        """The battle's own view with what the rules say of it, and the reveal where there is a vote."""
        if view.state == "votable":
            return replace(view, notice=_warning(live.battle))
        if view.state == "voted" and live.reveal is not None:
            return replace(view, reveal=self._timed(live, live.reveal))
        return view

    def _can_withdraw_s(self, live: _Live) -> float:
        if live.reveal is None or Reason.WITHDRAWN.label in live.reveal.reasons:
            return 0.0
        return max(0.0, live.voted_at + WITHDRAW_WITHIN_S - self._now())

    def _timed(self, live: _Live, reveal: Reveal) -> Reveal:
        return replace(reveal, can_withdraw_s=self._can_withdraw_s(live))

    # Voting

    async def _cast(self, live: _Live, outcome: Outcome) -> None:
        """Store the vote and unveil. Where the battle has one already, unveil that."""
        battle = live.battle
        read_s = None if battle.ended_s is None else self._timing.clock() - battle.ended_s
        cast: CastVote | None
        try:
            record, cast = await self._in_database(
                partial(self._store_vote, battle.visitor, battle.battle_id, outcome, read_s)
            )
        except AlreadyVoted:
            record, cast = await self._in_database(partial(self._read_known, battle.battle_id)), None
        except NotVotable as error:
            raise Refusal("battle_void") from error
        battle.become_voted()
        await self._unveil(live, record, cast)

    async def _unveil(self, live: _Live, record: BattleRecord, cast: CastVote | None) -> None:
        """Set the reveal of a committed vote; of one that an earlier process stored the rating change is not known
        any more."""
        if record.vote is None:
            return
        live.voted_at = record.vote.cast_at
        live.reveal = _reveal(record, cast, None)
        try:
            live.reveal = _reveal(record, cast, await self._standings.board())
        except (DatabaseError, ValueError, ArithmeticError):
            logger.exception("battle %s: no ranks in its reveal", record.battle_id)

    # The database: these run in worker threads

    async def _in_database(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except StorageFailed as error:
            logger.exception("the database failed")
            raise Refusal("not_stored") from error

    async def _change(self, live: _Live, step: Callable[[Connection], object]) -> None:
        """One write to a battle that another process may have ended meanwhile."""

        def work() -> None:
            with self._database.write() as tx:
                step(tx)

        try:
            await self._in_database(work)
        except NotAllowedNow as error:
            record = await self._in_database(partial(self._read_known, live.battle.battle_id))
            live.battle.resume(record)
            await self._unveil(live, record, None)
            raise Refusal("already_voted" if record.vote else "battle_void") from error

    def _register(self) -> int:
        now = self._now()
        active = [_info(one) for one in self._roster.active]
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            queries.upsert_models(tx, active, now=now)
            queries.retire_models(tx, keep=[model.name for model in active], now=now)
            return queries.close_stale_battles(tx, replica=self._replica, lost_before=now - LOST_AFTER_S, now=now)

    def _tidy(self) -> None:
        """Say that this process is alive, and forget addresses before they are a day old."""
        now = self._now()
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            queries.clear_addresses(tx, before=now - KEEP_ADDRESSES_S + HOUSEKEEPING_EVERY_S)

    def _store_models(self, models: Sequence[ModelInfo]) -> None:
        with self._database.write() as tx:
            queries.upsert_models(tx, models, now=self._now())

    def _count_votes(self) -> int:
        with self._database.read() as tx:
            totals = queries.vote_totals(tx, None)
        return totals.counted + totals.excluded

    def _stored_current(self, visitor: str) -> str | None:
        """The newest votable battle; an open one that is not in memory is nobody's any more."""
        with self._database.read() as tx:
            battle_id = queries.current_battle(tx, visitor)
            is_votable = battle_id is not None and queries.get_battle(tx, battle_id).state is State.VOTABLE
        return battle_id if is_votable else None

    def _store_new(self, new: NewBattle, prompt: str) -> str:
        now = self._now()
        with self._database.write() as tx:
            recent = queries.count_recent(tx, visitor=new.visitor, address=new.address, since=now - limits.WINDOW_S)
            exceeded = limits.battles_exceeded(
                n_visitor=recent.battles,
                n_address=recent.address_battles,
                battles_per_hour=self._settings.limits.battles_per_hour,
            )
            if exceeded is not None:
                raise Refusal("rate_limited", n=exceeded.n, limit=exceeded.limit, window_s=exceeded.window_s)
            battle_id = queries.open_battle(tx, new, now=now)
            queries.add_turn(tx, battle_id, prompt)
        return battle_id

    def _read(self, battle_id: str) -> BattleRecord | None:
        try:
            return self._read_known(battle_id)
        except NoSuchBattle:
            return None

    def _read_known(self, battle_id: str) -> BattleRecord:
        with self._database.read() as tx:
            return queries.get_battle(tx, battle_id)

    def _store_vote(
        self, visitor: str, battle_id: str, outcome: Outcome, read_s: float | None
    ) -> tuple[BattleRecord, CastVote]:
        record = self._read_known(battle_id)
        leaking = self._leaking_sides(record)
        now = self._now()
        with self._database.write() as tx:
            recent = queries.count_recent(tx, visitor=visitor, address=None, since=now - limits.WINDOW_S)
            named = queries.named_prompts(tx, visitor, since=now - ledger.NAMED_PROBE_WINDOW_S)
            facts = ledger.Facts(
                kind=record.kind.label,
                outcome=outcome.label,
                turns=tuple(_turn_facts(turn) for turn in record.turns),
                leaking=leaking,
                n_votes_before=recent.votes,
                read_s=read_s,
                is_named_probe=any(turn.prompt in named for turn in record.turns),
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
        vote = VoteRecord(outcome, now, cast.revision, cast.reasons, ledger.RULES_VERSION, facts.to_json())
        return replace(record, state=State.VOTED, vote=vote), cast

    def _leaking_sides(self, record: BattleRecord) -> tuple[str, ...]:
        def answers(side: SideCode) -> Collection[str]:
            return [answer.text for turn in record.turns if (answer := turn.shown(side)) is not None]

        models = {SideCode.A: record.model_a, SideCode.B: record.model_b or ""}
        return tuple(
            side.label
            for side, model in models.items()
            if identity.names_itself(answers(side), self._names.get(model, identity.Names(model)), self._names.values())
        )

    def _store_withdrawal(self, visitor: str, battle_id: str) -> tuple[Reason, ...]:
        with self._database.write() as tx:
            try:
                return queries.withdraw_vote(tx, battle_id, visitor=visitor, reason=None, now=self._now()).reasons
            except AlreadyWithdrawn:
                vote = queries.get_battle(tx, battle_id).vote
                return vote.reasons if vote else (Reason.WITHDRAWN,)


def online_elo(settings: EloSettings) -> OnlineElo:
    """The online Elo of these settings as the database takes it: it stores ratings and knows no formula."""
    name = f"elo base={settings.base} scale={settings.scale} k={settings.k} start={settings.start}"
    return OnlineElo(name, settings.start, partial(online.update, settings=settings))


class _DatabaseJournal:
    """`Journal` on the database: each call is one transaction in a worker thread."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def end_turn(self, battle_id: str, turn: int, answers: Sequence[AnswerRecord]) -> None:
        await asyncio.to_thread(self._end_turn, battle_id, turn, answers)

    async def void(self, battle_id: str) -> None:
        await asyncio.to_thread(self._set_state, battle_id, State.VOID)

    def _end_turn(self, battle_id: str, turn: int, answers: Sequence[AnswerRecord]) -> None:
        with self._database.write() as tx:
            for answer in answers:
                queries.save_answer(tx, battle_id, turn, answer)
            queries.set_battle_state(tx, battle_id, State.VOTABLE, now=self._now())

    def _set_state(self, battle_id: str, state: State) -> None:
        with self._database.write() as tx:
            queries.set_battle_state(tx, battle_id, state, now=self._now())


class _Gone:
    """The stream of a model that is no longer on the roster."""

    async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        raise Unreachable("the model is no longer on the roster")
        yield


def _info(player: Player) -> ModelInfo:
    return ModelInfo(player.name, player.family, player.organisation, player.licence, player.parameters)


def _refuse_unless(live: _Live, *states: BattleState) -> None:
    state = live.battle.state
    if state not in states:
        raise Refusal({"void": "battle_void", "voted": "already_voted"}.get(state, "not_yet"))


def _turn_facts(turn: TurnRecord) -> ledger.TurnFacts:
    a, b = turn.shown(SideCode.A), turn.shown(SideCode.B)
    texts = [answer.text.strip() if answer else "" for answer in (a, b)]
    return ledger.TurnFacts(_side_facts(a), _side_facts(b), is_identical=texts[0] == texts[1])


def _side_facts(answer: AnswerRecord | None) -> ledger.SideFacts:
    if answer is None:
        return ledger.SideFacts("failed", 0)
    end: ledger.End = "failed" if answer.error else "stopped" if answer.finish_reason == CANCELLED else "done"
    return ledger.SideFacts(end, len(answer.text))


def _warning(battle: Battle) -> str | None:
    """The notice before a vote that cannot count, whatever its outcome."""
    sides = [side for turn in battle.turns for side in turn.values()]
    if any(side.state == "failed" for side in sides):
        return "wont_count_failed_side"
    if any(side.state == "stopped" and len(side.text) < ledger.MIN_SHOWN_CHARS for side in sides):
        return "wont_count_stopped"
    return None


def _reveal(record: BattleRecord, cast: CastVote | None, board: Board | None) -> Reveal:
    assert record.vote is not None
    assert record.model_b is not None
    return Reveal(
        outcome=record.vote.outcome,
        a=_reveal_side(record, SideCode.A, record.model_a, cast.a if cast else None, board),
        b=_reveal_side(record, SideCode.B, record.model_b, cast.b if cast else None, board),
        is_counted=record.vote.counted,
        reasons=tuple(reason.label for reason in record.vote.reasons),
        can_withdraw_s=0.0,
    )


def _reveal_side(
    record: BattleRecord, side: SideCode, model: str, change: EloChange | None, board: Board | None
) -> RevealSide:
    answer = record.turns[-1].shown(side) if record.turns else None
    row = board.row(model) if board else None
    return RevealSide(
        model=model,
        rating_before=change.before if change else None,
        rating_after=change.after if change else None,
        rank=row.rank if row else None,
        rank_worst=board.rank_worst(model) if board else None,
        n_tokens=answer.completion_tokens if answer else None,
        ttft_ms=answer.ttft_ms if answer else None,
        tokens_per_s=_tokens_per_s(answer) if answer else None,
    )


def _tokens_per_s(answer: AnswerRecord) -> float | None:
    """Speed after the first token; None where the endpoint did not count, or there is no second one."""
    if answer.completion_tokens is None or answer.duration_ms is None or answer.ttft_ms is None:
        return None
    writing_ms = answer.duration_ms - answer.ttft_ms
    if answer.completion_tokens < 2 or writing_ms <= 0:
        return None
    return (answer.completion_tokens - 1) / writing_ms * 1000
