"""One more column of votes, under its name in the source: text, numbers or lists of text.

Conditions (`--where`), boards by value (`--by`), clusters and covariates use such columns. Every source (CSV, JSON,
Parquet, a database, a data frame) turns its values into the same cells, so all give the same column:

    text, or a number or true or false as text      "ko"     "3.5"     "true"
    a list, as a tuple of its different texts       ("code", "math")
    nothing (null, NaN, an empty text)              ""

    N votes, V different cells
"""

import ast
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Cell: TypeAlias = str | tuple[str, ...]
_SEPARATORS = str.maketrans(";|", ",,")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Vote i has the cell `cells[code[i]]`, or an empty one for code -1. `cells` are all different, and not empty."""

    code: NDArray[np.integer]
    """(N,)"""
    cells: tuple[Cell, ...]
    """(V,), in the order of their first votes."""

    @classmethod
    def of(cls, name: str, values: Iterable[object]) -> Self:
        """From N values of any kind, see `cell`."""
        numbers: dict[Cell, int] = {"": -1}
        code = [numbers.setdefault(cell(name, value), len(numbers) - 1) for value in values]
        return cls(np.array(code, dtype=np.int32), tuple(numbers)[1:])

    def __len__(self) -> int:
        return len(self.code)

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.integer]) -> Self:
        """The column of the chosen votes."""
        return replace(self, code=self.code[chosen])

    def numbers(self, name: str) -> NDArray[np.float64]:
        """(N,): the cells as numbers, NaN for an empty one. Raises ValueError, naming the vote, for any other text."""
        found: NDArray[np.float64] = np.array([*map(number, self.cells), math.nan])[self.code]
        if (wrong := np.flatnonzero(np.isnan(found) & (self.code >= 0))).size:
            value = self.cells[int(self.code[wrong[0]])]
            raise ValueError(f"vote {wrong[0] + 1}: {name} is {value!r}; expected a number")
        return found

    def texts(self) -> dict[str, NDArray[np.bool_]]:
        """For each text the votes, (N,), that have it, alone or in a list; "" for empty cells. Those with the
        most votes first, then by name."""
        codes_of: dict[str, list[int]] = {}
        for code, one in enumerate(self.cells):
            for text in one if isinstance(one, tuple) else (one,):
                codes_of.setdefault(text, []).append(code)
        chosen = {text: np.isin(self.code, codes) for text, codes in codes_of.items()} | {"": self.code < 0}
        order = sorted(chosen, key=lambda text: (-int(chosen[text].sum()), text))
        return {text: chosen[text] for text in order if chosen[text].any()}


def cell(name: str, value: object) -> Cell:
    """The cell of a value in the column of that name.

    A text that is a list in JSON or as Python writes it is a list, because CSV has no other way; so is the text of
    `tags`, with commas, semicolons or bars between them.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        if value.startswith("["):
            return _listed(_parsed(value))
        if name == "tags" and value:
            return _listed(value.translate(_SEPARATORS).split(","))
        return value
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return _listed(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return _text(value)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return "" if text in ("NaT", "<NA>") else text  # how pandas writes a missing value


def _listed(value: object) -> Cell:
    """A list, "" for an empty one; a text as it is."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        return _text(value)
    texts = dict.fromkeys(_text(one).strip() for one in value)
    texts.pop("", None)
    return tuple(texts) or ""


def _parsed(text: str) -> object:
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return found if isinstance(found, list) else text
    return text


def number(value: Cell) -> float:
    """A finite number, with 1 for true and 0 for false; NaN for anything else."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return float(value.lower() == "true")
    try:
        found = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan
