"""What a visitor has decided about the own data: whether texts may be published."""

from collections.abc import Callable
from functools import partial

from arena.service.storage import in_database
from db import queries
from db.session import Database


class Visitors:
    """The use cases; `Arena.visitors`. `visitor` is a pseudonym, as everywhere in the service."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def consent(self, visitor: str) -> float | None:
        """Return since when (Unix time) the visitor's texts and comments may be published; None if they may not.
        Consent covers the battles opened from then on.

        Raises:
            Refusal: `not_stored`.
        """
        return await in_database(partial(self._consent, visitor))

    async def set_consent(self, visitor: str, *, is_given: bool) -> None:
        """Give consent from now on, or take it back. Giving it again changes nothing; without it no battle is covered.

        Raises:
            Refusal: `not_stored`.
        """
        await in_database(partial(self._set_consent, visitor, is_given))

    def _consent(self, visitor: str) -> float | None:
        with self._database.read() as tx:
            return queries.consent_at(tx, visitor)

    def _set_consent(self, visitor: str, is_given: bool) -> None:
        with self._database.write() as tx:
            queries.set_consent(tx, visitor, is_given=is_given, now=self._now())
