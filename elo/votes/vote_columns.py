"""Collect votes into the arrays of `battles.Votes`.

Files and databases are collected alike, so the same votes give the same arrays: models, voters and prepared pairs are
numbered in the order of their first votes. Only the wanted columns are kept. What settings need is decided here, for
the web and for the command line: `columns_for` before the votes are read, `data_for` after.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, Protocol, TypeVar

import numpy as np

from db.outcome import Outcome
from elo.battles import Cells, Floats, Index, Votes
from elo.columns import Cell, cell
from elo.columns import Column as FurtherColumn
from elo.settings import Settings, looks_at_voters
from elo.votes.answers import SeenAnswer, of_answers
from elo.votes.style import Features, features

T = TypeVar("T")
_FIRST_BLOCK = 2**12
Column = Literal["voter", "prepared", "time", "time_if_right", "draw_probability", "features"]
"""What some settings need of a vote besides its models and its outcome. With `time_if_right` a time that means nothing
is unknown, instead of making its row wrong."""


def columns_for(settings: Settings) -> frozenset[Column]:
    """The columns that these settings use."""
    used: dict[Column, bool] = {
        "voter": settings.cluster == "voter" or looks_at_voters(settings),
        "prepared": settings.cluster in ("auto", "pair"),
        "time": settings.half_life_days is not None,
        "draw_probability": settings.weights == "draw",
        "features": bool({"length", "style", "speed"} & set(settings.control)),
    }
    return frozenset(column for column, is_used in used.items() if is_used)


def further_for(settings: Settings, by: str | None = None) -> tuple[str, ...]:
    """The further columns that these settings use, and `by`, by name."""
    names = (*settings.control_columns, settings.cluster_column, by)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def reads_style(settings: Settings) -> bool:
    """Whether the settings need the style of answers, and not only their durations."""
    return bool({"length", "style"} & set(settings.control))


def data_for(votes: Votes, settings: Settings) -> Cells | Votes:
    """What `rate` needs of these votes: counts, unless the settings need the votes one by one, cluster votes on
    prepared pairs or look at voters, which counts do not show."""
    is_clustered = settings.cluster == "auto" and votes.prepared is not None and bool((votes.prepared >= 0).any())
    names_voters = votes.voter is not None and looks_at_voters(settings)
    return votes if settings.needs_votes or is_clustered or names_voters else Cells.from_votes(votes)


@dataclass(frozen=True, slots=True)
class Extras:
    """The other columns of one vote; None and NaN: unknown."""

    voter: str | None = None
    prepared: str | None = None
    time_s: float = float("nan")
    draw_probability: float = float("nan")
    features: tuple[Features, Features] = (Features(), Features())
    further: tuple[Cell, ...] = ()
    """The cells of the further columns, in their order; empty: of a vote that has none of them."""


NO_EXTRAS = Extras()


@dataclass(slots=True)
class Numbered:
    """Names, numbered in the order of their first appearance."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))

    def of_codes(self, codes: Index, names: Sequence[str | None]) -> Index:
        """The numbers of `names[code]` for all codes, as if added one after the other; -1 for None."""
        return numbered(codes, names, lambda name: -1 if name is None else self.of(name))


def numbered(codes: Index, names: Sequence[T], number: Callable[[T], int]) -> Index:
    """`number(names[code])` for all codes, called once for each, in the order of their first appearance."""
    first = np.full(len(names), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # of equal codes the last one assigned stays
    came = np.flatnonzero(first >= 0)
    number_of = np.full(len(names), -1, dtype=np.int64)
    for code in came[np.argsort(first[came])].tolist():
        number_of[code] = number(names[code])
    return number_of[codes]


@dataclass(slots=True)
class Renumbered:
    """The numbers of a file's codes, so that each is looked up once."""

    known: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """By code; -2: not yet."""

    def of(self, codes: Index, names: Sequence[str | None], into: Numbered) -> Index:
        """The same as `into.of_codes(codes, names)`, where `names` may have grown since the last call."""
        if len(names) > len(self.known):
            self.known = np.pad(self.known, (0, len(names) - len(self.known)), constant_values=-2)
        size, start = _FIRST_BLOCK, 0
        while start < len(codes):  # the first few rows have most of the names
            block = codes[start : start + size]
            new = block[self.known[block] == -2]
            if new.size:
                self.known[new] = into.of_codes(new, names)
            start, size = start + size, 4 * size
        numbers: Index = self.known[codes]
        return numbers


@dataclass(slots=True)
class CollectedCells:
    """The cells of a further column, numbered like names."""

    numbers: dict[Cell, int] = field(default_factory=lambda: {"": -1})
    code: "array[int]" = field(default_factory=lambda: array("i"))

    def of(self, one: Cell) -> int:
        return self.numbers.setdefault(one, len(self.numbers) - 1)

    def add(self, one: Cell) -> None:
        self.code.append(self.of(one))

    def extend(self, codes: Index, cells: Sequence[Cell]) -> None:
        """Add `cells[code]` for all codes, as if added one after the other."""
        _extend(self.code, numbered(codes, cells, self.of))

    def column(self) -> FurtherColumn:
        return FurtherColumn(np.frombuffer(self.code, dtype=np.int32), tuple(self.numbers)[1:])


@dataclass(slots=True)
class VoteColumns:
    """`wanted` are the columns to keep, `known` those that some source had. `further` are other columns, by the names
    that the sources give them; every source has them."""

    wanted: frozenset[Column]
    known: set[Column] = field(default_factory=set)
    further: Sequence[str] = ()
    models: Numbered = field(default_factory=Numbered)
    voters: Numbered = field(default_factory=Numbered)
    pairs: Numbered = field(default_factory=Numbered)
    a: "array[int]" = field(default_factory=lambda: array("i"))
    b: "array[int]" = field(default_factory=lambda: array("i"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    voter: "array[int]" = field(default_factory=lambda: array("i"))
    prepared: "array[int]" = field(default_factory=lambda: array("i"))
    time_s: "array[float]" = field(default_factory=lambda: array("d"))
    draw_probability: "array[float]" = field(default_factory=lambda: array("d"))
    features: "array[float]" = field(default_factory=lambda: array("d"))
    counts: "array[int]" = field(default_factory=lambda: array("q"))
    """How many votes each stands for; empty: all for one."""
    further_cells: dict[str, CollectedCells] = field(init=False)

    def __post_init__(self) -> None:
        self.further_cells = {name: CollectedCells() for name in self.further}

    def __len__(self) -> int:
        return len(self.a)

    def add(self, model_a: str, model_b: str, outcome: Outcome, extras: Extras = NO_EXTRAS) -> None:
        """Add a vote."""
        self.add_numbered(self.models.of(model_a), self.models.of(model_b), outcome, extras)

    def add_numbered(self, a: int, b: int, outcome: int, extras: Extras = NO_EXTRAS) -> None:
        """Add a vote on numbered models."""
        self.a.append(a)
        self.b.append(b)
        self.outcome.append(outcome)
        if self.wanted:
            self._add_extras(extras)
        for name, one in zip(self.further, extras.further, strict=True):
            self.further_cells[name].add(one)

    def add_many(
        self,
        a: Index,
        b: Index,
        outcome: Index,
        extras: Mapping[Column, Floats | Index],
        counts: Index | None = None,
    ) -> None:
        """Add N votes on numbered models; `extras` are numbers too, and missing ones are unknown. `counts` are how many
        votes each stands for; None: one. The caller extends `further_cells` by theirs."""
        if counts is not None and not self.counts:
            _extend(self.counts, np.ones(len(self.a)))
        if counts is not None or self.counts:
            _extend(self.counts, np.ones(len(a)) if counts is None else counts)
        _extend(self.a, a)
        _extend(self.b, b)
        _extend(self.outcome, outcome)
        unknown: tuple[tuple[Column, array[int] | array[float], tuple[int, ...], float], ...] = (
            ("voter", self.voter, (len(a),), -1),
            ("prepared", self.prepared, (len(a),), -1),
            ("time", self.time_s, (len(a),), np.nan),
            ("draw_probability", self.draw_probability, (len(a),), np.nan),
            ("features", self.features, (len(a), 2 * len(Features._fields)), np.nan),
        )
        for name, column, shape, nothing in unknown:
            if name in self.wanted:
                _extend(column, extras[name] if name in extras else np.full(shape, nothing))

    def _add_extras(self, extras: Extras) -> None:
        if "voter" in self.wanted:
            self.voter.append(-1 if extras.voter is None else self.voters.of(extras.voter))
        if "prepared" in self.wanted:
            self.prepared.append(-1 if extras.prepared is None else self.pairs.of(extras.prepared))
        if "time" in self.wanted:
            self.time_s.append(extras.time_s)
        if "draw_probability" in self.wanted:
            self.draw_probability.append(extras.draw_probability)
        if "features" in self.wanted:
            self.features.extend(extras.features[0])
            self.features.extend(extras.features[1])

    def votes(self) -> Votes:
        """All votes. A feature that is unknown for every vote is left out."""
        known = self.known & self.wanted
        return Votes(
            tuple(self.models.numbers),
            a=np.frombuffer(self.a, dtype=np.int32),
            b=np.frombuffer(self.b, dtype=np.int32),
            outcome=np.frombuffer(self.outcome, dtype=np.int8),
            voter=np.frombuffer(self.voter, dtype=np.int32) if "voter" in known else None,
            voters=tuple(self.voters.numbers) if "voter" in known else (),
            prepared=np.frombuffer(self.prepared, dtype=np.int32) if "prepared" in known else None,
            time_s=np.frombuffer(self.time_s) if "time" in known else None,
            draw_probability=np.frombuffer(self.draw_probability) if "draw_probability" in known else None,
            features=self._features() if "features" in known else None,
            further={name: cells.column() for name, cells in self.further_cells.items()},
        )

    def _features(self) -> Mapping[str, Floats]:
        return features(np.frombuffer(self.features), len(self))


def _extend(column: "array[int] | array[float]", values: Floats | Index) -> None:
    column.frombytes(np.ascontiguousarray(values, dtype=column.typecode).ravel().view(np.uint8).data)


class Rated(Protocol):
    """A vote from a database."""

    @property
    def model_a(self) -> str: ...
    @property
    def model_b(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def cast_at(self) -> float: ...
    @property
    def voter(self) -> str: ...
    @property
    def prepared_id(self) -> str | None: ...
    @property
    def draw_probability(self) -> float | None: ...
    @property
    def answers_a(self) -> Sequence[SeenAnswer]: ...
    @property
    def answers_b(self) -> Sequence[SeenAnswer]: ...
    @property
    def further(self) -> Sequence[object]: ...


def gathered(rows: Iterable[Rated], wanted: frozenset[Column], further: Sequence[str] = ()) -> Votes:
    """The votes of a database in the order given, as the same arrays that its export gives. `further` are the names of
    the rows' further columns, in their order."""
    columns = VoteColumns(wanted, set(wanted), further)
    for row in rows:
        chance = row.draw_probability
        extras = Extras(
            row.voter,
            row.prepared_id,
            row.cast_at,
            float("nan") if chance is None else chance,
            (of_answers(row.answers_a), of_answers(row.answers_b)) if "features" in wanted else NO_EXTRAS.features,
            tuple(map(cell, further, row.further)),
        )
        columns.add(row.model_a, row.model_b, row.outcome, extras)
    return columns.votes()


def of_voters(rows: Iterable[tuple[int, int, int, int]], names: Mapping[int, str]) -> Votes:
    """The votes of a database with their voters and nothing else, from (voter, side A, side B, outcome's code), by row
    numbers. `names` are the models'."""
    voter, a, b, outcome = np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, 4).T
    models, sides = np.unique(np.concatenate([a, b]), return_inverse=True)
    voters, voter = np.unique(voter, return_inverse=True)
    named = tuple(names[model] for model in models.tolist())
    return Votes(named, sides[: len(a)], sides[len(a) :], outcome, voter=voter, voters=tuple(map(str, voters.tolist())))
