"""Start a battle: check its prompt, draw its models, store it, and ask both models."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from arena.rounds.matchmaking import TooFewPlayers, choose_pair
from arena.rules import limits
from arena.service.battles.live import LiveBattles
from arena.service.readiness import Players, Status
from arena.service.refusal import Refusal
from arena.service.storage import Storage, in_database
from arena.settings import BattleSettings
from db import queries
from db.codes import Policy
from db.queries import NewBattle


class Opening:
    """Starts the battles of one process. `status` is `Arena.status`."""

    def __init__(
        self,
        settings: BattleSettings,
        players: Players,
        storage: Storage,
        battles: LiveBattles,
        *,
        replica: str,
        rng: random.Random,
        status: Callable[[], Awaitable[Status]],
    ) -> None:
        self._settings = settings
        self._players = players
        self._storage = storage
        self._battles = battles
        self._replica = replica
        self._rng = rng
        self._status = status
        self._n_opening: Counter[str] = Counter()

    def checked(self, text: str) -> str:
        """Return the prompt without the white space around it.

        Raises:
            Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`.
        """
        try:
            return limits.checked_prompt(text, max_chars=self._settings.max_prompt_chars)
        except limits.BadPrompt as error:
            raise Refusal(error.key, **error.numbers) from error

    def refuse_when_busy(self, visitor: str) -> None:
        """Raises Refusal: `busy`."""
        n_written = sum(live.battle.is_being_written for live in self._battles.of(visitor))
        n_running = n_written + self._n_opening[visitor]  # reading a Counter adds no entry
        if n_running >= limits.MAX_RUNNING:
            raise Refusal("busy", n_running=n_running, limit=limits.MAX_RUNNING)

    async def open(self, visitor: str, prompt: str, *, address: str | None, language: str | None) -> str:
        """Start a battle with a checked prompt; return its id.

        Raises:
            Refusal: `rate_limited`, `models_loading`, `too_few_models`, `models_failed`, `not_stored`.
        """
        self._n_opening[visitor] += 1
        try:
            return await self._open(visitor, prompt, address=address, language=language)
        finally:
            self._n_opening[visitor] -= 1
            if not self._n_opening[visitor]:
                del self._n_opening[visitor]  # or the entry of every visitor would stay forever

    async def _open(self, visitor: str, prompt: str, *, address: str | None, language: str | None) -> str:
        ready = self._players.ready()
        try:
            pair = choose_pair(ready, self._rng)
        except TooFewPlayers as error:
            raise await self._too_few() from error
        given = self._settings
        settings = queries.StoredSettings(
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
        battle_id = await in_database(partial(self._storage.open, new, prompt))
        live = self._battles.add(battle_id, visitor, pair.model_a, pair.model_b, settings)
        live.battle.ask(prompt)
        return battle_id

    async def _too_few(self) -> Refusal:
        status = await self._status()
        if status.is_hopeless:
            return Refusal("models_failed", n_failed=status.n_failed, n_models=status.n_models)
        key = "models_loading" if status.n_loading else "too_few_models"
        return Refusal(key, n_ready=status.n_ready, n_models=status.n_models)
