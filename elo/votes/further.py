"""Find the other columns of a file that were asked for by name.

Most are columns of the file. Lines of our own export have some inside others, under the names that the database has:

    tags, deck        of the prepared prompt
    n_turns           prompts of the battle, 1 for a prepared one
    prompt_chars      characters of these prompts

A column NAME that a file does not have is the difference of its columns NAME_a and NAME_b, if it has both.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elo.columns import Cell, cell, number
from elo.votes.dialects.layout import LayoutError
from elo.votes.selection.where import Condition
from elo.votes.values import ValueProblem, shown

Index = NDArray[np.int64]
Flags = NDArray[np.bool_]

NESTED = _PROMPT, _TURNS = "deck_prompt", "turns"
"""Columns of our export that have others inside."""
_DERIVED = ("tags", "deck", "n_turns", "prompt_chars")
_MOST_NAMES = 40


class UnknownColumnError(LayoutError):
    """The source has no such column; the message names those it has."""


@dataclass(frozen=True, slots=True)
class Further:
    """The columns `names` of a file, from its columns `picked`, whose values are taken as they are."""

    names: tuple[str, ...]
    picked: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: frozenset[str]
    """Names whose cells must be numbers or empty."""
    awaited: set[str]
    """Names that the first row does not have, and no row so far."""

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        columns: Sequence[str],
        *,
        numbers: Collection[str] = (),
        is_first_row: bool = False,
    ) -> Self:
        """`columns` are those of the file or, if `is_first_row`, of its first row: others may have more.

        Raises UnknownColumnError.
        """
        picked: dict[str, None] = {}
        awaited = set()
        for name in names:
            if name in columns:
                picked[name] = None
            elif name in _DERIVED and {_PROMPT, _TURNS} <= set(columns):
                picked |= {_PROMPT: None, _TURNS: None}
            elif set(sides_of(name)) <= set(columns):
                picked |= dict.fromkeys(sides_of(name))
            elif is_first_row:
                picked[name] = None
                awaited.add(name)
            else:
                raise unknown_column(name, columns)
        return cls(tuple(names), tuple(picked), tuple(columns), frozenset(numbers), awaited)

    def cells(self, values: Sequence[object]) -> tuple[Cell, ...]:
        """The cells of `names` in a row whose values of `picked` are these."""
        row = dict(zip(self.picked, values, strict=True))
        self.awaited.difference_update([name for name in self.awaited if row[name] is not None])
        return tuple(cell(name, row[name] if name in row else _derived(name, row)) for name in self.names)

    def check(self, cells: Sequence[Cell]) -> None:
        """Raise ValueProblem for a cell of `numbers` that is none."""
        for name, one in zip(self.names, cells, strict=True):
            if name in self.numbers and one and math.isnan(number(one)):
                raise ValueProblem(f"{name} is {shown(one)}; expected a number")

    def check_found(self) -> None:
        """Raise UnknownColumnError at the end of the file for a name that no row had."""
        for name in self.awaited:
            raise unknown_column(name, self.columns)


def sides_of(name: str) -> tuple[str, str]:
    """The columns of which `name` is the difference."""
    return f"{name}_a", f"{name}_b"


def difference(name: str, of_a: object, of_b: object) -> Cell:
    """The number of side A less that of side B; "" where one is empty, and a text that shows both where one is not a
    number."""
    a, b = cell(name, of_a), cell(name, of_b)
    if "" in (a, b):
        return ""
    found = number(a) - number(b)
    return f"{a} - {b}" if math.isnan(found) else repr(found)


def unknown_column(name: str, columns: Collection[str]) -> UnknownColumnError:
    """The error with the names that there are, the closest first."""
    close = get_close_matches(name, columns, n=3, cutoff=0.6)
    has = f"did you mean {' or '.join(close)}? It has" if close else "it has"
    shown = [column for column in columns if column.isprintable()]
    more = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return UnknownColumnError(f"has no column {name}; {has} {', '.join(shown[:_MOST_NAMES])}{more}")


def _derived(name: str, row: Mapping[str, object]) -> object:
    if (sides := sides_of(name))[0] in row:
        return difference(name, row[sides[0]], row[sides[1]])
    prompt, turns = row.get(_PROMPT), row.get(_TURNS)
    if name in ("tags", "deck"):
        return prompt.get(name) if isinstance(prompt, Mapping) else None
    if isinstance(prompt, Mapping):
        prompts = [prompt.get("text")]
    else:
        prompts = [turn.get("prompt") for turn in turns if isinstance(turn, Mapping)] if isinstance(turns, list) else []
    texts = [text for text in prompts if isinstance(text, str)]
    return len(texts) if name == "n_turns" else sum(map(len, texts))


class CodedFurther:
    """The columns of a file that comes in blocks of coded columns: code i of a column is its i-th distinct value."""

    def __init__(self, further: Further) -> None:
        self._further = further
        self._known: dict[str, list[Cell]] = {name: [] for name in further.picked}

    def take(self, coded: Mapping[str, tuple[Index, Sequence[object]]]) -> "FurtherBlock":
        """The columns of a block. `coded` has the codes, (R,), and the distinct values so far of each column in
        `picked`."""
        for name, (_, distinct) in coded.items():
            known = self._known[name]
            known += [cell(name, value) for value in distinct[len(known) :]]
        columns: dict[str, tuple[Index, Sequence[Cell]]] = {}
        for name in self._further.names:
            if name in coded:
                columns[name] = (coded[name][0], self._known[name])
            else:
                columns[name] = self._difference(name, coded)
        return FurtherBlock(columns, self._further.numbers)

    def _difference(
        self, name: str, coded: Mapping[str, tuple[Index, Sequence[object]]]
    ) -> tuple[Index, Sequence[Cell]]:
        side_a, side_b = sides_of(name)
        cells_a, cells_b = self._known[side_a], self._known[side_b]
        met, code = np.unique(coded[side_a][0] * max(len(cells_b), 1) + coded[side_b][0], return_inverse=True)
        pairs = zip(*(part.tolist() for part in np.divmod(met, max(len(cells_b), 1))), strict=True)
        return code, [difference(name, cells_a[a], cells_b[b]) for a, b in pairs]


@dataclass(frozen=True, slots=True, eq=False)
class FurtherBlock:
    """R rows: for each name the codes, (R,), and the cells that they number."""

    columns: Mapping[str, tuple[Index, Sequence[Cell]]]
    numbers: frozenset[str]

    def holds(self, condition: Condition, rows: Flags) -> Flags:
        """(R,): whether the condition holds, looking at these `rows` (R,) only. Raises ConditionError."""
        codes, cells = self.columns[condition.column]
        found = np.zeros(len(cells), dtype=np.bool_)
        for code in np.unique(codes[rows]).tolist():
            found[code] = condition.holds(cells[code])
        chosen: Flags = found[codes]
        return chosen

    def has_wrong_numbers(self, rows: Flags) -> Flags:
        """(R,): which of these rows have a cell of `numbers` that is none."""
        found = np.zeros(len(rows), dtype=np.bool_)
        for name in self.numbers & self.columns.keys():
            codes, cells = self.columns[name]
            is_wrong = np.zeros(len(cells), dtype=np.bool_)
            for code in np.unique(codes[rows]).tolist():
                is_wrong[code] = bool(cells[code]) and math.isnan(number(cells[code]))
            found |= rows & is_wrong[codes]
        return found
