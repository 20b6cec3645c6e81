"""Votes as index arrays, and counts of each pair, where a tie is half a win for both.

A Bradley-Terry fit depends on the votes only through how often each pair met with each outcome: at most 2K(K - 1)
cells for K models. Once the votes are counted, the cost of a fit no longer depends on their number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.columns import Column

Index = NDArray[np.int64]
Floats = NDArray[np.float64]

_OPTIONAL = ("voter", "prepared", "time_s", "draw_probability")
_N_OUTCOMES = len(Outcome)
_OUTCOMES = tuple(Outcome)
_SWAPPED = np.array([outcome.swapped for outcome in Outcome], dtype=np.int64)
_CHUNK = 2**15
_MAX_TABLE = 2**23


class MissingDataError(ValueError):
    """The votes lack something that the settings need; the message names it and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """N votes in order: vote i is `models[a[i]]` against `models[b[i]]` with outcome code `outcome[i]`, seen from a.

    The other columns are None where they are unknown; only some settings need them. Raises ValueError for a column of
    another length than the votes, and for a number without a model or an outcome.
    """

    models: tuple[str, ...]
    a: NDArray[np.integer]
    b: NDArray[np.integer]
    outcome: NDArray[np.integer]
    voter: NDArray[np.integer] | None = None
    """The voter, as an index into `voters`; -1: unknown."""
    voters: tuple[str, ...] = ()
    prepared: NDArray[np.integer] | None = None
    """The number of the prepared pair of answers, on which several people may vote; -1: a live battle."""
    time_s: Floats | None = None
    """When the vote was cast, in seconds since some fixed moment; NaN: unknown."""
    draw_probability: Floats | None = None
    """The probability with which this pair was drawn on these sides; NaN: unknown."""
    features: Mapping[str, Floats] | None = None
    """Raw features of the answers, (N, 2) each, side A and side B; NaN: unknown. Names: tokens or characters, headers,
    lists, bold (counts), seconds."""
    further: Mapping[str, Column] = field(default_factory=dict)
    """Other columns of the source that were asked for, by name, such as language or tags."""

    def __post_init__(self) -> None:
        columns = {name: getattr(self, name) for name in ("b", "outcome", *_OPTIONAL)}
        for name, column in columns.items():
            if column is not None and column.shape != self.a.shape:
                raise ValueError(
                    f"column {name!r} has shape {column.shape}, but column 'a' has {self.a.shape}; "
                    "expected one value per vote"
                )
        for name, column in (self.features or {}).items():
            if column.shape != (len(self.a), 2):
                raise ValueError(f"feature {name} has shape {column.shape}; expected {(len(self.a), 2)}")
        for name, further in self.further.items():
            if len(further) != len(self.a):
                raise ValueError(
                    f"column {name!r} has {len(further)} cells; expected one for each of {len(self.a)} votes"
                )
        for name, column, n in (
            ("a", self.a, len(self.models)),
            ("b", self.b, len(self.models)),
            ("outcome", self.outcome, _N_OUTCOMES),
        ):
            if len(column) and not 0 <= column.min() <= column.max() < n:
                wrong = int(np.flatnonzero((column < 0) | (column >= n))[0])
                raise ValueError(f"vote {wrong + 1}: {name} {column[wrong]}; expected a whole number from 0 to {n - 1}")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, Outcome]]) -> Self:
        """Number the models by first appearance. Raises ValueError, naming the vote by its position from 1, for a model
        against itself."""
        numbers: dict[str, int] = {}
        flat: list[int] = []
        for position, (model_a, model_b, outcome) in enumerate(rows, start=1):
            if model_a == model_b:
                raise ValueError(f"vote {position}: {model_a!r} against itself; a battle needs two models")
            flat += (numbers.setdefault(model_a, len(numbers)), numbers.setdefault(model_b, len(numbers)), outcome)
        columns = np.array(flat, dtype=np.int32).reshape(-1, 3).T
        return cls(tuple(numbers), columns[0], columns[1], columns[2].astype(np.int8))

    def __len__(self) -> int:
        return len(self.a)

    def select(self, chosen: NDArray[np.bool_] | Index) -> Self:
        """The votes where `chosen`, (N,), is true, or at these indices, with all their columns; the names stay."""
        columns = {name: getattr(self, name) for name in ("a", "b", "outcome", *_OPTIONAL)}
        return replace(
            self,
            **{name: column[chosen] for name, column in columns.items() if column is not None},
            features=self.features and {name: column[chosen] for name, column in self.features.items()},
            further={name: column.select(chosen) for name, column in self.further.items()},
        )

    def __iter__(self) -> Iterator[tuple[str, str, Outcome]]:
        models = self.models
        for a, b, outcome in zip(self.a.tolist(), self.b.tolist(), self.outcome.tolist(), strict=True):
            yield models[a], models[b], _OUTCOMES[outcome]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """M unordered pairs that met, sorted, a < b: votes won by a, won by b, and without a winner (half a point each).

    For weighted votes these are sums of weights, and `won2`, `lost2`, `tied2` those of their squares (None: each vote
    weighs 1, so the squares are the same).
    """

    models: tuple[str, ...]
    a: Index
    b: Index
    won: Floats
    lost: Floats
    tied: Floats
    won2: Floats | None = None
    lost2: Floats | None = None
    tied2: Floats | None = None

    @property
    def n_models(self) -> int:
        return len(self.models)

    @property
    def points(self) -> Floats:
        """The points of a against b."""
        return self.won + self.tied / 2

    @property
    def games(self) -> Floats:
        return self.won + self.lost + self.tied

    @property
    def squares(self) -> tuple[Floats, Floats, Floats]:
        """Sums of squared weights: won, lost, tied."""
        return (
            self.won if self.won2 is None else self.won2,
            self.lost if self.lost2 is None else self.lost2,
            self.tied if self.tied2 is None else self.tied2,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """How often each unordered pair met with each outcome: C cells, sorted by (a, b, outcome), none of them empty.

    `models` are sorted by name and all have a vote; a < b; the outcome is seen from a. So the same votes give the same
    arrays in any order, from any files and on any sides, which makes ratings and seeded intervals equal bit for bit.
    """

    models: tuple[str, ...]
    a: Index
    b: Index
    outcome: Index
    count: Index

    @classmethod
    def from_counts(cls, counts: Iterable[tuple[str, str, Outcome, int]]) -> Self:
        """From (model on side A, model on side B, outcome, number of votes); a cell may be in several parts.

        >>> cells = Cells.from_counts([("wren", "lark", Outcome.A, 3), ("lark", "wren", Outcome.A, 1)])
        >>> cells.models, cells.outcome.tolist(), cells.count.tolist()
        (('lark', 'wren'), [0, 1], [1, 3])

        Raises ValueError for a model against itself and for a negative number.
        """
        rows = []
        for model_a, model_b, outcome, n in counts:
            if model_a == model_b:
                raise ValueError(f"{n} votes of {model_a!r} against itself; a battle needs two models")
            if n < 0:
                raise ValueError(f"{n} votes of {model_a!r} against {model_b!r}; a count cannot be negative")
            if n:
                rows.append((model_a, model_b, outcome, n))
        models = sorted({model for row in rows for model in row[:2]})
        number = {model: i for i, model in enumerate(models)}
        table = np.array([(number[a], number[b], outcome, n) for a, b, outcome, n in rows], dtype=np.int64)
        a, b, outcome_codes, n_votes = table.reshape(-1, 4).T
        return cls._merge(tuple(models), _keys(a, b, outcome_codes, len(models)), n_votes)

    @classmethod
    def from_votes(cls, votes: Votes) -> Self:
        """Count the votes. Raises ValueError, naming the vote by its position from 1, for a model against itself."""
        n_names = len(votes.models)
        if n_names * n_names * _N_OUTCOMES <= _MAX_TABLE:
            return cls._fold(votes, _table(votes))
        unfolded = (votes.a.astype(np.int64) * n_names + votes.b) * _N_OUTCOMES + votes.outcome
        keys, counts = np.unique(unfolded, return_counts=True)
        pair, outcome = np.divmod(keys, _N_OUTCOMES)
        a, b = np.divmod(pair, n_names)
        if (a == b).any():
            raise _itself(votes)
        by_name = _by_name(votes, np.bincount(a, minlength=n_names) + np.bincount(b, minlength=n_names))
        place = np.zeros(n_names, dtype=np.int64)
        place[by_name] = np.arange(len(by_name))
        merged = _keys(place[a], place[b], outcome, len(by_name))
        return cls._merge(tuple(votes.models[i] for i in by_name), merged, counts)

    @classmethod
    def _fold(cls, votes: Votes, table: Index) -> Self:
        """From the (K, K, 4) counts of the votes, before sides and names are sorted."""
        if table.diagonal().any():
            raise _itself(votes)
        by_name = _by_name(votes, table.sum(axis=(1, 2)) + table.sum(axis=(0, 2)))
        first, second = np.triu_indices(len(by_name), 1)
        place = np.array(by_name, dtype=np.int64)
        a, b = place[first], place[second]
        counts = table[a, b] + table[b, a][:, _SWAPPED]
        pair, outcome = np.nonzero(counts)
        return cls(tuple(votes.models[i] for i in by_name), first[pair], second[pair], outcome, counts[pair, outcome])

    @classmethod
    def _merge(cls, models: tuple[str, ...], keys: Index, counts: Index) -> Self:
        order = np.argsort(keys, kind="stable")
        unique, starts = np.unique(keys[order], return_index=True)
        count = np.add.reduceat(counts[order], starts) if unique.size else counts
        pair, outcome = np.divmod(unique, _N_OUTCOMES)
        a, b = np.divmod(pair, max(len(models), 1))
        return cls(models, a, b, outcome, count)

    @property
    def n_votes(self) -> int:
        return int(self.count.sum())

    def pairs(self) -> Pairs:
        """The same with one row for each pair, and ties and both-bad together."""
        return self._pairs(self.count)

    def only(self, outcomes: Iterable[Outcome]) -> Self:
        """The cells of these outcomes; all models keep their numbers."""
        chosen = np.isin(self.outcome, list(outcomes))
        columns = {name: getattr(self, name)[chosen] for name in ("a", "b", "outcome", "count")}
        return replace(self, **columns)

    def weighted(self, sums: Floats, squares: Floats) -> Pairs:
        """The same with the sums of the weights of each cell's votes, (C,), instead of their number, and the sums of
        the squared weights."""
        squared = self._pairs(squares)
        return replace(self._pairs(sums), won2=squared.won, lost2=squared.lost, tied2=squared.tied)

    def _pairs(self, values: Floats | Index) -> Pairs:
        is_first = np.ones(len(self.a), dtype=np.bool_)  # of its pair: the cells are sorted
        is_first[1:] = (self.a[1:] != self.a[:-1]) | (self.b[1:] != self.b[:-1])
        first = np.flatnonzero(is_first)
        place = np.repeat(np.arange(0, len(first) * _N_OUTCOMES, _N_OUTCOMES), np.diff(first, append=len(self.a)))
        place += self.outcome
        table = np.zeros((len(first), _N_OUTCOMES))
        table.ravel()[place] = values
        return Pairs(
            self.models,
            self.a[first],
            self.b[first],
            won=table[:, Outcome.A].copy(),
            lost=table[:, Outcome.B].copy(),
            tied=table[:, Outcome.TIE] + table[:, Outcome.BOTH_BAD],
        )

    def of_votes(self, votes: Votes) -> Index:
        """(N,): the cell of each vote. Raises KeyError for a vote without one."""
        number = {model: i for i, model in enumerate(self.models)}
        has_votes = np.bincount(np.concatenate([votes.a, votes.b]), minlength=len(votes.models)) > 0
        place = np.array(
            [number[model] if used else -1 for model, used in zip(votes.models, has_votes, strict=True)], dtype=np.int64
        )
        keys = _keys(place[votes.a], place[votes.b], votes.outcome.astype(np.int64), len(self.models))
        own = (self.a * len(self.models) + self.b) * _N_OUTCOMES + self.outcome
        cell = np.searchsorted(own, keys)
        if len(keys) and (cell.max() == len(own) or (own[cell] != keys).any()):
            raise KeyError("a vote of a pair and outcome that has no cell")
        return cell


def _itself(votes: Votes) -> ValueError:
    position = int(np.flatnonzero(votes.a == votes.b)[0])
    model = votes.models[int(votes.a[position])]
    return ValueError(f"vote {position + 1}: {model!r} against itself; a battle needs two models")


def _by_name(votes: Votes, n_battles: Index) -> list[int]:
    """The models with a battle, by name."""
    return sorted(np.flatnonzero(n_battles).tolist(), key=votes.models.__getitem__)


def _table(votes: Votes) -> Index:
    """(K, K, 4): how often each (a, b, outcome) is among the votes.

    This is the only step of a fit that sees every vote, so it is made for speed: 3 ms for a million, in chunks that
    stay in the processor's cache, and without allocating memory (page faults would take longer than the counting).
    """
    K = len(votes.models)
    table = np.zeros(K * K * _N_OUTCOMES, dtype=np.int64)
    keys_of_a, keys_of_b = np.empty((2, _CHUNK), dtype=np.int64)
    for start in range(0, len(votes), _CHUNK):
        part = slice(start, start + _CHUNK)
        size = len(votes.a[part])
        keys = np.multiply(votes.a[part], K * _N_OUTCOMES, out=keys_of_a[:size])
        keys += np.multiply(votes.b[part], _N_OUTCOMES, out=keys_of_b[:size])
        keys += votes.outcome[part]
        np.add.at(table, keys, 1)
    return table.reshape(K, K, _N_OUTCOMES)


def _keys(a: Index, b: Index, outcome: Index, n_models: int) -> Index:
    """One number per vote: (first by name, second by name, outcome seen from the first)."""
    is_swapped = a > b
    first, second = np.where(is_swapped, b, a), np.where(is_swapped, a, b)
    keys: Index = (first * n_models + second) * _N_OUTCOMES + np.where(is_swapped, _SWAPPED[outcome], outcome)
    return keys


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Battles, points won and lost, and decided battles of each of the K models."""

    battles: Index
    won: Floats
    lost: Floats
    decided: Index


def record(pairs: Pairs) -> Record:
    """Return the record of each model, (K,) each. Of weighted pairs, votes count by their weights, rounded down."""

    def total(of_a: Floats, of_b: Floats) -> Floats:
        models, shares = np.concatenate([pairs.a, pairs.b]), np.concatenate([of_a, of_b])
        return np.bincount(models, shares, minlength=pairs.n_models).astype(np.float64)

    games, points = pairs.games, pairs.points
    battles = total(games, games)
    won = total(points, games - points)
    decided = pairs.won + pairs.lost
    return Record(battles.astype(np.int64), won, battles - won, total(decided, decided).astype(np.int64))


def names(models: Sequence[str], chosen: Iterable[int], *, most: int = 5) -> str:
    """The chosen models for a message, such as "'a', 'b' and 3 more"."""
    listed = [models[i] for i in chosen]
    shown = ", ".join(repr(model) for model in listed[:most])
    return shown if len(listed) <= most else f"{shown} and {len(listed) - most} more"
