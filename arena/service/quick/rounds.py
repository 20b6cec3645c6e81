"""Quick rounds on the open decks. Each screen draws its prompt and its pair for one visitor.

Everything is in the database: the screen that waits is the visitor's votable quick battle, and the round follows from
the votes before. So a reload, another tab and a restart of the arena show the same.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from arena.rounds.quick_rounds import (
    Contender,
    Judged,
    Playing,
    PreparedPrompt,
    Round,
    deal,
    is_dealable,
    latest_round,
)
from arena.service.quick.decks import PreparedDecks
from arena.service.quick.screens import Screens
from arena.service.quick.views import Lack, RoundView
from arena.service.readiness import Players
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.service.votes.voting import WithdrawReason
from arena.settings import MatchmakingSettings
from db import queries
from db.codes import BattleKind, Policy
from db.errors import AlreadyDealt, NotAllowedNow
from db.outcome import Outcome
from db.queries import BattleRecord, NewBattle
from db.session import Database

_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Stored:
    """A visitor's votes on the open decks, the prompts that were dealt, and the battle to show: the one that waits, or
    the last one that was voted on."""

    judged: tuple[Judged, ...] = ()
    dealt: frozenset[str] = frozenset()
    shown: BattleRecord | None = None
    is_waiting: bool = False


class QuickRounds:
    """The use cases; `Arena.quick`. `visitor` is a pseudonym, as everywhere in the service."""

    def __init__(
        self,
        database: Database,
        stored: StoredBattles,
        decks: PreparedDecks,
        screens: Screens,
        players: Players,
        matchmaking: MatchmakingSettings,
        *,
        length: int,
        replica: str,
        rng: random.Random,
    ) -> None:
        """`length` is that of a round, in screens."""
        self._database = database
        self._stored = stored
        self._decks = decks
        self._screens = screens
        self._players = players
        self.matchmaking = matchmaking
        self._length = length
        self._replica = replica
        self._rng = rng

    async def view(self, visitor: str | None) -> RoundView:
        """Return what the page shows; nothing is dealt.

        Raises:
            Refusal: `not_stored`.
        """
        stored = _Stored() if visitor is None else await in_database(partial(_read, self._database, visitor))
        prompts, playing = await self._decks.prompts(), self._playing()
        dealable = [prompt for prompt in prompts if is_dealable(prompt, playing)]
        now = latest_round(stored.judged, self._length)
        return RoundView(
            screen=None if stored.shown is None else await self._screens.shown(stored.shown),
            round=Round(self._length) if stored.is_waiting and now.has_ended else now,
            n_left=sum(prompt.key not in stored.dealt for prompt in dealable),
            n_seen=len(stored.dealt),
            lack=None if dealable else _lack(prompts, playing),
        )

    async def next(self, visitor: str, *, address: str | None = None, language: str | None = None) -> None:
        """Deal the next screen, unless one waits for its vote. Prompts in `language` come first; `address` (HMAC) is
        for the limits. Without a prompt that is left, nothing happens.

        Raises:
            Refusal: `rate_limited_quick` (n, limit, window_s), `not_stored`.
        """
        for _ in range(_TRIES):
            stored = await in_database(partial(_read, self._database, visitor))
            prompts = await self._decks.prompts()
            dealt = deal(prompts, self._playing(), self._rng, seen=stored.dealt, language=language)
            if stored.is_waiting or dealt is None:
                return
            new = NewBattle(
                visitor=visitor,
                model_a=dealt.pair.model_a,
                model_b=dealt.pair.model_b,
                settings=None,
                kind=BattleKind.QUICK,
                policy=Policy.UNIFORM,
                draw_probability=dealt.pair.probability,
                address=address,
                deck_prompt=dealt.prompt,
                replica=self._replica,
            )
            try:
                await in_database(partial(self._stored.deal, new))
            except (AlreadyDealt, NotAllowedNow):  # another tab was faster, or an answer has gone
                continue
            return

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> None:
        """Vote on the screen, whose view has the names from then on. Raises as `Screens.vote`."""
        await self._screens.vote(visitor, battle_id, outcome, campaign=None)

    async def withdraw(self, visitor: str, battle_id: str, reason: WithdrawReason) -> None:
        """Withdraw the vote on the screen. Raises as `Screens.withdraw`."""
        await self._screens.withdraw(visitor, battle_id, reason)

    def _playing(self) -> Playing:
        is_apart = self.matchmaking.same_family == "never"
        return {
            player.name: Contender(player.weight, player.kin if is_apart else player.name)
            for player in self._players.playing()
        }


def _read(database: Database, visitor: str) -> _Stored:
    with database.read() as tx:
        votes = queries.quick_votes(tx, visitor)
        waiting = queries.current_battle(tx, visitor, [BattleKind.QUICK])
        shown = waiting or (votes[-1].battle_id if votes else None)
        return _Stored(
            judged=tuple(Judged(one.model_a, one.model_b, None if one.is_withdrawn else one.outcome) for one in votes),
            dealt=queries.dealt_prompts(tx, visitor),
            shown=None if shown is None else queries.get_battle(tx, shown),
            is_waiting=waiting is not None,
        )


def _lack(prompts: Sequence[PreparedPrompt], playing: Playing) -> Lack:
    answering = {name for prompt in prompts for name in prompt.answers if name in playing}
    return Lack(len(prompts), len(answering))
