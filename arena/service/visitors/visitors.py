"""The use cases of a visitor's own data: consent, the list of battles, the own board, export and deletion."""

import secrets
from collections.abc import AsyncGenerator, Callable
from functools import partial

from arena.rules import limits
from arena.service.battles.memory import LiveBattles
from arena.service.storage.access import in_database
from arena.service.visitors import export
from arena.service.visitors.history import PAGE_SIZE, Chosen, OwnBattles, listed
from arena.service.visitors.own_board import OwnBoard, rater, records
from arena.standings import Board, cards_of
from db import queries
from db.codes import BattleKind
from db.errors import NoSuchBattle
from db.queries import BattleRecord, Forgotten
from db.session import Database
from elo.settings import Settings

_EXPORT_BATCH = 100


class Visitors:
    """The use cases; `Arena.visitors`. `visitor` is a pseudonym, as everywhere in the service."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], float],
        battles: LiveBattles,
        elo: Settings,
        let_go: Callable[[str], None],
    ) -> None:
        """`elo` are the official board's settings; `let_go` forgets the visitor's prompts that have no battle yet."""
        self._database = database
        self._now = now
        self._battles = battles
        self._rate = rater(elo)
        self._let_go = let_go

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

    async def battles(self, visitor: str, chosen: Chosen, before: str | None = None) -> OwnBattles:
        """Return the newest battles of the visitor among the chosen ones, or those opened before the battle `before`.
        If that is not a battle of the visitor, the list is empty.

        Raises:
            Refusal: `not_stored`.
        """
        return await in_database(partial(self._listed, visitor, chosen, before))

    async def board(self, visitor: str) -> OwnBoard:
        """Return the counts of the visitor's votes and, if there are enough, the ratings that follow from them.

        Raises:
            Refusal: `not_stored`.
        """
        return await in_database(partial(self._board, visitor))

    async def export(self, visitor: str) -> AsyncGenerator[str, None]:
        """Return everything that is stored about the visitor as the parts of one JSON file, read in batches.

        Raises:
            Refusal: `not_stored` (also in between).
        """
        opening = await in_database(partial(self._opening, visitor))
        return self._exported(visitor, opening)

    async def forget(self, visitor: str) -> Forgotten:
        """Delete the visitor's texts and the link to the visitor; return what stays. Battles being written end. Another
        request of the same visitor at this moment is forgotten too.

        Raises:
            Refusal: `not_stored` (nothing is deleted, or not everything; it can be asked again).
        """
        n_battles = n_votes = 0
        while True:
            self._let_go(visitor)
            await self._battles.drop(visitor)
            done = await in_database(partial(self._forget, visitor))
            n_battles, n_votes = n_battles + done.n_battles, n_votes + done.n_votes
            if not any(self._battles.of(visitor)):
                return Forgotten(n_battles, n_votes)

    async def _exported(self, visitor: str, opening: str) -> AsyncGenerator[str, None]:
        yield opening
        before: str | None = None
        while found := await in_database(partial(self._records, visitor, before)):
            yield export.battles(found, is_first=before is None)
            before = found[-1].battle_id
        yield export.CLOSING

    def _consent(self, visitor: str) -> float | None:
        with self._database.read() as tx:
            return queries.consent_at(tx, visitor)

    def _set_consent(self, visitor: str, is_given: bool) -> None:
        with self._database.write() as tx:
            queries.set_consent(tx, visitor, is_given=is_given, now=self._now())

    def _listed(self, visitor: str, chosen: Chosen, before: str | None) -> OwnBattles:
        with self._database.read() as tx:
            try:
                found = queries.visitor_battles(
                    tx,
                    visitor,
                    kinds=chosen.codes,
                    outcome=chosen.outcome,
                    counted=chosen.is_counted,
                    is_shared=chosen.is_shared,
                    before=before,
                    limit=PAGE_SIZE + 1,
                )
            except NoSuchBattle:
                found = []
        return listed(found)

    def _board(self, visitor: str) -> OwnBoard:
        with self._database.read() as tx:
            totals = queries.visitor_totals(tx, visitor)
            cells = tuple(sorted(queries.visitor_cells(tx, visitor, BattleKind.BATTLE)))
            models = queries.list_models(tx)
            revision = queries.ledger_state(tx).revision
        board = None
        if totals.n_counted >= limits.OWN_BOARD_VOTES:
            exclusions = {reason.label: n for reason, n in totals.exclusions.items()}
            found = self._rate(cells)
            board = Board(
                leaderboard=found.leaderboard,
                models=cards_of(models),
                revision=revision,
                computed_at=self._now(),
                n_counted=totals.n_counted,
                n_excluded=totals.n_excluded,
                exclusions=exclusions,
                average_win_rates=found.average_win_rates,
            )
        return OwnBoard(
            n_battles=totals.n_battles,
            n_shared=totals.n_shared,
            n_votes=totals.n_votes,
            n_counted=totals.n_counted,
            records=records(cells),
            board=board,
            n_counting=totals.n_counting,
        )

    def _opening(self, visitor: str) -> str:
        with self._database.read() as tx:
            return export.opening(queries.get_visitor(tx, visitor), visitor, self._now())

    def _records(self, visitor: str, before: str | None) -> list[BattleRecord]:
        with self._database.read() as tx:
            try:
                return queries.visitor_records(tx, visitor, before=before, limit=_EXPORT_BATCH)
            except NoSuchBattle:  # forgotten in between
                return []

    def _forget(self, visitor: str) -> Forgotten:
        now, fresh = self._now(), secrets.token_hex(32)
        with self._database.write() as tx:
            return queries.forget_visitor(tx, visitor, fresh=fresh, now=now, keep_addresses_since=now - limits.WINDOW_S)
