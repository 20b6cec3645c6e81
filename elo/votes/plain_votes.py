"""Votes from plain CSV, read column by column.

This is the fast way of `votes_file`. Each distinct text of a column is interpreted once, by the same functions as in
the slow way. A block with an error is rejected before any of its votes is taken, and read row by row instead, so there
is one place for errors and tallies.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from elo.votes import values
from elo.votes.further import CodedFurther, Further, FurtherBlock
from elo.votes.layout import Layout
from elo.votes.plain_csv import Block, Floats, Index, NotPlainError, Texts
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import Column, VoteColumns
from elo.votes.wanted import Tally, Wanted
from elo.votes.where import ConditionError

_WRONG = -1
_OUTCOME_OF_FLAGS = np.array([_WRONG, 0, 1, _WRONG, 2, _WRONG, _WRONG, _WRONG])
"""By the sum of 1 for winner_model_a, 2 for winner_model_b and 4 for winner_tie."""


@dataclass(slots=True)
class _Judged:
    """The texts of a column and the meaning of each as a number; -1: wrong."""

    meaning: Callable[[str], int]
    texts: Texts = field(default_factory=Texts)
    _meanings: "array[int]" = field(default_factory=lambda: array("q"))

    def of(self, block: Block, column: int) -> Index:
        """(R,): the meanings of the column's texts."""
        return self.judge(self.texts.codes(block, column))

    def judge(self, codes: Index) -> Index:
        for text in self.texts.found[len(self._meanings) :]:
            try:
                self._meanings.append(self.meaning(text))
            except ValueProblem:
                self._meanings.append(_WRONG)
        meanings: Index = np.array(self._meanings, dtype=np.int64)[codes]
        return meanings


class PlainVotes:
    """The reader of one file with these columns."""

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[str],
        wanted: Wanted,
        further: Further,
        into: VoteColumns,
        tally: Tally,
    ) -> None:
        self._layout, self._wanted, self._into, self._tally = layout, wanted, into, tally
        self._place = {name: columns.index(name) for name in columns}
        self._name = _Judged(lambda text: len(values.model_name("model", text)))
        self._outcome = _Judged(lambda text: values.outcome([text]))
        self._flag = _Judged(lambda text: values.truth("flag", text, default=None))
        self._truth = _Judged(lambda text: values.truth("flag", text, default=True))
        self._kind = _Judged(wanted.is_kind)
        self._further, self._texts = CodedFurther(further), {name: Texts() for name in further.picked}
        self._reasons, self._voter, self._prepared, self._revision = Texts(), Texts(), Texts(), Texts()
        self.revisions: set[object] = set()
        """All values of ledger_revision; None without such a column."""

    def take(self, block: Block) -> None:
        """Add the votes of the block and tally its other rows, or raise NotPlainError before either."""
        is_kind = self._is_true(self._kind, block, "kind")
        extras = self._extras(block)
        is_timely = is_kind & self._is_in_time(extras, is_kind)
        coded = {name: (texts.codes(block, self._place[name]), texts.found) for name, texts in self._texts.items()}
        further = self._further.take(coded)
        is_met = self._is_chosen(further, is_timely)
        is_counted = is_met & self._is_true(self._truth, block, "counted")
        is_open = is_counted & self._is_true(self._truth, block, "anony")
        a, b, outcome = self._battles(block)
        if ((a == b) | (a < 0) | (b < 0) | (outcome < 0))[is_open].any():
            raise NotPlainError
        if further.has_wrong_number(is_open):
            raise NotPlainError
        reasons = self._reasons_of(block, is_counted)
        if "ledger_revision" in self._place:
            self._revision.codes(block, self._place["ledger_revision"])
        self.revisions.update(self._revision.found or [None])

        tally = self._tally
        tally.n_rows += len(block)
        tally.n_other_kinds += len(block) - int(is_kind.sum())
        tally.n_other_times += int(is_kind.sum() - is_timely.sum())
        tally.n_other_values += int(is_timely.sum() - is_met.sum())
        self._exclude(reasons, is_met & ~is_open, further)
        chosen = {name: column[is_open] for name, column in extras.items()}
        self._add(a[is_open], b[is_open], outcome[is_open], chosen)
        for name, cells in self._into.further_cells.items():
            codes, found = further.columns[name]
            cells.extend(codes[is_open], found)

    def _is_chosen(self, further: FurtherBlock, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(R,): which of these rows satisfy all conditions."""
        for condition in self._wanted.where:
            try:
                rows = rows & further.holds(condition, rows)
            except ConditionError as error:
                raise NotPlainError from error
        return rows

    def _is_true(self, judged: _Judged, block: Block, column: str) -> NDArray[np.bool_]:
        """(R,): whether the column is true; all are without the column."""
        if column not in self._place:
            return np.ones(len(block), dtype=np.bool_)
        found = judged.of(block, self._place[column])
        if (found == _WRONG).any():
            raise NotPlainError
        is_true: NDArray[np.bool_] = found == 1
        return is_true

    def _battles(self, block: Block) -> tuple[Index, Index, Index]:
        """(R,) each: the codes of the names on side A and on side B, and the outcome; -1: wrong."""
        codes = [self._name.texts.codes(block, self._place[side]) for side in self._layout.sides]
        a, b = (np.where(self._name.judge(code) < 0, _WRONG, code) for code in codes)
        if len(self._layout.outcome) == 1:
            return a, b, self._outcome.of(block, self._place[self._layout.outcome[0]])
        flags = [self._flag.of(block, self._place[column]) for column in self._layout.outcome]
        sums = flags[0] + 2 * flags[1] + 4 * flags[2]
        is_wrong = np.minimum.reduce(flags) < 0
        return a, b, np.where(is_wrong, _WRONG, _OUTCOME_OF_FLAGS[sums % len(_OUTCOME_OF_FLAGS)])

    def _extras(self, block: Block) -> dict[Column, Floats | Index]:
        """(R,) each: the wanted ones of voters, prepared pairs (both as codes), times and probabilities."""
        layout, wanted = self._layout, self._into.wanted
        found: dict[Column, Floats | Index] = {}
        if "voter" in wanted and layout.voter is not None:
            found["voter"] = self._voter.codes(block, self._place[layout.voter])
        if "prepared" in wanted and layout.prepared is not None:
            found["prepared"] = self._prepared.codes(block, self._place[layout.prepared])
        if layout.time is not None and ("time" in wanted or self._wanted.has_times):
            found["time"] = block.numbers(self._place[layout.time])
            if (np.abs(found["time"]) >= values.LATEST_S).any():
                raise NotPlainError
        if "draw_probability" in wanted and layout.draw_probability is not None:
            found["draw_probability"] = block.numbers(self._place[layout.draw_probability])
            if ((found["draw_probability"] <= 0) | (found["draw_probability"] > 1)).any():
                raise NotPlainError
        return found

    def _is_in_time(self, extras: Mapping[Column, Floats | Index], is_kind: NDArray[np.bool_]) -> NDArray[np.bool_]:
        since, until = self._wanted.since, self._wanted.until
        if since is None and until is None:
            return is_kind
        times = extras["time"]
        if np.isnan(times[is_kind]).any():
            raise NotPlainError
        return (times >= (-np.inf if since is None else since)) & (times < (np.inf if until is None else until))

    def _reasons_of(self, block: Block, is_counted: NDArray[np.bool_]) -> Index:
        """(R,): codes of the reasons why rows do not count; -1: no reasons, -2: not anonymous."""
        if "reasons" not in self._place:
            return np.where(is_counted, -2, -1)
        return np.where(is_counted, -2, self._reasons.codes(block, self._place["reasons"]))

    def _exclude(self, reasons: Index, is_out: NDArray[np.bool_], further: FurtherBlock) -> None:
        """Tally the rows that are out."""
        by = self._wanted.by
        codes, cells = (np.zeros_like(reasons), (None,)) if by is None else further.columns[by]
        rows = np.stack([reasons, codes])[:, is_out]
        met, numbers = np.unique(rows, axis=1, return_counts=True)
        for reason, code, n in zip(*met.tolist(), numbers.tolist(), strict=True):
            self._tally.exclude(self._named(reason), cells[code], n)

    def _named(self, reason: int) -> tuple[str, ...]:
        if reason == -2:
            return ("not_anonymous",)
        return values.reasons(self._reasons.found[reason] if reason >= 0 else "") or ("not_counted",)

    def _add(self, a: Index, b: Index, outcome: Index, extras: dict[Column, Floats | Index]) -> None:
        into = self._into
        both = into.models.of_codes(np.stack([a, b], axis=1).ravel(), self._name.texts.found).reshape(-1, 2)
        if "voter" in extras:
            extras["voter"] = into.voters.of_codes(extras["voter"], self._voter.found, unnamed="")
        if "prepared" in extras:
            extras["prepared"] = into.pairs.of_codes(extras["prepared"], self._prepared.found, unnamed="")
        into.add_many(both[:, 0], both[:, 1], outcome, extras)
