"""How fast models answer, as their latest answers show."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

from sqlalchemy import Connection, func, select

from db.codes import Side
from db.queries.roster import model_names
from db.schema import answers, battles

_LATEST = 2_000
"""Battles whose answers are read: 10 ms."""
_FEW_TOKENS = 8
"""With fewer, the start of an answer takes most of its time, so it does not show the model's speed."""


def speeds(tx: Connection) -> Mapping[str, float]:
    """Return the tokens per second of each model's answers in the latest 2,000 battles, from the request to the end,
    as their median. A model without such an answer is absent."""
    newest = tx.scalar(select(func.max(battles.c.id))) or 0
    found: dict[int, list[float]] = defaultdict(list)
    chosen = (
        select(battles.c.model_a, battles.c.model_b, answers.c.side, answers.c.completion_tokens, answers.c.duration_ms)
        .join(battles, answers.c.battle_id == battles.c.id)
        .where(
            answers.c.battle_id > newest - _LATEST,
            answers.c.error.is_(None),
            answers.c.completion_tokens >= _FEW_TOKENS,
            answers.c.duration_ms > 0,
        )
    )
    for model_a, model_b, side, n_tokens, duration_ms in tx.execute(chosen):
        found[model_a if side is Side.A else model_b].append(1000 * n_tokens / duration_ms)
    names = model_names(tx)
    return {names[model]: median(several) for model, several in found.items()}
