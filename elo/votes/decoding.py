"""Chunks of a file as votes, whole columns at a time.

Each distinct value of a column is interpreted once. Rows that are wrong are found with arrays; then the first of them
is interpreted by itself for its message, by the same functions.

    R rows of a chunk
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.columns import Cell
from elo.votes import answers, values
from elo.votes.dialects.layout import FIXED, Layout
from elo.votes.dialects.names import folded
from elo.votes.dialects.winners import WRONG, Evidence, Labels, Style, decided
from elo.votes.files.chunks import Chunk, Coder, Floats, Index, Table
from elo.votes.further import NESTED, CodedFurther, Further, FurtherBlock
from elo.votes.selection.wanted import Tally, Wanted
from elo.votes.selection.where import ConditionError
from elo.votes.style import Features
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import Column, Renumbered, VoteColumns

Mask = NDArray[np.bool_]
_OUTCOME_OF_FLAGS = np.array([WRONG, 0, 1, WRONG, 2, WRONG, WRONG, WRONG])
"""By the sum of 1 for winner_model_a, 2 for winner_model_b and 4 for winner_tie."""


@dataclass(slots=True)
class Reading:
    """How rows are read, and what has been read so far."""

    wanted: Wanted
    columns: VoteColumns
    numbers: frozenset[str] = frozenset()
    """Further columns that must be of numbers."""
    fold_names: bool = False
    skip_bad: bool = False
    tally: Tally = field(default_factory=Tally)
    revisions: set[object] = field(default_factory=set)
    battles: set[object] = field(default_factory=set)
    first_bad: str | None = None


class VotesFileError(ValueError):
    """The file is missing, not text, or not votes."""


class BadRowError(VotesFileError):
    """One row is wrong; the message names file, line, value and what was expected."""


class OtherColumnsError(VotesFileError):
    """The columns are not those of votes, unless the caller says what they mean."""


@dataclass(slots=True)
class _Judged:
    """The meaning of each distinct value of a column as a number; WRONG where it has none."""

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


@dataclass(slots=True)
class _Labelled:
    """The distinct labels of a column; None for an empty one."""

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
        return codes, np.array(self._is_right, dtype=np.bool_)[codes]


class FileVotes:
    """The reader of one file."""

    def __init__(self, table: Table, layout: Layout, reading: Reading, labels: Labels, name: str) -> None:
        """Raises UnknownColumnError for a further column that the file does not have."""
        self._table, self._layout, self._reading, self._labels = table, layout, reading, labels
        self._file_name = name
        wanted = reading.columns.wanted
        others = (*(condition.column for condition in reading.wanted.where), reading.wanted.by)
        names = dict.fromkeys((*reading.columns.further, *(name for name in others if name is not None)))
        self._further = Further.of(
            tuple(names), table.columns, numbers=reading.numbers, is_first_row=table.is_open_ended
        )
        self._coded_further = CodedFurther(self._further)
        self._further_coders = {name: Coder() for name in self._further.picked}
        self._answers = layout.answers if "features" in wanted else ()
        self._numbers: dict[str, int] = {}
        """The names so far, folded if so wished."""
        self._name = _Judged(self._number_of)
        self._label = _Judged(labels.of)
        self._given = _Judged(labels.is_given, self._label.coder)
        self._flag = _Judged(lambda value: values.truth("flag", value, default=None))
        self._truth = _Judged(lambda value: values.truth("flag", value, default=True))
        self._kind = _Judged(reading.wanted.is_kind)
        self._count = _Judged(lambda value: values.count("count", value))
        self._reasons, self._revision = Coder(), Coder()
        self._voter, self._prepared, self._model_numbers = _Labelled(), _Labelled(), Renumbered()
        self._style: Style | None = None
        self._knows_style = False

    @property
    def names(self) -> list[str]:
        """The columns that are read."""
        later = FIXED if self._table.is_open_ended else ()
        return list(dict.fromkeys((*self._layout.used, *later, *self._answers, *self._further.picked)))

    def check_end(self) -> None:
        """Raise UnknownColumnError for a further column that no row had."""
        self._further.check_found()

    def take(self, chunk: Chunk) -> None:
        """Add the votes of the chunk and tally its other rows. Raises BadRowError, unless bad rows are skipped."""
        layout, tally = self._layout, self._reading.tally
        tally.n_rows += len(chunk)
        is_wrong = np.zeros(len(chunk), dtype=np.bool_)
        is_wrong[list(chunk.problems)] = True
        alive = ~is_wrong

        def keep(is_right: Mask) -> None:
            np.logical_or(is_wrong, alive & ~is_right, out=is_wrong)
            np.logical_and(alive, is_right, out=alive)

        if layout.battle is not None and layout.battle in chunk.columns:
            is_new = self._is_new(chunk, layout.battle, alive)
            tally.n_repeated += int((alive & ~is_new).sum())
            alive &= is_new
        self._note_revisions(chunk, alive)
        is_kind = self._is_true(self._kind, chunk, "kind") == 1
        tally.n_other_kinds += int((alive & ~is_kind).sum())
        alive &= is_kind
        times = self._times(chunk)
        if self._reading.wanted.has_times:
            assert times is not None
            keep(np.isfinite(times))
            is_met = self._is_met(times)
            tally.n_other_times += int((alive & ~is_met).sum())
            alive &= is_met
        further = self._further_of(chunk, alive)
        is_met = self._is_chosen(chunk, further, alive)
        counts, is_other = self._counts(chunk), alive & ~is_met
        # votes, as those of `parts`; a wrong count of a row that is left out is not looked at
        tally.n_other_values += int((is_other if counts is None else np.where(counts < 0, 1, counts)[is_other]).sum())
        alive &= is_met
        for column, reason in (("counted", None), ("anony", "not_anonymous")):
            truth = self._is_true(self._truth, chunk, column)
            keep(truth != WRONG)
            is_out = alive & (truth == 0)
            if is_out.any():
                self._exclude(chunk, is_out, counts, reason, further)
            alive &= truth == 1
        a, b, outcome = self.battles(chunk, alive)
        keep((a != b) & (a >= 0) & (b >= 0) & (outcome >= 0))
        if counts is not None:
            keep(counts != WRONG)
            alive &= counts != 0
        extras = self._extras(chunk, times, keep, alive)
        keep(~further.has_wrong_numbers(alive))
        if is_wrong.any():
            self._report(chunk, np.flatnonzero(is_wrong))
        rows = np.flatnonzero(alive)
        chosen = {name: column[rows] for name, column in extras.items()}
        for name, cells in self._reading.columns.further_cells.items():
            codes, found = further.columns[name]
            cells.extend(codes[rows], found)
        self._add(a[rows], b[rows], outcome[rows], chosen, None if counts is None else counts[rows])

    @property
    def models(self) -> list[str]:
        """The names by their numbers in `battles`."""
        return list(self._numbers)

    def check_battle(self, chunk: Chunk, row: int) -> None:
        """Raise ValueProblem if the row has no two models and an outcome."""
        layout = self._layout
        sides = [(side, _value(chunk, side, row)) for side in layout.sides]
        side_a, side_b = (self._folded(values.model_name(side, value)) for side, value in sides)
        if side_a == side_b:
            raise ValueProblem(f"{layout.sides[0]} and {layout.sides[1]} are both {side_a!r}; expected two models")
        found = [_value(chunk, column, row) for column in layout.outcome]
        if len(found) > 1:
            values.flags_outcome(found)
        elif self.battles(chunk, np.arange(len(chunk)) == row)[2][row] == WRONG:
            raise self._labels.problem(layout.outcome[0], found[0], (side_a, side_b))

    def chosen(self, chunk: Chunk) -> Mask:
        """(R,): which rows of the wanted kind satisfy all conditions. Raises VotesFileError where one has no
        meaning."""
        alive = self._is_true(self._kind, chunk, "kind") == 1
        alive[list(chunk.problems)] = False
        return self._is_chosen(chunk, self._further_of(chunk, alive), alive)

    # What columns mean

    def _number_of(self, value: object) -> int:
        """The number of a name."""
        return self._numbers.setdefault(self._folded(values.model_name("model", value)), len(self._numbers))

    def _folded(self, name: str) -> str:
        if not self._reading.fold_names:
            return name
        if not (found := folded(name)):
            raise ValueProblem(f"model is {values.shown(name)}; expected the name of a model")
        return found

    def _is_new(self, chunk: Chunk, column: str, alive: Mask) -> Mask:
        """(R,): whether the row's battle has not been read before; a row without one is new."""
        battles, ids = self._reading.battles, chunk.columns[column].values()
        distinct = set(ids)
        if None not in distinct and "" not in distinct and len(distinct) == len(ids) and battles.isdisjoint(distinct):
            battles |= distinct
            return np.ones(len(chunk), dtype=np.bool_)
        is_new = np.ones(len(chunk), dtype=np.bool_)
        for row in np.flatnonzero(alive).tolist():
            battle = ids[row]
            if battle not in (None, ""):
                is_new[row] = battle not in battles
                battles.add(battle)
        return is_new

    def _note_revisions(self, chunk: Chunk, alive: Mask) -> None:
        if "ledger_revision" not in chunk.columns:
            if alive.any():
                self._reading.revisions.add(None)
            return
        codes = chunk.columns["ledger_revision"].coded(self._revision)
        self._reading.revisions.update(self._revision.found[code] for code in np.unique(codes[alive]).tolist())

    def _is_true(self, judged: _Judged, chunk: Chunk, column: str) -> Index:
        """(R,): 1 for true, as all are without the column."""
        return judged.of(chunk, column) if column in chunk.columns else np.ones(len(chunk), dtype=np.int64)

    def _times(self, chunk: Chunk) -> Floats | None:
        """(R,): seconds; NaN for an empty value, infinity for a wrong one; None if they are not needed."""
        column = self._layout.time
        if not self._reading.wanted.has_times and "time" not in self._reading.columns.wanted:
            return None
        if column is None or column not in chunk.columns:
            return np.full(len(chunk), np.nan)
        if (numbers := chunk.columns[column].numbers()) is not None:
            seconds = values.in_seconds(numbers)
            seconds[np.isnan(seconds) & ~np.isnan(numbers)] = np.inf
            return seconds
        return _each(chunk, column, values.time_s)

    def _is_met(self, times: Floats) -> Mask:
        since, until = self._reading.wanted.since, self._reading.wanted.until
        is_met: Mask = (times >= (-np.inf if since is None else since)) & (times < (np.inf if until is None else until))
        return is_met

    def _counts(self, chunk: Chunk) -> Index | None:
        """(R,): how many votes each row stands for; None: one each."""
        column = self._layout.count
        if column is None:
            return None
        return self._count.of(chunk, column) if column in chunk.columns else np.full(len(chunk), WRONG, dtype=np.int64)

    def _exclude(
        self, chunk: Chunk, is_out: Mask, counts: Index | None, reason: str | None, further: FurtherBlock
    ) -> None:
        """Tally rows that do not count, under `reason` or each of their own."""
        rows = np.flatnonzero(is_out)
        n_votes = np.ones(len(rows), dtype=np.int64) if counts is None else np.maximum(counts[rows], 1)
        codes: Index = np.zeros(len(rows), dtype=np.int64)
        if reason is None and "reasons" in chunk.columns:
            codes = chunk.columns["reasons"].coded(self._reasons)[rows]
        by = self._reading.wanted.by
        of_by, cells = (np.zeros_like(codes), (None,)) if by is None else further.columns[by]
        of_by = of_by if by is None else of_by[rows]
        met, place = np.unique(np.stack([codes, of_by]), axis=1, return_inverse=True)
        sums = np.zeros(met.shape[1], dtype=np.int64)
        np.add.at(sums, place.ravel(), n_votes)
        for code, cell, n in zip(*met.tolist(), sums.tolist(), strict=True):
            reasons: tuple[str, ...] = (reason,) if reason is not None else ()
            if reason is None and "reasons" in chunk.columns:
                reasons = values.reasons(self._reasons.found[code])
            self._reading.tally.exclude(reasons or ("not_counted",), cells[cell], n)

    def _further_of(self, chunk: Chunk, alive: Mask) -> FurtherBlock:
        """The further columns, and those of the conditions."""
        further = self._further
        if not further.names:
            return FurtherBlock({}, further.numbers)
        if not set(further.picked).isdisjoint(NESTED):
            return self._nested(chunk, alive)
        coded: dict[str, tuple[Index, Sequence[object]]] = {}
        for name in further.picked:
            coder = self._further_coders[name]
            codes = chunk.columns[name].coded(coder) if name in chunk.columns else coder.of([None] * len(chunk))
            coded[name] = codes, coder.found
            if any(value is not None for value in coder.found):
                further.awaited.discard(name)
        return self._coded_further.take(coded)

    def _nested(self, chunk: Chunk, alive: Mask) -> FurtherBlock:
        """The same where some are inside others, row by row."""
        further = self._further
        picked = [chunk.columns[name].values() if name in chunk.columns else None for name in further.picked]
        known: dict[str, dict[Cell, int]] = {name: {"": 0} for name in further.names}
        codes = {name: np.zeros(len(chunk), dtype=np.int64) for name in further.names}
        for row in np.flatnonzero(alive).tolist():
            cells = further.cells([None if column is None else column[row] for column in picked])
            for name, cell in zip(further.names, cells, strict=True):
                codes[name][row] = known[name].setdefault(cell, len(known[name]))
        return FurtherBlock({name: (codes[name], list(known[name])) for name in further.names}, further.numbers)

    def _is_chosen(self, chunk: Chunk, further: FurtherBlock, rows: Mask) -> Mask:
        """(R,): which of these rows satisfy all conditions. Raises VotesFileError where one has no meaning."""
        for condition in self._reading.wanted.where:
            try:
                rows = rows & further.holds(condition, rows)
            except ConditionError:
                for row in np.flatnonzero(rows).tolist():
                    try:
                        further.holds(condition, np.arange(len(chunk)) == row)
                    except ConditionError as error:
                        place = f"{self._file_name}, {self._table.unit} {chunk.lines[row]}"
                        raise VotesFileError(f"{place}: {error}") from error
        return rows

    def battles(self, chunk: Chunk, alive: Mask) -> tuple[Index, Index, Index]:
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
        return folded(text) if self._reading.fold_names else text

    def _style_of_file(self) -> Style | None:
        """Whether the winners of the file are labels or names, from all its rows."""
        evidence = Evidence()
        for chunk in self._table.chunks([*self._layout.sides, *self._layout.outcome]):
            if all(name in chunk.columns for name in (*self._layout.sides, *self._layout.outcome)):
                a, b = (self._name.of(chunk, side) for side in self._layout.sides)
                label, by_name, _ = self._winners(chunk, a, b)
                evidence.add(label[(a >= 0) & (b >= 0)], by_name[(a >= 0) & (b >= 0)])
        return evidence.style

    def _extras(
        self, chunk: Chunk, times: Floats | None, keep: Callable[[Mask], None], alive: Mask
    ) -> dict[Column, Floats | Index]:
        """(R, ...) each: the wanted ones of voters, prepared pairs (both as codes), times, probabilities, features."""
        layout, wanted = self._layout, self._reading.columns.wanted
        found: dict[Column, Floats | Index] = {}
        if "voter" in wanted and layout.voter is not None and layout.voter in chunk.columns:
            found["voter"], is_right = self._voter.of(chunk, layout.voter)
            keep(is_right)
        if "prepared" in wanted and layout.prepared is not None and layout.prepared in chunk.columns:
            found["prepared"], is_right = self._prepared.of(chunk, layout.prepared)
            keep(is_right)
        if "time" in wanted and times is not None:
            keep(~np.isinf(times))
            found["time"] = times
        if "draw_probability" in wanted and (column := layout.draw_probability or "") in chunk.columns:
            chances = chunk.columns[column].numbers()
            if chances is None:
                chances = _each(chunk, column, values.probability)
            keep(np.isnan(chances) | ((chances > 0) & (chances <= 1)))
            found["draw_probability"] = chances
        if self._answers:
            found["features"], is_right = self._features(chunk, alive)
            keep(is_right)
        return found

    def _features(self, chunk: Chunk, alive: Mask) -> tuple[Floats, Mask]:
        """(R, 2 * features) and (R,): the features of both answers, and whether they are right."""
        n_features = 2 * len(Features._fields)
        features, is_right = np.full((len(chunk), n_features), np.nan), np.ones(len(chunk), dtype=np.bool_)
        columns = {name: chunk.columns[name].values() for name in self._answers if name in chunk.columns}
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

    # Votes and errors

    def _add(
        self,
        a: Index,
        b: Index,
        outcome: Index,
        extras: dict[Column, Floats | Index],
        counts: Index | None,
    ) -> None:
        into = self._reading.columns
        both = self._model_numbers.of(np.stack([a, b], axis=1).ravel(), self.models, into.models).reshape(-1, 2)
        if "voter" in extras:
            extras["voter"] = self._voter.numbers.of(extras["voter"].astype(np.int64), self._voter.labels, into.voters)
        if "prepared" in extras:
            extras["prepared"] = self._prepared.numbers.of(
                extras["prepared"].astype(np.int64), self._prepared.labels, into.pairs
            )
        into.add_many(both[:, 0], both[:, 1], outcome, extras, counts)

    def _report(self, chunk: Chunk, rows: Index) -> None:
        """Tally the wrong rows, and keep the message of the first; raise it unless they are skipped."""
        reading = self._reading
        reading.tally.excluded["bad_row"] += len(rows)
        if reading.first_bad is None:
            first = int(rows[0])
            reading.first_bad = (
                f"{self._file_name}, {self._table.unit} {chunk.lines[first]}: {self._problem(chunk, first)}"
            )
            if not reading.skip_bad:
                raise BadRowError(reading.first_bad)

    def _problem(self, chunk: Chunk, row: int) -> str:
        """What is wrong with a row: the first of its errors."""
        if row in chunk.problems:
            return chunk.problems[row]
        try:
            self._check(chunk, row)
        except ValueProblem as problem:
            return str(problem)
        raise AssertionError(f"row {row} is right")

    def _check(self, chunk: Chunk, row: int) -> None:
        layout, wanted = self._layout, self._reading.columns.wanted
        if self._reading.wanted.has_times:
            value = _value(chunk, layout.time, row)
            if math.isnan(values.time_s(layout.time or "", value)):
                raise ValueProblem(f"{layout.time} is {values.shown(value)}; expected seconds since 1970 or a date")
        for column in ("counted", "anony"):
            values.truth(column, _value(chunk, column, row), default=True)
        self.check_battle(chunk, row)
        if layout.count is not None:
            values.count(layout.count, _value(chunk, layout.count, row))
        for name, place, check in (
            ("voter", layout.voter, values.label),
            ("prepared", layout.prepared, values.label),
            ("time", layout.time, values.time_s),
            ("draw_probability", layout.draw_probability, values.probability),
        ):
            if name in wanted and place is not None:
                check(place, _value(chunk, place, row))
        if self._answers:
            a, b = (str(_value(chunk, side, row)) for side in layout.sides)
            answers.of_row({name: _value(chunk, name, row) for name in self._answers}, a, b)
        self._further.check(self._further.cells([_value(chunk, name, row) for name in self._further.picked]))


def _value(chunk: Chunk, column: str | None, row: int) -> object:
    return None if column is None or column not in chunk.columns else chunk.columns[column].value(row)


def _each(chunk: Chunk, column: str, meaning: Callable[[str, object], float]) -> Floats:
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
