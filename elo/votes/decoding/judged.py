"""The meaning of each distinct value of a column, found once.

R rows of a chunk
"""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from elo.votes import values
from elo.votes.dialects.winners import WRONG
from elo.votes.files.chunks import Chunk, Coder, Floats, Index
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import Renumbered

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Judged:
    """Meanings that are numbers; WRONG where a value has none."""

    meaning: Callable[[object], int]
    coder: Coder = field(default_factory=Coder)
    _meanings: "array[int]" = field(default_factory=lambda: array("q"))

    def of(self, chunk: Chunk, column: str) -> Index:
        """(R,): the meanings."""
        return self.judge(chunk.columns[column].coded(self.coder))

    def judge(self, codes: Index) -> Index:
        for value in self.coder.found[len(self._meanings) :]:
            try:
                self._meanings.append(self.meaning(value))
            except ValueProblem:
                self._meanings.append(WRONG)
        meanings: Index = np.array(self._meanings, dtype=np.int64)[codes]
        return meanings

    def of_or_true(self, chunk: Chunk, column: str) -> Index:
        """(R,): the meanings; 1 for all rows without the column."""
        return self.of(chunk, column) if column in chunk.columns else np.ones(len(chunk), dtype=np.int64)


@dataclass(slots=True)
class Labelled:
    """Labels; None for an empty one."""

    coder: Coder = field(default_factory=Coder)
    labels: list[str | None] = field(default_factory=list)
    numbers: Renumbered = field(default_factory=Renumbered)
    _is_right: "array[int]" = field(default_factory=lambda: array("b"))

    def of(self, chunk: Chunk, column: str) -> tuple[Index, Mask]:
        """(R,) each: the codes, and whether the value is a label."""
        codes = chunk.columns[column].coded(self.coder)
        for value in self.coder.found[len(self.labels) :]:
            try:
                self.labels.append(values.label("", value))
                self._is_right.append(True)
            except ValueProblem:
                self.labels.append(None)
                self._is_right.append(False)
        return codes, np.frombuffer(self._is_right, dtype=np.int8).astype(np.bool_)[codes]


def value_of(chunk: Chunk, column: str | None, row: int) -> object:
    """None without the column."""
    return None if column is None or column not in chunk.columns else chunk.columns[column].value(row)


def each(chunk: Chunk, column: str, meaning: Callable[[str, object], float]) -> Floats:
    """(R,): the meanings of the column's values one by one; infinity for a wrong one."""
    known: dict[object, float] = {}
    found = np.empty(len(chunk))
    for row, value in enumerate(chunk.columns[column].values()):
        try:
            if (one := known.get(value)) is None:
                try:
                    one = meaning(column, value)
                except ValueProblem:
                    one = math.inf
                if type(value) is str:
                    known[value] = one
            found[row] = one
        except TypeError:  # a list has no hash
            found[row] = math.inf
    return found
