"""The prepared prompts that can be dealt, in memory.

A deck is read from the database with the first screen, and again in the background when it is more than `REREAD_S` old,
so that answers which `fill-deck` adds are dealt soon, and a deck that the owner has stopped no more. An answer on which
no vote could count is left out: without any visible text, cut by a filter, or one that names its model.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from arena.players import events
from arena.rounds.quick_rounds import PreparedPrompt
from arena.rounds.turns.attempt import CONTENT_FILTER
from arena.rules import identity
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from db import queries
from db.queries import AnswerDigest, DeckAnswer
from db.session import Database

logger = logging.getLogger(__name__)

REREAD_S = 30.0
_AT_ONCE = 500


class PreparedDecks:
    """The open decks of one arena. Use it on one event loop. `names` are the roster's, by model."""

    def __init__(
        self,
        database: Database,
        decks: Sequence[str],
        names: Mapping[str, identity.Names],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._decks = tuple(decks)
        self.names = names
        self._clock = clock
        self._prompts: tuple[PreparedPrompt, ...] | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._rereading: asyncio.Task[None] | None = None
        self._is_fit: dict[AnswerDigest, bool] = {}
        """Whether votes on an answer can count, for every answer that was read."""

    async def prompts(self) -> tuple[PreparedPrompt, ...]:
        """Return all prompts of the decks, with the answers that can be compared.

        Raises:
            Refusal: `not_stored` (nothing could be read yet).
        """
        if self._prompts is None:
            async with self._reading:
                if self._prompts is None:
                    await self._read()
        elif self._clock() - self._read_at > REREAD_S and (self._rereading is None or self._rereading.done()):
            self._rereading = asyncio.create_task(self._reread(), name="read decks")
        return self._prompts or ()

    async def close(self) -> None:
        if self._rereading is not None:
            await asyncio.wait({self._rereading})

    async def _read(self) -> None:
        self._prompts = await in_database(partial(_read, self._database, self._decks, self.names, self._is_fit))
        self._read_at = self._clock()

    async def _reread(self) -> None:
        try:
            await self._read()
        except Refusal:  # logged where it was raised; the decks stay as they were
            self._read_at = self._clock()


def _read(
    database: Database, decks: Sequence[str], names: Mapping[str, identity.Names], is_fit: dict[AnswerDigest, bool]
) -> tuple[PreparedPrompt, ...]:
    languages: dict[str, str | None] = {}
    answers: dict[str, dict[str, object]] = {}
    with database.read() as tx:
        live = {deck.name for deck in queries.list_decks(tx) if deck.is_live}  # `arena decks stop` ends it at any time
        for deck in (name for name in decks if name in live):
            found = queries.answer_digests(tx, deck)
            unknown = sorted({one.key for one in found if one not in is_fit})
            for start in range(0, len(unknown), _AT_ONCE):
                for one, said in queries.answers_to(tx, unknown[start : start + _AT_ONCE]):
                    is_fit[one] = _can_count(said, names)
            for one in found:
                languages[one.key] = one.language
                of_prompt = answers.setdefault(one.key, {})
                if is_fit.get(one, False):
                    of_prompt[one.model] = one.digest
    return tuple(PreparedPrompt(key, language, answers[key]) for key, language in languages.items())


def _can_count(said: DeckAnswer, names: Mapping[str, identity.Names]) -> bool:
    """Whether a vote on the answer can count."""
    own = names.get(said.model, identity.Names(said.model))
    return (
        events.has_text(said.text)
        and said.finish_reason != CONTENT_FILTER
        and not identity.names_itself([said.text], own, names.values())
    )
