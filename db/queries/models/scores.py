"""Results of benchmarks, the further columns of the board."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from db.queries.roster import insert, model_ids
from db.records.boards import Score
from db.schema import models
from db.schema import scores as table


def save_scores(tx: Connection, scores: Iterable[Score]) -> None:
    """Store the scores; each replaces that of the same model and task. Raises NoSuchModel."""
    for one in scores:
        values = {
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "n": one.n,
            "settings": dict(one.settings or {}),
        }
        model = model_ids(tx, [one.model])[one.model]
        new = insert(tx, table).values(model_id=model, task=one.task, **values)
        tx.execute(new.on_conflict_do_update(index_elements=["model_id", "task"], set_=values))


def scores(tx: Connection) -> list[Score]:
    """Return all scores, by task and model."""
    rows = select(table, models.c.name).join(models).order_by(table.c.task, models.c.name)
    return [Score(row.name, row.task, row.value, row.low, row.high, row.n, row.settings) for row in tx.execute(rows)]
