"""The rows of one file as votes: those that are wanted, and a tally of the others.

Rows that are wrong are found with arrays; then the first of them is interpreted by itself for its message, by the same
functions.

    R rows of a chunk
"""

import math

import numpy as np

from elo.votes import values
from elo.votes.decoding.battles import BattleColumns
from elo.votes.decoding.conditions import NamedColumns
from elo.votes.decoding.extras import ExtraColumns
from elo.votes.decoding.judged import Judged, Mask, value_of
from elo.votes.decoding.reading import BadRowError, Reading
from elo.votes.dialects.layout import FIXED, Layout
from elo.votes.dialects.winners import WRONG, Labels
from elo.votes.files.chunks import Chunk, Coder, Floats, Index, Table
from elo.votes.further import FurtherBlock
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import Column, Renumbered


class FileVotes:
    """The reader of one file."""

    def __init__(self, table: Table, layout: Layout, reading: Reading, labels: Labels, name: str) -> None:
        """Raises UnknownColumnError for a further column that the file does not have."""
        self._table, self._layout, self._reading, self._file_name = table, layout, reading, name
        self.battles = BattleColumns(table, layout, labels, fold_names=reading.fold_names)
        self._named = NamedColumns(table, reading, name)
        self._extras = ExtraColumns(layout, reading.wanted, reading.columns)
        self._truth = Judged(lambda value: values.truth("flag", value, default=True))
        self._kind = Judged(reading.wanted.is_kind)
        self._count = Judged(lambda value: values.count("count", value))
        self._reasons, self._revision, self._model_numbers = Coder(), Coder(), Renumbered()

    @property
    def names(self) -> list[str]:
        """The columns that are read."""
        later = FIXED if self._table.is_open_ended else ()
        return list(dict.fromkeys((*self._layout.used, *later, *self._extras.answers, *self._named.further.picked)))

    def check_end(self) -> None:
        """Raise UnknownColumnError for a further column that no row had."""
        self._named.further.check_found()

    def take(self, chunk: Chunk) -> None:
        """Add the votes of the chunk and tally its other rows. Raises BadRowError, unless bad rows are skipped."""
        tally = self._reading.tally
        tally.n_rows += len(chunk)
        is_wrong = np.zeros(len(chunk), dtype=np.bool_)
        is_wrong[list(chunk.problems)] = True
        alive = ~is_wrong

        def keep(is_right: Mask) -> None:
            np.logical_or(is_wrong, alive & ~is_right, out=is_wrong)
            np.logical_and(alive, is_right, out=alive)

        a, b, outcome = self.battles.of(chunk, alive)
        alive &= self.are_new(chunk, outcome, alive)
        self._note_revisions(chunk, alive)
        is_kind = self._kind.of_or_true(chunk, "kind") == 1
        tally.n_other_kinds += int((alive & ~is_kind).sum())
        alive &= is_kind
        times = self._extras.times(chunk)
        if self._reading.wanted.has_times:
            assert times is not None
            keep(np.isfinite(times))
            is_met = self._is_met(times)
            tally.n_other_times += int((alive & ~is_met).sum())
            alive &= is_met
        further = self._named.of(chunk, alive)
        is_met = self._named.is_chosen(chunk, further, alive)
        counts, is_other = self._counts(chunk), alive & ~is_met
        # votes, as those of `parts`; a wrong count of a row that is left out is not looked at
        tally.n_other_values += int((is_other if counts is None else np.where(counts < 0, 1, counts)[is_other]).sum())
        alive &= is_met
        for column, reason in (("counted", None), ("anony", "not_anonymous")):
            truth = self._truth.of_or_true(chunk, column)
            keep(truth != WRONG)
            is_out = alive & (truth == 0)
            if is_out.any():
                self._exclude(chunk, is_out, counts, reason, further)
            alive &= truth == 1
        keep((a != b) & (a >= 0) & (b >= 0) & (outcome >= 0))
        if counts is not None:
            keep(counts != WRONG)
            alive &= counts != 0
        extras = self._extras.of(chunk, times, keep, alive)
        keep(~further.has_wrong_numbers(alive))
        if is_wrong.any():
            self._report(chunk, np.flatnonzero(is_wrong))
        rows = np.flatnonzero(alive)
        chosen = {name: column[rows] for name, column in extras.items()}
        for name, cells in self._reading.columns.further_cells.items():
            codes, found = further.columns[name]
            cells.extend(codes[rows], found)
        self._add(a[rows], b[rows], outcome[rows], chosen, None if counts is None else counts[rows])

    def are_new(self, chunk: Chunk, outcome: Index, rows: Mask) -> Mask:
        """(R,): whether the battle of each of these `rows` has not been read before; the others are tallied."""
        column, tally = self._layout.battle, self._reading.tally
        if column is None or column not in chunk.columns:
            return np.ones(len(chunk), dtype=np.bool_)
        votes = 2 * (outcome + 1) + (self._truth.of_or_true(chunk, "counted") == 1)
        repeats, differs = self._reading.repeats.of(chunk.columns[column].values(), votes, rows)
        tally.n_repeated += int(repeats.sum())
        tally.n_contradicting += int(differs.sum())
        return ~repeats

    def chosen(self, chunk: Chunk) -> Mask:
        """(R,): which rows of the wanted kind satisfy all conditions. Raises VotesFileError where one has no
        meaning."""
        alive = self._kind.of_or_true(chunk, "kind") == 1
        alive[list(chunk.problems)] = False
        return self._named.is_chosen(chunk, self._named.of(chunk, alive), alive)

    def _note_revisions(self, chunk: Chunk, alive: Mask) -> None:
        if "ledger_revision" not in chunk.columns:
            if alive.any():
                self._reading.revisions.add(None)
            return
        codes = chunk.columns["ledger_revision"].coded(self._revision)
        self._reading.revisions.update(self._revision.found[code] for code in np.unique(codes[alive]).tolist())

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
        both = self._model_numbers.of(np.stack([a, b], axis=1).ravel(), self.battles.models, into.models).reshape(-1, 2)
        self._extras.number(extras, into)
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
        layout = self._layout
        if self._reading.wanted.has_times:
            value = value_of(chunk, layout.time, row)
            if math.isnan(values.time_s(layout.time or "", value)):
                raise ValueProblem(f"{layout.time} is {values.shown(value)}; expected seconds since 1970 or a date")
        for column in ("counted", "anony"):
            values.truth(column, value_of(chunk, column, row), default=True)
        self.battles.check(chunk, row)
        if layout.count is not None:
            values.count(layout.count, value_of(chunk, layout.count, row))
        self._extras.check(chunk, row)
        further = self._named.further
        further.check(further.cells([value_of(chunk, name, row) for name in further.picked]))
