"""A board in a notebook or at a prompt: as text, as HTML, as a figure, as a frame, and pair by pair.

K models, M pairs that met
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, overload

import numpy as np

from elo.battles import Floats, Index, Pairs
from elo.board.leaderboard import COLUMNS, Leaderboard
from elo.board.matrices import Matrices
from elo.board.notes import notes
from elo.board.plots import TOP, Axis, axis_strip, board_figure, interval_bar, standalone, style
from elo.board.plots.drawing.markup import plain
from elo.board.table import aligned, columns, table
from elo.estimate import Estimate, Spread
from elo.frames import FrameKind, frame

_SHOWN = 30  # rows of a table in a notebook
_BARS = 4  # the column of the intervals' bars, before the battles


@dataclass(frozen=True, slots=True)
class Figure:
    """An SVG that a notebook shows and `save` writes."""

    svg: str
    """A whole file: light or dark as the reader's system is."""
    fragment: str = field(repr=False)
    """The same without colours of its own."""

    def save(self, path: str | Path) -> Path:
        """Write the file and return its path. Raises ValueError for a name that does not end in .svg, and OSError."""
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise ValueError(f"the figure is an SVG, and its file {path.name!r} does not end in .svg; name it so")
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return _in_notebook(self.fragment)


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two models, the better one by rating first. Counts and shares are seen from `model_a`; None: not known."""

    model_a: str
    model_b: str
    battles: int
    wins: int
    losses: int
    ties: int
    """With both-bad."""
    win_rate: float | None
    """(wins + half the ties) / battles; None: they never met."""
    predicted: float | None
    """The share of points that the ratings expect; None: no path of battles connects the two."""
    better: float | None
    """The chance that `model_a` is rated above `model_b`, by the rounds of the bootstrap or draws from the covariance;
    None: no intervals."""


class PairTable(Sequence[PairRow]):
    """Rows for every two models, by rating."""

    def __init__(self, rows: Sequence[PairRow], kind: FrameKind | None = None) -> None:
        self._rows, self._kind = tuple(rows), kind

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> PairRow: ...
    @overload
    def __getitem__(self, place: slice) -> "PairTable": ...
    def __getitem__(self, place: int | slice) -> "PairRow | PairTable":
        return PairTable(self._rows[place], self._kind) if isinstance(place, slice) else self._rows[place]

    def __iter__(self) -> Iterator[PairRow]:
        return iter(self._rows)

    def of(self, model_a: str, model_b: str) -> PairRow:
        """The row of two models, whichever is named first. Raises KeyError."""
        for row in self._rows:
            if {row.model_a, row.model_b} == {model_a, model_b}:
                return row
        raise KeyError(f"no pair of {model_a!r} and {model_b!r} on the board")

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """As `Board.to_frame`."""
        names = [field.name for field in fields(PairRow)]
        return frame({name: [getattr(row, name) for row in self._rows] for name in names}, kind or self._kind)

    def __str__(self) -> str:
        return "\n".join(aligned(*self._cells(), left=(0, 1)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header, rows = self._cells()
        shown = _html(list(map(plain, header)), [list(map(plain, row)) for row in rows[:_SHOWN]], names=(0, 1))
        return _in_notebook(shown + _more(len(rows)))

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = ["model", "against", "battles", "wins", "losses", "ties", "win rate", "predicted", "better"]
        shares = [(_percent(row.win_rate), _percent(row.predicted), _percent(row.better)) for row in self._rows]
        counts = [[f"{n:,}" for n in (row.battles, row.wins, row.losses, row.ties)] for row in self._rows]
        names = [(row.model_a, row.model_b) for row in self._rows]
        return header, [[*name, *count, *share] for name, count, share in zip(names, counts, shares, strict=True)]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Board(Leaderboard):
    """A `Leaderboard` as `elo.rate` makes it. It prints as a table; a notebook shows the table with a figure."""

    counted: Pairs | None = field(default=None, kw_only=True)
    """All votes by pair."""
    fitted: Estimate | None = field(default=None, kw_only=True)
    """What the rows were made from; None with method elo and without votes."""
    spread: Spread | None = field(default=None, kw_only=True)
    frame_kind: FrameKind | None = field(default=None, kw_only=True)
    """The library of the frame that the votes came from."""

    @classmethod
    def of(cls, board: Leaderboard, **facts: Any) -> Self:
        """The same board with these fields."""
        return cls(**{one.name: getattr(board, one.name) for one in fields(Leaderboard)}, **facts)

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """The rows, with the columns of `recompute --csv`, as a frame of `kind`. By default it is of the library that
        the votes came from, else of the first that is installed of pandas, polars and pyarrow.

        Raises ImportError if there is none.
        """
        return frame({name: [getattr(row, name) for row in self.rows] for name in COLUMNS}, kind or self.frame_kind)

    def plot(self, *, top: int = TOP) -> Figure:
        """Ratings with intervals, best first: the first `top` models, which the caption counts, or with 0 all."""
        fragment = board_figure(self, top=top)
        return Figure(standalone(fragment), fragment)

    def pairs(self) -> PairTable:
        """Battles, wins, win rate, prediction and certainty for every two models."""
        if self.counted is None or not self.rows:
            return PairTable((), self.frame_kind)
        models = [row.model for row in self.rows]
        matrices, won = self._matrices().ordered(models), _won(self.counted, models)
        rows = []
        for i in range(len(models)):
            for j in range(i + 1, len(models)):
                battles, wins, losses = int(matrices.battles[i, j]), int(won[i, j]), int(won[j, i])
                rows.append(
                    PairRow(
                        models[i],
                        models[j],
                        battles,
                        wins,
                        losses,
                        battles - wins - losses,
                        _known(matrices.observed[i, j]),
                        _known(matrices.predicted[i, j]),
                        None if matrices.better is None else _known(matrices.better[i, j]),
                    )
                )
        return PairTable(rows, self.frame_kind)

    def _matrices(self) -> Matrices:
        assert self.counted is not None
        fitted, spread = self.fitted, self.spread
        if fitted is not None:
            rounds = None if spread is None or spread.intervals is None else spread.intervals.rounds
            return Matrices.of(
                fitted.counted, fitted.ratings, rounds=rounds, score=fitted.expected_score, group=fitted.group
            )
        of_model = {row.model: row for row in self.rows}
        rows = [of_model[model] for model in self.counted.models]
        scale, base = self.settings.scale, self.settings.base

        def score(points: Floats) -> Floats:
            expected: Floats = 1 / (1 + base ** (-points / scale))
            return expected

        group: Index = np.array([row.component for row in rows], dtype=np.int64)
        return Matrices.of(self.counted, np.array([row.rating for row in rows]), score=score, group=group)

    def __str__(self) -> str:
        return table(self) if self.rows else "\n".join(["No votes.", *notes(self)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.rows:
            return _in_notebook(f"<p>{plain(str(self))}</p>")
        header, *cells = columns(self)
        axis = Axis.of_rows(self.rows)
        header, rows = list(map(plain, header)), [list(map(plain, row)) for row in cells[:_SHOWN]]
        header.insert(_BARS, axis_strip(axis))
        for row, of_model in zip(rows, self.rows, strict=False):
            row.insert(_BARS, interval_bar(of_model, axis))
        text = "".join(f"<p>{plain(sentence)}</p>" for sentence in notes(self))
        return _in_notebook(_html(header, rows, names=(1,), bars=_BARS) + _more(len(self.rows)) + text)


class Boards(Mapping[str, Board]):
    """Boards by value of a column, those with the most votes first. It prints as one table after the other."""

    def __init__(
        self, by: str, boards: Mapping[str, Board], not_rated: Mapping[str, str], kind: FrameKind | None = None
    ) -> None:
        self.by, self._boards, self._kind = by, dict(boards), kind
        self.not_rated = dict(not_rated)
        """Why the votes with other values have no board."""

    def __getitem__(self, value: str) -> Board:
        return self._boards[value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._boards)

    def __len__(self) -> int:
        return len(self._boards)

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """The rows of all boards, with the value as the first column; see `Board.to_frame`."""
        rows = [(value, row) for value, board in self.items() for row in board.rows]
        columns = {name: [getattr(row, name) for _, row in rows] for name in COLUMNS}
        return frame({self.by: [value for value, _ in rows]} | columns, kind or self._kind)

    def __str__(self) -> str:
        without = (f"{self._title(value)}\n\nNo board: {why}" for value, why in self.not_rated.items())
        return "\n\n\n".join([*(f"{self._title(value)}\n\n{board}" for value, board in self.items()), *without])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        without = "".join(f"<p>{plain(self._title(value))}: {plain(why)}</p>" for value, why in self.not_rated.items())
        tables = (f"<h4>{plain(self._title(value))}</h4>{board._repr_html_()}" for value, board in self.items())
        return "".join([*tables, without])

    def _title(self, value: str) -> str:
        return f"{self.by}: {value or '(empty)'}"


def _in_notebook(body: str) -> str:
    css = files(__package__).joinpath("notebook.css").read_text(encoding="utf-8")
    return f'<div class="elo-board"><style>{css}.elo-board {{ {style()} }}</style>{body}</div>'


def _html(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, names: Collection[int], bars: int | None = None
) -> str:
    """A table of cells that are HTML already."""

    def cell(tag: str, i: int, text: str) -> str:
        if i in names:  # its end is cut where it is long
            return f'<{tag} class="name" title="{text}">{text}</{tag}>'
        return f'<{tag} class="bars">{text}</{tag}>' if i == bars else f"<{tag}>{text}</{tag}>"

    def row(tag: str, cells: Sequence[str]) -> str:
        return "".join(cell(tag, i, text) for i, text in enumerate(cells))

    body = "".join(f"<tr>{row('td', cells)}</tr>" for cells in rows)
    return f"<table><thead><tr>{row('th', header)}</tr></thead><tbody>{body}</tbody></table>"


def _more(n_rows: int) -> str:
    return f"<p>The first {_SHOWN} of {n_rows:,}; to_frame() has all.</p>" if n_rows > _SHOWN else ""


def _won(counted: Pairs, models: Sequence[str]) -> Index:
    """(K, K): how often the row beat the column."""
    place = {model: i for i, model in enumerate(models)}
    number = np.array([place[model] for model in counted.models], dtype=np.int64)
    won = np.zeros((len(models), len(models)), dtype=np.int64)
    a, b = number[counted.a], number[counted.b]
    won[a, b], won[b, a] = np.rint(counted.won), np.rint(counted.lost)
    return won


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
