"""Fill a deck: find which answers are missing, ask for them, and store each as it comes.

Every model is asked with the deck's settings, those of `[battle]` when the deck got its first answer, and with a seed
that no other answer to the prompt has. An answer is stored in a transaction of its own, so whatever ends a run, the
next one asks only for the rest.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from arena.decks.prompt_file import Prompt
from arena.players.events import ModelStream
from arena.players.roster import Player, Roster
from arena.rules import guardrails, identity
from arena.rules.labels import labels_of
from arena.service.decks.answering import UnusableAnswer, ask, request_of
from arena.service.decks.asked import asked_of, changed, other_weights, weights_of
from arena.service.verdicts.facts import names_of
from arena.settings import BattleSettings, Settings
from arena.threads import in_thread
from db import queries
from db.errors import DatabaseError
from db.queries import DeckAnswer, DeckPrompt, ModelInfo, StoredPrompt, StoredSettings
from db.session import Database

FAILURES_IN_A_ROW = 3
"""After this many a model is asked no more in this run."""
_SEED_BOUND = 2**31
_PACE = "together"
"""Prepared answers are shown whole."""


class DeckError(ValueError):
    """The deck cannot be filled as asked; the message is one line for the owner."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An answer that is missing, and why."""

    model: str
    prompt: str
    reason: str


@dataclass(slots=True)
class Filling:
    """One run on one deck: `todo` are the prompts that each model has not answered, by name."""

    deck: str
    n_prompts: int
    n_added: int
    """Prompts that were not in the deck before."""
    battle: BattleSettings
    players: tuple[Player, ...]
    names: Mapping[str, identity.Names]
    """The roster's, by model."""
    todo: Mapping[str, tuple[StoredPrompt, ...]]
    database: Database
    rng: random.Random
    fingerprints: Mapping[str, set[str]] = field(default_factory=dict)
    """Of the answers that were there before, by model."""
    seeds: dict[str, set[int]] = field(default_factory=dict)
    """Of all answers and requests, by prompt."""
    stored: dict[str, set[str]] = field(default_factory=dict)
    """The keys of the prompts that were answered in this run, by model."""
    gaps: list[Gap] = field(default_factory=list)

    @property
    def n_todo(self) -> int:
        return sum(map(len, self.todo.values()))

    @property
    def n_done(self) -> int:
        """Answers that were stored or failed in this run."""
        return sum(map(len, self.stored.values())) + len(self.gaps)

    def give_up(self, model: str, prompts: Iterable[StoredPrompt], reason: str) -> None:
        """Note why these answers of a model are missing."""
        self.gaps += [Gap(model, one.prompt.text, reason) for one in prompts]

    def not_asked(self, reason: str) -> None:
        """Note the answers that this run has neither stored nor given up."""
        given_up = {(gap.model, gap.prompt) for gap in self.gaps}
        for model, prompts in self.todo.items():
            stored = self.stored.get(model, ())
            missing = [one for one in prompts if one.key not in stored and (model, one.prompt.text) not in given_up]
            self.give_up(model, missing, reason)

    async def answer_all(
        self, player: Player, endpoint: ModelStream, *, n_at_once: int, progress: Callable[[], None]
    ) -> None:
        """Ask one model for everything that it has not answered, `n_at_once` prompts at a time.

        Raises:
            db.errors.DatabaseError: the database refuses; the answers stored so far stay.
        """
        asking = _Asking(self, player, endpoint, iter(self.todo[player.name]), progress)
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(n_at_once):
                    tasks.create_task(asking.work())
        except* DatabaseError as group:
            raise group.exceptions[0] from None
        self.give_up(player.name, asking.left, asking.why)

    def seed(self, key: str) -> int:
        """Return a seed that no answer to the prompt has."""
        given = self.seeds.setdefault(key, set())
        while (seed := self.rng.randrange(1, _SEED_BOUND)) in given:
            pass
        given.add(seed)
        return seed

    def store(self, key: str, answer: DeckAnswer) -> None:
        with self.database.write() as tx:
            queries.save_deck_answer(tx, key, answer)


@dataclass(slots=True)
class _Asking:
    """The tasks that ask one model share this."""

    filling: Filling
    player: Player
    endpoint: ModelStream
    left: Iterator[StoredPrompt]
    progress: Callable[[], None]
    n_failures: int = 0
    why: str = ""

    async def work(self) -> None:
        filling, name = self.filling, self.player.name
        own = filling.names[name]
        while self.n_failures < FAILURES_IN_A_ROW and (prompt := next(self.left, None)) is not None:
            request = request_of(self.player, prompt.prompt.text, filling.battle, seed=filling.seed(prompt.key))
            try:
                answer = await ask(self.endpoint, request, own, list(filling.names.values()))
                self._check_weights(answer)
            except UnusableAnswer as error:
                self.n_failures = self.n_failures + 1 if error.is_about_the_model else 0
                self.why = f"not asked, after {self.n_failures} failures in a row"
                filling.give_up(name, [prompt], str(error))
            else:
                self.n_failures = 0
                await in_thread(partial(filling.store, prompt.key, answer))
                filling.stored.setdefault(name, set()).add(prompt.key)
            self.progress()

    def _check_weights(self, answer: DeckAnswer) -> None:
        known = self.filling.fingerprints.get(self.player.name, ())
        before = other_weights(self.player, known, answer.fingerprint)
        if before is not None:
            raise UnusableAnswer(
                f"its weights are others than those of its answers in the deck ({weights_of(answer.fingerprint or '')},"
                f" before {before}); {_advice(self.filling.deck, self.player.name)}",
                is_about_the_model=True,
            )


def _advice(deck: str, model: str) -> str:
    return (
        f"set them back, give the model another name, or ask for all its answers again: arena fill-deck {deck} --models"
        f' "{model}" --again'
    )


def prepare(
    database: Database,
    settings: Settings,
    players: Sequence[Player],
    deck: str,
    prompts: Sequence[Prompt],
    *,
    now: float,
    again: bool = False,
    rng: random.Random | None = None,
) -> Filling:
    """Add the prompts to the deck and return what is missing of these players' answers: all of them with `again`, which
    deletes those that are there. Prompts get the tags of the rules beside their own and, where none is given, the
    language that is told from the text.

    Raises:
        DeckError: no prompts at all, or answers that were asked for with other settings of the arena, or of a model.
        db.errors.DatabaseError: the database refuses; NotAllowedNow also if somebody has judged an answer that would be
            deleted.
    """
    common, asked = settings_of(settings.battle), {player.name: asked_of(player) for player in players}
    with database.write() as tx:
        queries.upsert_models(tx, [_info(player) for player in players], now=now)
        for player in players if again else ():
            queries.remove_answers(tx, deck, player.name)
        stored = {one.name: one for one in queries.list_decks(tx)}.get(deck)
        if not prompts and (stored is None or not stored.n_prompts):
            raise DeckError(f"deck {deck!r} has no prompts; give some with --prompts FILE")
        fingerprints = queries.deck_fingerprints(tx, deck)
        if stored is not None and stored.n_answers:
            _check_settings(deck, stored.settings, common)
            answering = {model for one in queries.deck_prompts_of(tx, deck) for model in one.models}
            _check_models(deck, {model: asked for model, asked in stored.asked.items() if model in answering}, asked)
        before = stored.n_prompts if stored is not None else 0
        for prompt in prompts:
            found_in = labels_of(prompt.text, own=prompt.tags)
            language = prompt.language or found_in.language
            queries.add_deck_prompt(tx, DeckPrompt(deck, prompt.text, found_in.tags, language))
        queries.set_deck(
            tx,
            deck,
            is_live=stored.is_live if stored is not None else deck in settings.quick.decks,
            settings=common,
            asked={**(stored.asked if stored is not None else {}), **asked},
        )
        found = queries.deck_prompts_of(tx, deck)
        seeds = queries.deck_seeds(tx, deck)
    names = [player.name for player in players]
    return Filling(
        deck=deck,
        n_prompts=len(found),
        n_added=len(found) - before,
        battle=settings.battle,
        players=tuple(players),
        names=names_of(Roster(settings.models, settings.file)),
        todo={name: tuple(one for one in found if name not in one.models) for name in names},
        database=database,
        fingerprints=fingerprints,
        seeds=seeds,
        rng=rng or random.SystemRandom(),
    )


def settings_of(battle: BattleSettings) -> StoredSettings:
    """Return what every model of a deck is asked with, as stored."""
    return StoredSettings(
        system_prompt=guardrails.arena_prompt(battle.system_prompt, has_guardrails=battle.guardrails) or None,
        temperature=battle.temperature,
        top_p=battle.top_p,
        max_tokens=battle.max_tokens,
        pace=_PACE,
    )


def _check_settings(deck: str, stored: StoredSettings | None, asked: StoredSettings) -> None:
    if stored is None:
        raise DeckError(f"deck {deck!r} has answers that came with imported votes, so it is unknown how they were asked"
                        " for; fill another deck")  # fmt: skip
    for key in ("system_prompt", "temperature", "top_p", "max_tokens"):
        before, now = getattr(stored, key), getattr(asked, key)
        if before != now:
            raise DeckError(
                f"deck {deck!r} has answers with {key} {before!r}, and the settings now have {now!r}; every answer of a"
                " deck is asked for alike, so set it back or fill another deck"
            )


def _check_models(deck: str, before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> None:
    for model, asked in now.items():
        keys = changed(before.get(model, {}), asked)
        if keys:
            raise DeckError(
                f"deck {deck!r} has answers of {model!r} that were asked for with another {' and '.join(keys)} than the"
                f" settings now have; {_advice(deck, model)}"
            )


def _info(player: Player) -> ModelInfo:
    return ModelInfo(player.name, player.family, player.organisation, player.licence, player.parameters)
