"""Votes files, our own exports and the public ones, as CSV, JSON or JSON lines: read in one pass into index arrays.

    sides     model_a, model_b | left, right
    outcome   winner: a|model_a|left, b|model_b|right, tie, both_bad|tie (bothbad)
              | exactly one of winner_model_a, winner_model_b, winner_tie
    optional  counted, anony, kind, reasons, ledger_revision; every other column is left alone

Rows of another kind, rows with `counted` false and rows with `anony` false are not looked at any further, only tallied.
Every other row must be right: an unknown outcome never becomes a tie. Names are text, also where a file spells them as
numbers.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from db.outcome import Outcome
from elo.battles import Votes
from elo.rows import Row, RowsError, open_rows

_SIDES = (("model_a", "model_b"), ("left", "right"))
_FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
_FLAG_OUTCOMES = (Outcome.A, Outcome.B, Outcome.TIE)
_OPTIONAL = ("kind", "counted", "anony", "reasons", "ledger_revision")
_EXPECTED = (
    "expected model_a and model_b (or left and right) with winner (or winner_model_a, winner_model_b and winner_tie)"
)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # would break the table, or cannot be written at all
_PROGRESS_ROWS = 100_000


class VotesFileError(ValueError):
    """The file cannot be used: not there, not text, not votes."""


class BadRowError(VotesFileError):
    """One row is wrong; the message names file, line, value and expectation."""


@dataclass(frozen=True, slots=True, eq=False)
class VotesFile:
    """What files held: the votes in order, and how many rows were left out, by reason (`bad_row`: skipped as wrong)."""

    votes: Votes
    n_rows: int
    excluded: Mapping[str, int]
    n_other_kinds: int
    revision: int | None
    """The ledger's that one export was made at."""
    first_bad: str | None
    """What was wrong with the first row that was skipped."""


def read_votes(
    paths: Sequence[Path],
    *,
    kind: str | None = None,
    skip_bad: bool = False,
    progress: Callable[[int], None] | None = None,
) -> VotesFile:
    """The votes of the files, one after the other, as if they were one file.

    With `kind` None, rows of kind `battle` are taken where a file has that column, all rows where it has none. A vote
    that does not count is tallied under each of its `reasons`, else as `not_counted`; one with `anony` false as
    `not_anonymous`. `progress` is told the number of rows on the way.

    Raises BadRowError for a wrong row, unless `skip_bad` tallies it; VotesFileError for a file that is missing, empty,
    not UTF-8, no votes file, or has no column for the `kind` asked for.
    """
    reader = _Reader(kind, skip_bad, progress)
    for path in paths:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader.read(path, file)
        except RowsError as error:
            raise VotesFileError(f"{path} {error}; {_EXPECTED}") from error
        except UnicodeDecodeError as error:
            raise VotesFileError(
                f"{path} is not UTF-8 text (byte 0x{error.object[error.start]:02x}); expected CSV, JSON or JSON lines"
            ) from error
        except OSError as error:
            raise VotesFileError(f"{path} cannot be read: {error.strerror or error}") from error
    return reader.result()


class _RowError(ValueError):
    """What is wrong with a row; the caller adds where."""


@dataclass(slots=True)
class _Reader:
    kind: str | None
    skip_bad: bool
    progress: Callable[[int], None] | None
    numbers: dict[str, int] = field(default_factory=dict)
    a: "array[int]" = field(default_factory=lambda: array("i"))
    b: "array[int]" = field(default_factory=lambda: array("i"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    n_rows: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    n_other_kinds: int = 0
    revisions: set[object] = field(default_factory=set)
    first_bad: str | None = None

    def result(self) -> VotesFile:
        columns = (np.frombuffer(column, dtype=column.typecode) for column in (self.a, self.b, self.outcome))
        revision = self.revisions.pop() if len(self.revisions) == 1 else None
        return VotesFile(
            Votes(tuple(self.numbers), *columns),
            self.n_rows,
            dict(self.excluded),
            self.n_other_kinds,
            revision if isinstance(revision, int) else None,
            self.first_bad,
        )

    def read(self, path: Path, file: TextIO) -> None:
        rows = open_rows(file)
        sides = next((pair for pair in _SIDES if set(pair) <= set(rows.columns)), None)
        outcome = next((names for names in (("winner",), _FLAGS) if set(names) <= set(rows.columns)), None)
        if sides is None or outcome is None:
            found = ", ".join(map(repr, rows.columns[:12])) or "none"
            is_other = len(rows.columns) == 1 and any(mark in rows.columns[0] for mark in ";\t|")
            hint = ", separated by commas" if is_other else ""
            raise VotesFileError(f"{path} is no votes file, its columns are {found}; {_EXPECTED}{hint}")
        if self.kind is not None and "kind" not in rows.columns:
            raise VotesFileError(f"{path} has no column kind, so rows of kind {self.kind!r} cannot be told from others")
        columns = (*sides, *outcome, *_OPTIONAL)
        known: dict[tuple[object, ...], tuple[int, int, int]] = {}  # the same few rows come again and again
        add_a, add_b, add_outcome = self.a.append, self.b.append, self.outcome.append
        for row in rows.pick(columns):
            self.n_rows += 1
            if self.progress and self.n_rows % _PROGRESS_ROWS == 0:
                self.progress(self.n_rows)
            vote = known.get(row.values)
            if vote is None:
                try:
                    vote = self.vote(row, columns, sides, outcome)
                except _RowError as problem:
                    self.skip(f"{path}, line {row.line}: {problem}")
                    continue
                if vote is None:
                    continue
                if all(type(value) is str for value in row.values[:2]):  # else 1 and True would be one name
                    known[row.values] = vote
            add_a(vote[0])
            add_b(vote[1])
            add_outcome(vote[2])

    def skip(self, message: str) -> None:
        if not self.skip_bad:
            raise BadRowError(message)
        self.first_bad = self.first_bad or message
        self.excluded["bad_row"] += 1

    def vote(
        self, found: Row, columns: tuple[str, ...], sides: tuple[str, str], outcome: tuple[str, ...]
    ) -> tuple[int, int, int] | None:
        """The vote as numbers, or None where the row is left out and tallied."""
        if found.problem is not None:
            raise _RowError(found.problem)
        row = dict(zip(columns, found.values, strict=True))
        self.revisions.add(row["ledger_revision"])
        if row["kind"] != self.kind if self.kind is not None else row["kind"] not in (None, "", "battle"):
            self.n_other_kinds += 1
            return None
        if not _truth("counted", row["counted"], default=True):
            self.excluded.update(_reasons(row["reasons"]) or ("not_counted",))
            return None
        if not _truth("anony", row["anony"], default=True):
            self.excluded["not_anonymous"] += 1
            return None
        side_a, side_b = (_name(side, row[side]) for side in sides)
        if side_a == side_b:
            raise _RowError(f"{sides[0]} and {sides[1]} are both {side_a!r}; expected two models")
        code = _outcome([row[column] for column in outcome])
        numbers = self.numbers
        return numbers.setdefault(side_a, len(numbers)), numbers.setdefault(side_b, len(numbers)), int(code)


def _name(column: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise _RowError(f"{column} is {_shown(value)}; expected the name of a model")
    if _NO_TEXT.search(value):
        raise _RowError(f"{column} is {_shown(value)}; expected a name without control characters")
    return value


def _outcome(values: Sequence[object]) -> Outcome:
    if len(values) == 1:
        try:
            return Outcome.parse(str(values[0]))
        except ValueError:
            spellings = "a, model_a, left; b, model_b, right; tie; both_bad, tie (bothbad)"
            raise _RowError(f"winner is {_shown(values[0])}; expected one of {spellings}") from None
    flags = [_truth(column, value, default=None) for column, value in zip(_FLAGS, values, strict=True)]
    if sum(flags) != 1:
        raise _RowError(f"{', '.join(_FLAGS)} are {', '.join(map(_shown, values))}; expected exactly one that is 1")
    return _FLAG_OUTCOMES[flags.index(True)]


def _truth(column: str, value: object, *, default: bool | None) -> bool:
    if value in (None, "") and default is not None:
        return default
    truth = _TRUTHS.get(str(value).strip().lower())
    if truth is None:
        raise _RowError(f"{column} is {_shown(value)}; expected true or false")
    return truth


def _reasons(value: object) -> tuple[str, ...]:
    """A list, or text with the reasons separated by spaces, commas or semicolons."""
    if isinstance(value, tuple):
        return tuple(map(str, value))
    return tuple(str(value).replace(",", " ").replace(";", " ").split()) if value else ()


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
