"""Voters, prepared pairs, times, probabilities and features of answers, as far as they are wanted.

R rows of a chunk
"""

from collections.abc import Callable

import numpy as np

from elo.votes import answers, values
from elo.votes.decoding.judged import Labelled, Mask, each, value_of
from elo.votes.dialects.layout import Layout
from elo.votes.files.chunks import Chunk, Floats, Index
from elo.votes.selection.wanted import Wanted
from elo.votes.style import Features
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import Column, VoteColumns


class ExtraColumns:
    """The columns of one file besides models and outcome."""

    def __init__(self, layout: Layout, wanted: Wanted, columns: VoteColumns) -> None:
        self._layout, self._has_times, self._wanted = layout, wanted.has_times, columns.wanted
        self._voter, self._prepared = Labelled(), Labelled()
        self.answers = layout.answers if "features" in self._wanted else ()

    def times(self, chunk: Chunk) -> Floats | None:
        """(R,): seconds; NaN for an empty value, infinity for a wrong one; None if they are not needed."""
        column = self._layout.time
        if not self._has_times and "time" not in self._wanted:
            return None
        if column is None or column not in chunk.columns:
            return np.full(len(chunk), np.nan)
        if (numbers := chunk.columns[column].numbers()) is not None:
            seconds = values.in_seconds(numbers)
            seconds[np.isnan(seconds) & ~np.isnan(numbers)] = np.inf
            return seconds
        return each(chunk, column, values.time_s)

    def of(
        self, chunk: Chunk, times: Floats | None, keep: Callable[[Mask], None], alive: Mask
    ) -> dict[Column, Floats | Index]:
        """(R, ...) each: the wanted ones of voters, prepared pairs (both as codes), times, probabilities, features."""
        layout, wanted = self._layout, self._wanted
        found: dict[Column, Floats | Index] = {}
        if "voter" in wanted and layout.voter is not None and layout.voter in chunk.columns:
            found["voter"], is_right = self._voter.of(chunk, layout.voter)
            keep(is_right)
        if "prepared" in wanted and layout.prepared is not None and layout.prepared in chunk.columns:
            found["prepared"], is_right = self._prepared.of(chunk, layout.prepared)
            keep(is_right)
        if "time" in wanted and times is not None:
            if "time_if_right" in wanted:
                times = np.where(np.isinf(times), np.nan, times)
            keep(~np.isinf(times))
            found["time"] = times
        if "draw_probability" in wanted and (column := layout.draw_probability or "") in chunk.columns:
            chances = chunk.columns[column].numbers()
            if chances is None:
                chances = each(chunk, column, values.probability)
            keep(np.isnan(chances) | ((chances > 0) & (chances <= 1)))
            found["draw_probability"] = chances
        if self.answers:
            found["features"], is_right = self._features(chunk, alive)
            keep(is_right)
        return found

    def _features(self, chunk: Chunk, alive: Mask) -> tuple[Floats, Mask]:
        """(R, 2 * features) and (R,): the features of both answers, and whether they are right."""
        n_features = 2 * len(Features._fields)
        features, is_right = np.full((len(chunk), n_features), np.nan), np.ones(len(chunk), dtype=np.bool_)
        columns = {name: chunk.columns[name].values() for name in self.answers if name in chunk.columns}
        sides = [chunk.columns[side].values() for side in self._layout.sides]
        for row in np.flatnonzero(alive).tolist():
            try:
                pair = answers.of_row(
                    {name: column[row] for name, column in columns.items()}, str(sides[0][row]), str(sides[1][row])
                )
            except ValueProblem:
                is_right[row] = False
            else:
                features[row] = (*pair[0], *pair[1])
        return features, is_right

    def number(self, extras: dict[Column, Floats | Index], into: VoteColumns) -> None:
        """Replace the codes of voters and prepared pairs by their numbers in `into`."""
        for name, labelled, names in (("voter", self._voter, into.voters), ("prepared", self._prepared, into.pairs)):
            if name in extras:
                codes = extras[name].astype(np.int64, copy=False)
                extras[name] = labelled.numbers.of(codes, labelled.labels, names)

    def check(self, chunk: Chunk, row: int) -> None:
        """Raise ValueProblem for the first wrong value of a row."""
        layout = self._layout
        for name, place, check in (
            ("voter", layout.voter, values.label),
            ("prepared", layout.prepared, values.label),
            ("time", layout.time, values.time_s),
            ("draw_probability", layout.draw_probability, values.probability),
        ):
            if name == "time" and "time_if_right" in self._wanted:
                continue
            if name in self._wanted and place is not None:
                check(place, value_of(chunk, place, row))
        if self.answers:
            a, b = (str(value_of(chunk, side, row)) for side in layout.sides)
            answers.of_row({name: value_of(chunk, name, row) for name in self.answers}, a, b)
