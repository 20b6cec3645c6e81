"""The columns of a file that are asked for by name, and the conditions on them.

R rows of a chunk
"""

from collections.abc import Sequence

import numpy as np

from elo.columns import Cell
from elo.votes.decoding.judged import Mask
from elo.votes.decoding.reading import Reading, VotesFileError
from elo.votes.files.chunks import Chunk, Coder, Index, Table
from elo.votes.further import NESTED, CodedFurther, Further, FurtherBlock
from elo.votes.selection.where import ConditionError


class NamedColumns:
    """Further columns, those of conditions, and the one by whose values votes are tallied."""

    def __init__(self, table: Table, reading: Reading, file_name: str) -> None:
        """Raises UnknownColumnError for a column that the file does not have."""
        self._conditions, self._unit, self._file_name = reading.wanted.where, table.unit, file_name
        others = (*(condition.column for condition in self._conditions), reading.wanted.by)
        names = dict.fromkeys((*reading.columns.further, *(name for name in others if name is not None)))
        self.further = Further.of(
            tuple(names), table.columns, numbers=reading.numbers, is_first_row=table.is_open_ended
        )
        self._coded = CodedFurther(self.further)
        self._coders = {name: Coder() for name in self.further.picked}

    def of(self, chunk: Chunk, alive: Mask) -> FurtherBlock:
        """The columns of the rows that are `alive`."""
        further = self.further
        if not further.names:
            return FurtherBlock({}, further.numbers)
        if not set(further.picked).isdisjoint(NESTED):
            return self._nested(chunk, alive)
        coded: dict[str, tuple[Index, Sequence[object]]] = {}
        for name in further.picked:
            coder = self._coders[name]
            codes = chunk.columns[name].coded(coder) if name in chunk.columns else coder.of([None] * len(chunk))
            coded[name] = codes, coder.found
            if any(value is not None for value in coder.found):
                further.awaited.discard(name)
        return self._coded.take(coded)

    def _nested(self, chunk: Chunk, alive: Mask) -> FurtherBlock:
        """The same where some are inside others, row by row."""
        further = self.further
        picked = [chunk.columns[name].values() if name in chunk.columns else None for name in further.picked]
        known: dict[str, dict[Cell, int]] = {name: {"": 0} for name in further.names}
        codes = {name: np.zeros(len(chunk), dtype=np.int64) for name in further.names}
        for row in np.flatnonzero(alive).tolist():
            cells = further.cells([None if column is None else column[row] for column in picked])
            for name, cell in zip(further.names, cells, strict=True):
                codes[name][row] = known[name].setdefault(cell, len(known[name]))
        return FurtherBlock({name: (codes[name], list(known[name])) for name in further.names}, further.numbers)

    def is_chosen(self, chunk: Chunk, further: FurtherBlock, rows: Mask) -> Mask:
        """(R,): which of these rows satisfy all conditions. Raises VotesFileError where one has no meaning."""
        for condition in self._conditions:
            try:
                rows = rows & further.holds(condition, rows)
            except ConditionError:
                for row in np.flatnonzero(rows).tolist():
                    try:
                        further.holds(condition, np.arange(len(chunk)) == row)
                    except ConditionError as error:
                        place = f"{self._file_name}, {self._unit} {chunk.lines[row]}"
                        raise VotesFileError(f"{place}: {error}") from error
        return rows
