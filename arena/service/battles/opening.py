"""Start a battle: check its prompt, draw or take its models, store it, and ask them."""

import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from arena.players.roster import Player
from arena.rounds.journal import TakeOver
from arena.rounds.matchmaking import Known, OneFamily, TooFewPlayers, draw
from arena.rounds.turns.screening import Finding
from arena.rules import guardrails, limits
from arena.rules.labels import labels_of
from arena.service.battles.memory import LiveBattles
from arena.service.moderation.prompts import PromptChecks
from arena.service.readiness import Players, Status
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.settings import BattleSettings, Example, MatchmakingSettings
from arena.threads import in_thread
from db.codes import BattleKind, Policy
from db.queries import AnswerRecord, NewBattle, StoredSettings

logger = logging.getLogger(__name__)


class Opening:
    """Starts the battles of one process. `known` returns what the last board knows of the models, and never waits for a
    new one. `status` is `Arena.status`."""

    def __init__(
        self,
        settings: BattleSettings,
        matchmaking: MatchmakingSettings,
        players: Players,
        stored: StoredBattles,
        battles: LiveBattles,
        *,
        replica: str,
        rng: random.Random,
        known: Callable[[], Known],
        status: Callable[[], Awaitable[Status]],
        checks: PromptChecks,
        examples: Sequence[Example] = (),
    ) -> None:
        self.settings = settings
        self.matchmaking = matchmaking
        self._tags = {example.text.strip(): example.tags for example in examples}
        self._players = players
        self._stored = stored
        self._battles = battles
        self._replica = replica
        self._rng = rng
        self._known = known
        self._status = status
        self._checks = checks
        self._n_opening: Counter[str] = Counter()

    def checked(self, text: str) -> str:
        """Return the prompt without the white space around it.

        Raises:
            Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`.
        """
        try:
            return limits.checked_prompt(text, max_chars=self.settings.max_prompt_chars)
        except limits.BadPrompt as error:
            raise Refusal(error.key, **error.numbers) from error

    def refuse_when_busy(self, visitor: str, *, besides: str | None = None) -> None:
        """Raises Refusal: `busy`. The battle `besides` is not counted, because it is about to end."""
        n_written = sum(
            live.battle.is_being_written and live.battle.battle_id != besides for live in self._battles.of(visitor)
        )
        n_running = n_written + self._n_opening[visitor]  # reading a Counter adds no entry
        if n_running >= limits.MAX_RUNNING:
            raise Refusal("busy", n_running=n_running, limit=limits.MAX_RUNNING)

    async def open(
        self,
        visitor: str,
        prompt: str,
        *,
        address: str | None,
        other_than: tuple[str, ...] = (),
    ) -> str:
        """Start a blind battle with a checked prompt; return its id. Where three models or more are ready, the pair is
        not `other_than`.

        Raises:
            Refusal: `rate_limited`, `models_loading`, `too_few_models`, `one_family`, `models_failed`, `not_stored`;
                those of `PromptChecks.check`.
        """
        with self._counted(visitor):
            undrawn = NewBattle(visitor, "", None, None, address=address, replica=self._replica)
            try:
                new = self._drawn(undrawn, self._players.ready(), other_than)
                finding = await self._checks.check(visitor, prompt, address=address)
                if finding is not None:  # meanwhile other models may be ready
                    new = self._drawn(undrawn, self._players.ready(), other_than)
            except (TooFewPlayers, OneFamily) as error:
                raise await self._no_pair(error) from error
            return await self._start(new, prompt, finding, can_redraw=self.settings.redraw)

    async def open_named(
        self,
        visitor: str,
        prompt: str,
        players: Sequence[Player],
        *,
        has_guardrails: bool,
        address: str | None,
    ) -> str:
        """Start a battle of one or two chosen models with a checked prompt; return its id.

        Raises:
            Refusal: `rate_limited`, `not_stored`; those of `PromptChecks.check`.
        """
        with self._counted(visitor):
            finding = await self._checks.check(visitor, prompt, address=address)
            arena = guardrails.arena_prompt(self.settings.system_prompt, has_guardrails=has_guardrails)
            new = NewBattle(
                visitor=visitor,
                model_a=players[0].name,
                model_b=players[1].name if len(players) > 1 else None,
                settings=self._settings_of(players, arena, "free"),
                kind=BattleKind.NAMED if len(players) > 1 else BattleKind.CHAT,
                address=address,
                replica=self._replica,
            )
            return await self._start(new, prompt, finding)

    async def _start(self, new: NewBattle, prompt: str, finding: Finding | None, *, can_redraw: bool = False) -> str:
        battle_id, new = await in_database(partial(self._store, new, prompt, finding))
        redraw = partial(self._redraw, battle_id, new, prompt, finding) if can_redraw else None
        self._battles.add(battle_id, new, redraw=redraw).battle.ask(prompt, finding=finding)
        return battle_id

    def _store(self, new: NewBattle, prompt: str, finding: Finding | None) -> tuple[str, NewBattle]:
        """Store the battle with its labels and what was found in its prompt; return its id, and it. Its thread may load
        the model of `labels`."""
        found = labels_of(prompt, own=self._tags.get(prompt, ()))
        labelled = replace(new, language=found.language, tags=found.tags)
        check = None if finding is None else finding.check(1, None)
        return self._stored.open(labelled, prompt, check), labelled

    def _redraw(self, battle_id: str, failed: NewBattle, prompt: str, finding: Finding | None) -> TakeOver | None:
        """Draw a pair without the models of a battle that has failed; None if no two others are ready that may meet."""
        others = [player for player in self._players.ready() if player.name not in (failed.model_a, failed.model_b)]
        try:
            new = self._drawn(failed, others)
        except (TooFewPlayers, OneFamily):
            return None

        async def take_over(answers: Sequence[AnswerRecord], asked_s: float) -> None:
            new_id = await in_thread(partial(self._stored.replace, battle_id, new, prompt, answers))
            live = self._battles.add(new_id, new)
            self._battles.succeed(battle_id, new_id)
            live.battle.ask(prompt, asked_s=asked_s, finding=finding)

        return take_over

    def _drawn(self, new: NewBattle, ready: Sequence[Player], other_than: Collection[str] = ()) -> NewBattle:
        """Draw the models of a blind battle among those that are ready; no control battle at temperature 0, where two
        equal answers would give it away. Raises TooFewPlayers, OneFamily."""
        pair = draw(
            ready,
            self._rng,
            settings=self.matchmaking,
            known=self._known(),
            has_controls=self.settings.temperature > 0,
            other_than=other_than,
        )
        by_name = {player.name: player for player in ready}
        arena = guardrails.arena_prompt(self.settings.system_prompt, has_guardrails=self.settings.guardrails)
        return replace(
            new,
            kind=BattleKind.CONTROL if pair.is_control else BattleKind.BATTLE,
            model_a=pair.model_a,
            model_b=pair.model_b,
            settings=self._settings_of([by_name[pair.model_a], by_name[pair.model_b]], arena, self.settings.pace),
            policy=Policy.parse(pair.policy),
            draw_probability=pair.probability,
        )

    @contextmanager
    def _counted(self, visitor: str) -> Iterator[None]:
        """Count a battle as running while it is opened."""
        self._n_opening[visitor] += 1
        try:
            yield
        finally:
            self._n_opening[visitor] -= 1
            if not self._n_opening[visitor]:
                del self._n_opening[visitor]  # or the entry of every visitor would stay forever

    def _settings_of(self, players: Sequence[Player], arena_prompt: str, pace: str) -> StoredSettings:
        given, own = self.settings, [player.system_prompt.strip() or None for player in players]
        return StoredSettings(
            arena_prompt or None,
            given.temperature,
            given.top_p,
            given.max_tokens,
            self._battles.pace(pace),
            own_prompt_a=own[0],
            own_prompt_b=own[1] if len(own) > 1 else None,
        )

    async def _no_pair(self, error: TooFewPlayers | OneFamily) -> Refusal:
        status = await self._status()
        if status.is_hopeless:
            return Refusal("models_failed", n_failed=status.n_failed, n_models=status.n_models)
        if isinstance(error, OneFamily):
            logger.warning("no battle can be drawn: %s", error)
        key = status.waits_for
        return Refusal(key, n_ready=status.n_ready, n_models=status.n_models)
