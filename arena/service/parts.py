"""The parts of an arena, and how they are joined, started, changed while it runs, and closed."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

from arena.metrics import Metrics
from arena.players.roster import Roster
from arena.rounds.pacing import Paces
from arena.rounds.watchers import Timing
from arena.rules import ledger
from arena.service.battles.held import HeldPrompts
from arena.service.battles.memory import LiveBattles
from arena.service.battles.named import NamedPages
from arena.service.battles.opening import Opening
from arena.service.battles.prompts import Prompts
from arena.service.battles.pulses import Pulses
from arena.service.battles.steps import Steps
from arena.service.boards import Boards
from arena.service.moderation import Moderator
from arena.service.moderation.answers import screen_of
from arena.service.moderation.prompts import PromptChecks
from arena.service.profiles.profiles import Profiles
from arena.service.quick.campaigns import Campaigns
from arena.service.quick.decks import PreparedDecks
from arena.service.quick.rounds import QuickRounds
from arena.service.quick.screens import Screens
from arena.service.readiness import Players, Status, status_of
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.service.storage.housekeeping import Housekeeping
from arena.service.storage.journal import DatabaseJournal
from arena.service.storage.votes import StoredVotes
from arena.service.upkeep import CountParameters, Upkeep
from arena.service.verdicts.facts import names_of
from arena.service.visitors.visitors import Visitors
from arena.service.votes.feedback import FeedbackOfVoters
from arena.service.votes.sharing import Sharing
from arena.service.votes.voting import Voting
from arena.settings import Settings
from arena.standings import Standings
from arena.standings.online import online_elo
from db.session import Database


class Parts:
    """The parts that `Arena` works with. Those without a leading underscore are attributes of it for pages."""

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
        metrics: Metrics | None = None,
        moderator: Moderator | None = None,
    ) -> None:
        """`replica` names this process in the database; no two processes may use one name at a time. The clocks and
        the generator are for tests."""
        self._players = players
        rng = rng or random.SystemRandom()
        self._now = wall_clock
        self.moderator = moderator
        self._timing = timing or Timing(abandon_after_s=settings.battle.abandon_after_s)
        self._standings = Standings(database, settings.elo, clock=wall_clock)
        self._standings.describe(roster)
        self.boards = Boards(database, self._standings, players, settings.elo, wall_clock)
        metrics = metrics or Metrics()
        elo = online_elo(settings.elo)
        self._stored = StoredBattles(database, settings.limits, replica=replica, now=wall_clock, metrics=metrics)
        rules, names = ledger.Rules.of(settings.limits), names_of(roster)
        self._votes = StoredVotes(database, rules, names, elo, now=wall_clock, metrics=metrics)
        self._journal = DatabaseJournal(database, wall_clock)
        self._battles = LiveBattles(
            self._stored,
            self._votes,
            players,
            self._standings,
            self._journal,
            timing=self._timing,
            paces=Paces(settings.battle.max_chars_per_s),
            max_turns=settings.battle.max_turns,
            elo=settings.elo,
            rng=rng,
            screen=screen_of(moderator),
        )
        self._held = HeldPrompts(keep_s=self._timing.abandon_after_s, clock=self._timing.clock)
        checks = PromptChecks(moderator, self._stored, wall_clock)
        self._opening = Opening(
            settings.battle,
            settings.matchmaking,
            players,
            self._stored,
            self._battles,
            replica=replica,
            rng=rng,
            known=lambda: self._standings.known,
            status=self.status,
            checks=checks,
            examples=settings.examples,
        )
        self._pulses = Pulses(start=wall_clock())
        self.prompts = Prompts(self._held, self._pulses, self._opening.checked)
        self.visitors = Visitors(database, wall_clock, self._battles, settings.elo, self.prompts.forget)
        self._named = NamedPages(players, self._opening, is_on=settings.arena.named_pages == "on")
        self._steps = Steps(self._stored, self._battles, self._opening, self._named, checks)
        housekeeping = Housekeeping(database, elo, replica=replica, now=wall_clock)
        self._upkeep = Upkeep(roster, housekeeping, self._standings, self._battles, self.boards.warm_up)
        self._voting = Voting(
            self._stored, self._votes, self._battles, self._upkeep, clock=self._timing.clock, now=wall_clock
        )
        self._decks = PreparedDecks(database, settings.quick.decks, names_of(roster), self._timing.clock)
        screens = Screens(self._stored, self._votes, self._upkeep, wall_clock)
        self.quick = QuickRounds(
            database,
            self._stored,
            self._decks,
            screens,
            players,
            settings.matchmaking,
            length=settings.quick.round_length,
            replica=replica,
            rng=rng,
        )
        self.campaigns = Campaigns(database, self._stored, screens, replica=replica)
        self.sharing = Sharing(database, self._battles, wall_clock)
        self.feedback = FeedbackOfVoters(database)
        self.profiles = Profiles(database, self._standings, players, settings.elo)

    async def start(self, *, parameters: CountParameters | None = None) -> None:
        """Register the roster's models, void the battles that an earlier process left open, and start housekeeping.

        The arena waits for `parameters` in the background, and stores the counts.

        Raises:
            db.errors.DatabaseError: the database refuses.
        """
        self.prompts.note_ended(await self._upkeep.start(parameters))

    async def apply(self, settings: Settings, roster: Roster) -> None:
        """Go on with other settings and another roster. Open battles keep the settings that they began with.

        Raises:
            Refusal: `not_stored` (nothing has changed).
        """
        await self._upkeep.apply(roster)
        self._standings.describe(roster)
        self._timing = replace(self._timing, abandon_after_s=settings.battle.abandon_after_s)
        self._stored.settings = settings.limits
        self._votes.apply(ledger.Rules.of(settings.limits), names_of(roster))
        self._battles.apply(self._timing, Paces(settings.battle.max_chars_per_s), settings.battle.max_turns)
        self._held.keep_s = settings.battle.abandon_after_s
        self._opening.settings = settings.battle
        self._opening.matchmaking = self.quick.matchmaking = settings.matchmaking
        self._decks.names = names_of(roster)

    async def close(self) -> None:
        """End every battle that is being written. The next start makes it void, and its page then says why."""
        await self._upkeep.close()
        await self._decks.close()
        self._journal.is_closing = True
        await self._battles.interrupt()

    async def status(self) -> Status:
        """Return how many models can play, and how many votes are stored.

        Raises:
            Refusal: `not_stored` (the database does not answer).
        """
        n_votes, n_counted = await in_database(self._votes.count)
        return status_of(self._players, self._opening.matchmaking, n_votes=n_votes, n_counted=n_counted)
