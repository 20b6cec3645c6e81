"""What is known of models beside their votes: size, price and speed, from a file.

    model,parameters,price_out,tokens_per_s
    Wren Sol,7241732096,0.25,48.5

JSON has the same names, in a list of objects or under `models`, as an arena's /leaderboard.json?columns=all. An empty
cell, null or a missing column is unknown; other columns are ignored.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elo.commands.shared.failures import CommandError

QUANTITIES = ("size", "price", "speed")
_COLUMNS: Mapping[str, str] = {"size": "parameters", "price": "price_out", "speed": "tokens_per_s"}
_EXPECTED = f"expected the columns model and some of {', '.join(_COLUMNS.values())}"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Parameters, dollars per million tokens of answers, tokens per second; None: unknown."""

    size: float | None = None
    price: float | None = None
    speed: float | None = None


def read_facts(path: Path) -> Mapping[str, ModelFacts]:
    """Return what a file says of models. Raises CommandError."""
    return dict(_read(path))


def quantity(name: str, facts: Mapping[str, ModelFacts]) -> Mapping[str, float]:
    """Return one of `QUANTITIES` of the models where it is known and above 0."""
    values = {model: getattr(one, name) for model, one in facts.items()}
    return {model: value for model, value in values.items() if value is not None and value > 0}


def _read(path: Path) -> Iterable[tuple[str, ModelFacts]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{path} cannot be read: {why or error}; {_EXPECTED}") from error
    for number, row in enumerate(_rows(path, text), 1):
        model = row.get("model")
        if not isinstance(model, str) or not model:
            raise CommandError(f"{path}, model {number}: model is {model!r}; expected a name")
        yield model, ModelFacts(**{name: _number(path, model, row, name) for name in QUANTITIES})


def _rows(path: Path, text: str) -> list[Mapping[str, Any]]:
    rows: object
    if text.lstrip().startswith(("{", "[")):
        try:
            rows = json.loads(text)
        except ValueError as error:
            raise CommandError(f"{path} is not JSON: {error}; {_EXPECTED}") from error
        if isinstance(rows, Mapping):
            rows = rows.get("models")
    else:
        try:
            rows = list(csv.DictReader(io.StringIO(text)))
        except csv.Error as error:
            raise CommandError(f"{path} is not CSV: {error}; {_EXPECTED}") from error
    is_right = isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)
    if not is_right or not any({"model"} < {*row} and {*_COLUMNS.values()} & {*row} for row in rows):  # type: ignore[attr-defined]
        raise CommandError(f"{path} says nothing of models; {_EXPECTED}")
    return rows  # type: ignore[return-value]


def _number(path: Path, model: str, row: Mapping[str, Any], name: str) -> float | None:
    came = row.get(_COLUMNS[name])
    if came is None or came == "":
        return None
    try:
        number = math.nan if isinstance(came, bool) else float(came)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise CommandError(f"{path}, {model}: {_COLUMNS[name]} is {came!r}; expected a number of at least 0")
    return number
