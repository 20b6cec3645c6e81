"""The two models and the outcome of each row.

R rows of a chunk
"""

import numpy as np

from db.outcome import Outcome
from elo.votes import values
from elo.votes.decoding.judged import Judged, Mask, value_of
from elo.votes.dialects.layout import Layout
from elo.votes.dialects.names import folded
from elo.votes.dialects.winners import WRONG, Evidence, Labels, Style, decided
from elo.votes.files.chunks import Chunk, Index, Table
from elo.votes.values import ValueProblem

_OUTCOME_OF_FLAGS = np.array([WRONG, 0, 1, WRONG, 2, WRONG, WRONG, WRONG])
"""By the sum of 1 for winner_model_a, 2 for winner_model_b and 4 for winner_tie."""


class BattleColumns:
    """The columns of one file that name the models and the winner."""

    def __init__(self, table: Table, layout: Layout, labels: Labels, *, fold_names: bool) -> None:
        self._table, self._layout, self._labels, self._fold_names = table, layout, labels, fold_names
        self._numbers: dict[str, int] = {}
        """The names so far, folded if so wished."""
        self._name = Judged(self._number_of)
        self._label = Judged(labels.of)
        self._given = Judged(labels.is_given, self._label.coder)
        self._flag = Judged(lambda value: values.truth("flag", value, default=None))
        self._style: Style | None = None
        self._knows_style = False

    @property
    def models(self) -> list[str]:
        """The names by their numbers."""
        return list(self._numbers)

    def of(self, chunk: Chunk, alive: Mask) -> tuple[Index, Index, Index]:
        """(R,) each: the numbers of the names on side A and on side B, and the outcome; WRONG where there is none.
        `alive` are the rows that must be right."""
        layout = self._layout
        nothing = np.full(len(chunk), WRONG, dtype=np.int64)
        a, b = (self._name.of(chunk, side) if side in chunk.columns else nothing for side in layout.sides)
        if any(column not in chunk.columns for column in layout.outcome):
            return a, b, nothing
        if len(layout.outcome) == 1:
            label, by_name, is_given = self._winners(chunk, a, b)
            outcome, is_open = decided(label, by_name, is_given, self._style)
            if (is_open & alive).any() and not self._knows_style:
                self._style, self._knows_style = self._style_of_file(), True
                outcome, is_open = decided(label, by_name, is_given, self._style)
            return a, b, np.where(is_open, WRONG, outcome)
        flags = [self._flag.of(chunk, column) for column in layout.outcome]
        sums = flags[0] + 2 * flags[1] + 4 * flags[2]
        is_bad = np.minimum.reduce(flags) < 0
        return a, b, np.where(is_bad, WRONG, _OUTCOME_OF_FLAGS[sums % len(_OUTCOME_OF_FLAGS)])

    def check(self, chunk: Chunk, row: int) -> None:
        """Raise ValueProblem if the row has no two models and an outcome."""
        layout = self._layout
        sides = [(side, value_of(chunk, side, row)) for side in layout.sides]
        side_a, side_b = (self._folded(values.model_name(side, value)) for side, value in sides)
        if side_a == side_b:
            raise ValueProblem(f"{layout.sides[0]} and {layout.sides[1]} are both {side_a!r}; expected two models")
        found = [value_of(chunk, column, row) for column in layout.outcome]
        if len(found) > 1:
            values.flags_outcome(found)
        elif self.of(chunk, np.arange(len(chunk)) == row)[2][row] == WRONG:
            raise self._labels.problem(layout.outcome[0], found[0], (side_a, side_b))

    def _number_of(self, value: object) -> int:
        """The number of a name."""
        return self._numbers.setdefault(self._folded(values.model_name("model", value)), len(self._numbers))

    def _folded(self, name: str) -> str:
        if not self._fold_names:
            return name
        if not (found := folded(name)):
            raise ValueProblem(f"model is {values.shown(name)}; expected the name of a model")
        return found

    def _winners(self, chunk: Chunk, a: Index, b: Index) -> tuple[Index, Index, Mask]:
        """(R,) each: the outcome by label, that by name, and whether the caller says what the text means."""
        codes = chunk.columns[self._layout.outcome[0]].coded(self._label.coder)
        label, is_given = self._label.judge(codes), self._given.judge(codes) == 1
        numbers = self._numbers
        name_of = [
            numbers.get(self._folded_winner(value), WRONG) if isinstance(value, str | int) else WRONG
            for value in self._label.coder.found
        ]
        by_name = np.full(len(codes), WRONG, dtype=np.int64)
        if any(name != WRONG for name in name_of):
            name = np.array(name_of, dtype=np.int64)[codes]
            by_name[name == b] = Outcome.B
            by_name[name == a] = Outcome.A
            by_name[name == WRONG] = WRONG
        return label, by_name, is_given

    def _folded_winner(self, value: object) -> str:
        text = "" if isinstance(value, bool) else str(value)
        return folded(text) if self._fold_names else text

    def _style_of_file(self) -> Style | None:
        """Whether the winners of the file are labels or names, from all its rows."""
        evidence = Evidence()
        for chunk in self._table.chunks([*self._layout.sides, *self._layout.outcome]):
            if all(name in chunk.columns for name in (*self._layout.sides, *self._layout.outcome)):
                a, b = (self._name.of(chunk, side) for side in self._layout.sides)
                label, by_name, _ = self._winners(chunk, a, b)
                evidence.add(label[(a >= 0) & (b >= 0)], by_name[(a >= 0) & (b >= 0)])
        return evidence.style
