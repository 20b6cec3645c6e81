"""The votes that count now, as of the end of each day."""

from collections.abc import Iterator

from sqlalchemy import Connection, Integer, cast, func, select, true

from db.outcome import Outcome
from db.queries.boards.filtered import conditions, of_filter
from db.queries.boards.ledger import CODE
from db.queries.roster import model_names
from db.records.boards import BoardFilter, DayCells
from db.records.votes import Cell
from db.schema import votes

_DAY_S = 86_400
_OUTCOMES = tuple(Outcome)


def daily_cells(tx: Connection, chosen: BoardFilter | None = None) -> Iterator[DayCells]:
    """Yield, for each day (UTC) on which a counted vote under the filter was cast (None: those of battles), all such
    votes up to its end. A vote that does not count any more is in none."""
    chosen, names = chosen or BoardFilter(), model_names(tx)
    # Times are not below 0, so to cut off and to round down are the same.
    day = cast(func.floor(votes.c.cast_at / _DAY_S), Integer).label("day")
    grouped = (
        of_filter(select(day, votes.c.model_a, votes.c.model_b, CODE, func.count()), chosen)
        .where(votes.c.counted == true(), *conditions(tx, chosen))
        .group_by(day, votes.c.model_a, votes.c.model_b, votes.c.outcome)
        .order_by(day)
    )
    cells: dict[tuple[int, int, int], Cell] = {}
    last: int | None = None
    found = tx.execute(grouped)
    assert found.cursor is not None
    rows = found.cursor.fetchall()  # the driver's, as in `ledger.packed_in_order`
    found.close()
    for day_number, a, b, code, n in rows:
        if last is not None and day_number != last:
            yield DayCells(last, list(cells.values()))
        last = day_number
        known = cells.get((a, b, code))
        cells[a, b, code] = Cell(names[a], names[b], _OUTCOMES[code], n if known is None else known.n + n)
    if last is not None:
        yield DayCells(last, list(cells.values()))
