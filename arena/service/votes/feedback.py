"""What voters think of the answers, beside their votes: reasons for each side, and a comment.

Feedback changes no rating. It belongs to a voted battle of its visitor, and a later one replaces it.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial

from arena.rules import limits
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from db import queries
from db.errors import NoSuchBattle, NotAllowedNow, NotYours
from db.records.feedback import Feedback, Tag
from db.session import Database


class FeedbackOfVoters:
    """The use cases; `Arena.feedback`. `visitor` is a pseudonym, as everywhere in the service."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, visitor: str, battle_id: str) -> Feedback:
        """Return what the visitor has said about the battle, empty if nothing.

        Raises:
            Refusal: `battle_not_found` (also for one of another visitor), `not_stored`.
        """
        return await in_database(partial(self._read, visitor, battle_id))

    async def save(
        self, visitor: str, battle_id: str, *, a: Collection[str], b: Collection[str], comment: str
    ) -> Feedback:
        """Store the tags of each side and the comment in place of what was stored; return them as stored.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (there is no vote), `unknown_tag`, `comment_too_long` (length,
                limit), `comment_not_text`, `not_stored`.
        """
        try:
            feedback = Feedback(
                tuple(tag for tag in Tag if tag in {Tag(name) for name in a}),
                tuple(tag for tag in Tag if tag in {Tag(name) for name in b}),
                limits.checked_comment(comment),
            )
        except limits.BadPrompt as error:
            raise Refusal(error.key, **error.numbers) from error
        except ValueError as error:
            raise Refusal("unknown_tag") from error
        await in_database(partial(self._write, visitor, battle_id, feedback))
        return feedback

    def _read(self, visitor: str, battle_id: str) -> Feedback:
        with _refusing(), self._database.read() as tx:
            battle = queries.get_battle(tx, battle_id)
            if battle.visitor != visitor:
                raise NotYours(f"battle {battle_id} belongs to another visitor")
            return battle.feedback

    def _write(self, visitor: str, battle_id: str, feedback: Feedback) -> None:
        with _refusing(), self._database.write() as tx:
            queries.save_feedback(tx, battle_id, visitor=visitor, feedback=feedback)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except NotAllowedNow as error:
        raise Refusal("not_yet") from error
    except (NoSuchBattle, NotYours) as error:
        raise Refusal("battle_not_found") from error
