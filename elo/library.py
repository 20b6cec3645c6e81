"""What `import elo` offers: from votes of any shape to a board, in one line.

    board = elo.rate(votes, ties="davidson")
    board.to_frame()    board.plot()    board.pairs()
    elo.compare(before, board)    elo.plan(board)    elo.examine(votes)

Votes are a data frame, the path of a file or several, rows, columns by name, or `Votes` and `Cells`. All are read by
the same code as a file on the command line, so they give the same numbers.
"""

import inspect
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from db.outcome import Outcome
from elo import estimate, frames
from elo.battles import Cells, MissingDataError, Votes
from elo.board.compare import SavedBoard, board_of, read_board
from elo.board.compare import compare as compare_boards
from elo.board.comparison import Comparison
from elo.board.leaderboard import Leaderboard, board_from, rate_online
from elo.board.leaderboard import rate as rate_cells
from elo.board.planning import Plan
from elo.board.planning import plan as plan_battles
from elo.chance.intervals import ReportRounds
from elo.frames import FrameKind
from elo.notebook import Board
from elo.settings import Settings
from elo.votes.layout import Layout, LayoutError
from elo.votes.values import ValueProblem, time_s
from elo.votes.vote_columns import Column, columns_for, data_for
from elo.votes.votes_file import VotesFile, VotesFileError, votes_of_columns
from elo.votes.votes_file import read_votes as read_files

Source: TypeAlias = Any
"""Votes in any of the shapes above."""
Moment: TypeAlias = str | float | date
"""A date, a date and time (UTC without an offset), as text too, or seconds since 1970."""


def rate(
    data: Source,
    settings: Settings | None = None,
    *,
    columns: Mapping[str, object] | None = None,
    labels: Mapping[object, object] | None = None,
    kind: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    skip_bad: bool = False,
    listed: Sequence[str] = (),
    progress: ReportRounds | None = None,
    **options: object,
) -> Board:
    """The board of these votes. `options` are fields of `Settings`, such as `ties="davidson"`, and change `settings`.

    `columns` says which column has a role that its name does not say, such as
    `{"a": "white", "b": "black", "winner": "result"}`, and `labels` what other spellings of a winner mean, such as
    `{"1-0": "a", "1/2": "tie"}`. `kind`, `since`, `until` and `skip_bad` choose rows as `recompute` does. `listed` are
    models that are shown even without a vote.

    Raises TypeError for an option that does not exist and for data of another shape; VotesFileError, naming the row,
    for a value that is not right; MissingDataError where the votes lack what the settings need, and where there are
    none; NoMaximumError, ClusterError and ConvergenceError as `estimate` does.
    """
    chosen = _settings(settings, options)
    selection = _Selection(columns, labels, kind, since, until, skip_bad)
    if isinstance(data, Cells | Votes):
        selection.refuse(type(data).__name__)
        return _board(data, chosen, listed, progress, {})
    file, frame_kind = _file(data, selection, columns_for(chosen))
    if not len(file.votes):
        left_out = ", ".join(f"{reason} {n:,}" for reason, n in sorted(file.excluded.items())) or "none"
        raise MissingDataError(f"data has no votes to rate: {file.n_rows:,} rows, left out: {left_out}")
    source = {
        "revision": file.revision,
        "excluded": file.excluded,
        "kind": file.kind,
        "since": _moment("since", since),
        "until": _moment("until", until),
    }
    return _board(file.votes, chosen, listed, progress, source, frame_kind)


def read_votes(
    data: Source,
    *,
    columns: Mapping[str, object] | None = None,
    labels: Mapping[object, object] | None = None,
    kind: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    skip_bad: bool = False,
) -> VotesFile:
    """The votes of a file, a frame or rows, with all their columns but the features of answers, and a tally of the rows
    left out. `rate`, `plan` and `examine` take the result, too. The arguments are those of `rate`."""
    selection = _Selection(columns, labels, kind, since, until, skip_bad)
    return _file(data, selection, ("voter", "prepared", "time", "draw_probability"))[0]


def plan(data: "Board | Source", settings: Settings | None = None, *, chance: float = 0.8, **options: object) -> Plan:
    """Which battles to play next, after a board of `rate` or after votes, which are rated first (`options` are those of
    `rate`). `chance` is the probability with which the planned battles separate two neighbours.

    Raises ValueError for a board by online Elo or without intervals, and what `rate` raises.
    """
    if not 0 < chance < 1:
        raise ValueError(f"chance {chance!r} is not between 0 and 1")
    if isinstance(data, Board) and (settings is not None or options):
        given = ", ".join(["settings"] * (settings is not None) + list(options))
        raise TypeError(f"{given} cannot be given with a board, which has been rated already; pass the votes")
    board = data if isinstance(data, Board) else rate(data, settings, **options)  # type: ignore[arg-type]
    if board.fitted is None or board.spread is None:
        raise ValueError(
            "the board has no ratings with standard errors to plan with; rate some votes with method bradley-terry"
        )
    if board.spread.intervals is None:
        raise ValueError("bootstrap 0 gives no standard errors to plan with; use 1 round or more, or interval sandwich")
    return plan_battles(board.fitted, board.spread, chance=chance)


def compare(before: object, after: object, *, grown: bool = False) -> Comparison:
    """What moved between two boards, and whether by more than chance. Each is a board, the path of the JSON that
    `recompute --json` writes, or its content. `grown`: the second has all votes of the first, and more.

    Raises BoardFileError for a file that is not a board's, ValueError for boards with different scales.
    """
    return compare_boards(_saved("before", before), _saved("after", after), grown=grown)


def _saved(name: str, board: object) -> SavedBoard:
    if isinstance(board, Leaderboard):
        return board_of(board.to_json())
    if isinstance(board, str | Path):
        return read_board(Path(board))
    if isinstance(board, Mapping):
        return board_of(board)
    raise TypeError(f"{name} is a {type(board).__name__}; expected a board, or the path or content of a board's JSON")


# How data and options are read


@dataclass(frozen=True, slots=True)
class _Selection:
    """What the caller says about the columns and the rows of the data."""

    columns: Mapping[str, object] | None = None
    labels: Mapping[object, object] | None = None
    kind: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    skip_bad: bool = False

    def refuse(self, what: str) -> None:
        """Raise TypeError if anything is given with votes that have been read already."""
        given = [field.name for field in fields(self) if getattr(self, field.name) not in (None, False)]
        if given:
            raise TypeError(
                f"{', '.join(given)}: this chooses rows and columns of a table, and data is {what}; leave it out"
            )

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the readers of votes."""
        named = {role: str(name) for role, name in (self.columns or {}).items()}
        labels = {str(label): _outcome(label, meaning) for label, meaning in (self.labels or {}).items()}
        since, until = _seconds("since", self.since), _seconds("until", self.until)
        if since is not None and until is not None and not since < until:
            raise ValueError(f"since {self.since!r} is not before until {self.until!r}")
        found: dict[str, Any] = {"kind": self.kind, "since": since, "until": until, "skip_bad": self.skip_bad}
        return found | ({"named": named} if named else {}) | ({"labels": labels} if labels else {})


def _outcome(label: object, meaning: object) -> Outcome:
    if isinstance(meaning, Outcome):
        return meaning
    try:
        return Outcome.parse(str(meaning))
    except ValueError:
        raise ValueError(f"labels: {label!r} means {meaning!r}; expected a, b, tie or both_bad") from None


def _seconds(name: str, moment: Moment | None) -> float | None:
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    try:
        seconds = time_s(name, moment)
    except ValueProblem as problem:
        raise ValueError(str(problem)) from None
    return None if math.isnan(seconds) else seconds


def _moment(name: str, moment: Moment | None) -> str | None:
    seconds = _seconds(name, moment)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _file(data: Source, selection: _Selection, columns: Collection[Column]) -> tuple[VotesFile, FrameKind | None]:
    """The votes of files or of a table, and the library of the table's frame."""
    if isinstance(data, VotesFile):
        selection.refuse("votes that have been read")
        return data, None
    if (paths := _paths(data)) is not None:
        return read_files(paths, columns=columns, **selection.arguments), None
    found = frames.table(data)
    arguments = selection.arguments
    try:
        Layout.of(found.names, arguments.get("named"))  # which finds names that are repeated
    except LayoutError as error:
        hint = "" if selection.columns else "; or name yours: columns={'a': ..., 'b': ..., 'winner': ...}"
        raise VotesFileError(f"data {error}{hint}") from error
    return votes_of_columns(found.columns, columns=columns, name="data", **arguments), found.kind


def _paths(data: Source) -> list[Path] | None:
    """The paths of files, if it is one or a list of them."""
    if isinstance(data, str | PathLike):
        return [Path(data)]
    if isinstance(data, list | tuple) and data and all(isinstance(one, str | PathLike) for one in data):
        return [Path(one) for one in data]
    return None


_ARGUMENTS = tuple(name for name in inspect.signature(rate).parameters if name not in ("data", "options"))


def _settings(settings: Settings | None, options: Mapping[str, object]) -> Settings:
    """The settings with these fields changed; an anchor asks for its gauge."""
    if settings is not None and not isinstance(settings, Settings):
        raise TypeError(f"settings is a {type(settings).__name__}; expected elo.Settings, or single settings by name")
    known = [field.name for field in fields(Settings)]
    for name in options:
        if name not in known:
            close = get_close_matches(name, [*known, *_ARGUMENTS], n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"settings are {', '.join(known)}"
            raise TypeError(f"there is no setting {name!r}; {hint}")
    changed = dict(options)
    anchor = changed.get("anchor")
    if isinstance(anchor, Mapping):
        changed["anchor"] = tuple(anchor.items())
    if anchor and "gauge" not in changed:
        changed["gauge"] = "anchor"
    return replace(settings or Settings(), **changed)  # type: ignore[arg-type]


def _board(
    data: Cells | Votes,
    settings: Settings,
    listed: Sequence[str],
    progress: ReportRounds | None,
    source: Mapping[str, Any],
    frame_kind: FrameKind | None = None,
) -> Board:
    """`source` are facts about the source of the votes, see `Leaderboard.sourced`."""
    if settings.method == "elo":
        if not isinstance(data, Votes):
            raise MissingDataError("method 'elo' needs votes in their order, and data is their counts; pass the votes")
        online = rate_online(data, settings, listed=listed)
        return Board.of(online.sourced(**source), counted=Cells.from_votes(data).pairs(), frame_kind=frame_kind)
    needed = data_for(data, settings) if isinstance(data, Votes) else data
    if not (len(needed) if isinstance(needed, Votes) else needed.n_votes):
        return Board.of(rate_cells(Cells.from_counts([]), settings, listed=listed))
    fitted = estimate.fit(needed, settings)
    spread = estimate.spread(fitted, progress=progress)
    return Board.of(
        board_from(fitted, spread, listed=listed).sourced(**source),
        counted=fitted.counted,
        fitted=fitted,
        spread=spread,
        frame_kind=frame_kind,
    )
