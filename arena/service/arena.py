"""`Arena`, with one method for each thing that a page can ask.

It decides what a visitor may do and in which order the steps of a battle happen. `arena.rounds` decides how a battle
is written, `arena.rules` what counts, and the pages have every word to the visitor.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from arena.players.roster import Roster
from arena.rounds.battle import Timing
from arena.rounds.pacing import Paces
from arena.rounds.views import BattleView, Reveal, Side
from arena.rules import identity, limits
from arena.service.battles.held import Held, HeldPrompts
from arena.service.battles.live import Live, LiveBattles
from arena.service.battles.opening import Opening
from arena.service.readiness import Players, Status
from arena.service.refusal import Refusal
from arena.service.storage import DatabaseJournal, Storage, in_database
from arena.service.upkeep import CountParameters, Upkeep
from arena.settings import Settings
from arena.standings import Board, NoRatingsError, Standings
from db.codes import Reason
from db.errors import AlreadyVoted, DatabaseError, NotVotable
from db.outcome import Outcome
from db.queries import CastVote
from db.session import Database

logger = logging.getLogger(__name__)


class Arena:
    """The use cases. A process has one `Arena`; call every method on the event loop on which `start` ran.

    `visitor` is the pseudonym that `arena.web.sender` makes of the cookie. A method that raises anything but `Refusal`
    has a bug.
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
        """`replica` names this process in the database; no two processes may use one name at a time. The clocks and
        the generator are for tests."""
        self._settings = settings
        self._roster = roster
        self._players = players
        rng = rng or random.SystemRandom()
        self._now = wall_clock
        self._timing = timing or Timing(abandon_after_s=settings.battle.abandon_after_s)
        self._standings = Standings(database, settings.elo, clock=wall_clock)
        names = {one.name: identity.Names(one.name, one.family, one.organisation) for one in roster}
        self._storage = Storage(database, settings, names, replica=replica, now=wall_clock)
        self._journal = DatabaseJournal(database, wall_clock)
        self._battles = LiveBattles(
            self._storage,
            players,
            self._standings,
            self._journal,
            timing=self._timing,
            paces=Paces(settings.battle.max_chars_per_s),
            max_turns=settings.battle.max_turns,
            rng=rng,
        )
        self._held = HeldPrompts(keep_s=self._timing.abandon_after_s, clock=self._timing.clock)
        self._opening = Opening(
            settings.battle,
            players,
            self._storage,
            self._battles,
            replica=replica,
            rng=rng,
            status=self.status,
        )
        self._upkeep = Upkeep(roster, self._storage, self._standings, self._battles)
        self._interrupted: dict[str, str] = {}
        """By visitor: the prompt of a battle that was open when the arena started."""

    async def start(self, *, parameters: CountParameters | None = None) -> None:
        """Register the roster's models, void the battles that an earlier process left open, and start housekeeping.

        The arena waits for `parameters` in the background, and stores the counts.

        Raises:
            db.errors.DatabaseError: the database refuses.
        """
        ended = await self._upkeep.start(parameters)
        self._interrupted = {one.visitor: one.prompt for one in ended if one.prompt}

    async def close(self) -> None:
        """End every battle that is being written. The next start makes it void, and its page then says why."""
        await self._upkeep.close()
        self._journal.is_closing = True
        await self._battles.interrupt()

    async def status(self) -> Status:
        """Return how many models can play, and how many votes are stored.

        Raises:
            Refusal: `not_stored` (the database does not answer).
        """
        n_votes, n_counted = await in_database(self._storage.count_votes)
        states = Counter(self._players.states().values())
        n_models = len(self._roster.active)
        return Status(n_models, states["ready"], states["loading"], states["failed"], n_votes, n_counted)

    async def send(
        self, visitor: str, battle_id: str | None, text: str, *, address: str | None = None, language: str | None = None
    ) -> str:
        """Start a battle of two drawn models (`battle_id` None) or its next turn; return the battle's id. Follow the
        battle to see the answers.

        White space around the prompt is removed. The limits use `address` (HMAC); `language` is stored with a new
        battle.

        Raises: Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`, `busy`, `not_stored`; at the start also
            `rate_limited`, `models_failed`, and `models_loading` and `too_few_models`, for which a page calls `hold`;
            at a further turn also `battle_not_found`, `battle_void`, `already_voted`, `not_yet`, `too_many_turns`.
        """
        prompt = self._opening.checked(text)
        self._opening.refuse_when_busy(visitor)
        if battle_id is None:
            self._interrupted.pop(visitor, None)
            return await self._opening.open(visitor, prompt, address=address, language=language)
        live = await self._battles.find(visitor, battle_id)
        async with live.lock:
            live.refuse_unless("votable")
            if live.battle.n_turns >= self._settings.battle.max_turns:
                raise Refusal("too_many_turns", limit=self._settings.battle.max_turns)
            if not live.battle.view().can_send:
                raise Refusal("not_yet")
            await self._battles.change(live, partial(self._storage.add_turn, battle_id, prompt))
            live.battle.ask(prompt)
        return battle_id

    def hold(self, visitor: str, text: str) -> Held:
        """Keep a first prompt until two models can play. The page polls `held` and `status`; once a battle can start,
        it takes the prompt with `let_go` and sends it. Nothing is sent while no page waits.

        Raises:
            Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`.
        """
        return self._held.hold(visitor, self._opening.checked(text))

    def held(self, visitor: str) -> Held | None:
        """Return the visitor's prompt that waits. It is forgotten if no page asks for it within `abandon_after_s`."""
        return self._held.of(visitor)

    def let_go(self, visitor: str) -> Held | None:
        """Return the visitor's prompt and stop keeping it, to send it or to give it up."""
        return self._held.take(visitor)

    def interrupted(self, visitor: str) -> str | None:
        """Return the prompt of the visitor's battle that the last restart ended; None once they started another."""
        return self._interrupted.get(visitor)

    async def follow(self, visitor: str, battle_id: str) -> AsyncGenerator[BattleView, None]:
        """Yield the present view, then one after each change, at most every 100 ms. Without changes, yield once a
        second, so that a closed page is noticed. End after the view in which nothing runs any more. Any number of
        pages may follow one battle.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        async with aclosing(live.battle.follow()) as views:
            async for view in views:
                yield live.complete(view, self._now())

    async def view(self, visitor: str, battle_id: str) -> BattleView:
        """Return the present view of the battle, also after a restart of the process.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        return live.complete(live.battle.view(), self._now())

    async def current(self, visitor: str) -> str | None:
        """Return the visitor's latest battle that is being written, waits for a vote, or has a vote that can still be
        withdrawn. A reloaded page shows it again.

        Raises:
            Refusal: `not_stored`.
        """
        for live in self._battles.of(visitor):
            if live.is_current(self._now()):
                return live.battle.battle_id
        return await in_database(partial(self._storage.current, visitor))

    async def stop(self, visitor: str, battle_id: str) -> None:
        """Stop the answers. Both sides keep what has been shown, and the battle can be voted on.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (nothing is being written), `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        if not live.battle.is_being_written:
            raise Refusal("not_yet")
        await live.battle.stop()

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        """Ask a failed side again, with a new seed. Follow the battle again to see its answer.

        Raises: Refusal: `battle_not_found`, `battle_void`, `already_voted`, `not_yet` (the side has not failed, or
            was asked too often), `busy`, `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        async with live.lock:
            live.refuse_unless("open", "votable")
            if not live.battle.can_retry(side):
                raise Refusal("not_yet")
            if live.battle.state == "votable":
                self._opening.refuse_when_busy(visitor)
                await self._battles.change(live, partial(self._storage.reopen, battle_id))
            live.battle.retry(side)

    async def leave(self, visitor: str, battle_id: str) -> None:
        """Note that the visitor goes on to the next battle. A battle without a vote becomes void, and `current` no
        longer returns this one.

        Raises:
            Refusal: `battle_not_found`, `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        live.is_left = True
        async with live.lock:
            await live.battle.void("left")

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> Reveal:
        """Store the vote with its verdict and, once that is committed, return the reveal with the names. The same
        vote again returns the stored one.

        Raises: Refusal: `battle_not_found`, `battle_void`, `not_yet` (a side has not ended), `already_voted` (with
            another outcome), `identical_answers` (equal answers allow only a tie or neither), `not_stored` (nothing
            changed; the vote can be cast again).
        """
        live = await self._battles.find(visitor, battle_id)
        async with live.lock:
            if live.battle.state != "voted":
                live.refuse_unless("votable")
                await self._cast(live, outcome)
            if live.reveal is None or live.reveal.outcome is not outcome:
                raise Refusal("already_voted")
            return live.timed(live.reveal, self._now())

    async def withdraw(self, visitor: str, battle_id: str) -> Reveal:
        """Withdraw the vote, within `limits.WITHDRAW_WITHIN_S`. It stays in the ledger and no longer counts.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (there is no vote), `too_late` (limit_s), `not_stored`.
        """
        live = await self._battles.find(visitor, battle_id)
        async with live.lock:
            if live.reveal is None:
                raise Refusal("not_yet")
            if Reason.WITHDRAWN.label not in live.reveal.reasons:
                if live.can_withdraw_s(self._now()) <= 0:
                    raise Refusal("too_late", limit_s=limits.WITHDRAW_WITHIN_S)
                reasons = await in_database(partial(self._storage.withdraw, visitor, battle_id))
                self._upkeep.replay_soon()
                await self._battles.retract(live, reasons)
            return live.timed(live.reveal, self._now())

    async def leaderboard(self) -> Board:
        """Return the official board, with every vote that was acknowledged before this call. A model that has no
        counted vote and cannot be loaded is not on it, because it is in no battle.

        Raises:
            Refusal: `no_ratings`, `no_board` (the log says why).
        """
        try:
            board = await self._standings.board()
        except NoRatingsError as error:
            raise Refusal("no_ratings") from error
        except DatabaseError as error:
            logger.exception("the leaderboard cannot be computed")
            raise Refusal("no_board") from error
        return board.without([name for name, state in self._players.states().items() if state == "failed"])

    async def _cast(self, live: Live, outcome: Outcome) -> None:
        """Store the vote and set the reveal; if the battle already has a vote, set the reveal of that one."""
        battle = live.battle
        read_s = None if battle.ended_s is None else self._timing.clock() - battle.ended_s
        cast: CastVote | None
        try:
            record, cast = await in_database(
                partial(self._storage.vote, battle.visitor, battle.battle_id, outcome, read_s)
            )
        except AlreadyVoted:
            record, cast = await in_database(partial(self._storage.read, battle.battle_id)), None
        except NotVotable as error:
            raise Refusal("battle_void") from error
        battle.become_voted()
        if cast is not None and cast.a is None:
            self._upkeep.replay_soon()
        await self._battles.unveil(live, record, cast)
