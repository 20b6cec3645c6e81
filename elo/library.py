"""The functions of `import elo`: one line from votes of any shape to a board.

    board = elo.rate(votes, ties="davidson")
    board.to_frame()    board.plot()    board.pairs()
    elo.compare(before, board)    elo.plan(board)    elo.examine(votes)

All votes are read by the code that reads files on the command line, so they give the same numbers.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from elo import estimate
from elo.battles import Cells, MissingDataError, Votes
from elo.board.by_value import rated_parts
from elo.board.compare import SavedBoard, board_of, read_board
from elo.board.compare import compare as compare_boards
from elo.board.comparison import Comparison
from elo.board.leaderboard import Leaderboard, board_from, rate_online
from elo.board.leaderboard import rate as rate_cells
from elo.board.planning import plan as plan_battles
from elo.board.plans import Plan
from elo.chance.intervals import ReportRounds
from elo.frames import FrameKind
from elo.notebook import Board, Boards
from elo.reading import Moment, Selection, Source, naming_arguments, paths_of, read
from elo.settings import Settings
from elo.votes.selection.parts import Part, parts
from elo.votes.selection.wanted import Tally
from elo.votes.vote_columns import columns_for, data_for, further_for
from elo.votes.votes_file import VotesFile

if TYPE_CHECKING:  # it loads SciPy's optimizers, which ratings do not need
    from elo.quality.examination import Quality


@overload
def rate(data: Source, settings: Settings | None = None, *, by: None = None, **options: Any) -> Board: ...
@overload
def rate(data: Source, settings: Settings | None = None, *, by: str, **options: Any) -> Boards: ...
def rate(
    data: Source,
    settings: Settings | None = None,
    *,
    columns: Mapping[str, object] | None = None,
    labels: Mapping[object, object] | None = None,
    format: str | None = None,
    fold_names: bool = False,
    kind: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    where: str | Sequence[str] = (),
    by: str | None = None,
    skip_bad: bool = False,
    listed: Sequence[str] = (),
    progress: ReportRounds | None = None,
    **options: Any,
) -> Board | Boards:
    """The board of these votes. `options` are fields of `Settings`, such as `ties="davidson"`, and change `settings`.

    `data` is a frame of pandas or polars, a table of pyarrow, another frame with an Arrow stream or the interchange
    protocol, the path of a votes file or several, rows such as `("lark", "wren", "a")` or dicts, columns by name,
    `Votes`, `Cells`, or what `read_votes` returns.

    `columns` maps roles to columns with other names, such as `{"a": "white", "b": "black", "winner": "result"}`, and
    `labels` maps other spellings of a winner to outcomes, such as `{"1-0": "a", "1/2": "tie"}`; "name" stands for the
    name of a model. `format` is one of `public_formats.FORMATS`, and `fold_names` joins names that look the same.
    `kind`, `since`, `until`, `where` (such as `"language=ko"`, or several, which must all be true) and `skip_bad`
    select rows as `recompute` does. `by` names a column, and returns a board for each of its values. `listed` are
    models that are shown even without a vote.

    Raises TypeError for an option that does not exist and for data of another shape; VotesFileError, naming the row,
    for a value that is not right; MissingDataError where the votes lack what the settings need, and where there are
    none; NoMaximumError, ClusterError and ConvergenceError as `estimate` does. All but the last are ValueErrors.
    """
    chosen = _settings(settings, options)
    selection = Selection(columns, labels, format, fold_names, kind, since, until, where, skip_bad)
    if isinstance(data, Cells | Votes):
        selection.refuse(type(data).__name__)
        if by is None:
            return _board(data, chosen, listed, progress, {})
        return _boards(data, by, Tally(), chosen, listed, progress, {})
    further, numbers = further_for(chosen, by), chosen.control_columns
    file, frame_kind = read(data, selection, columns_for(chosen), further=further, numbers=numbers, by=by)
    if not file.n_votes:
        left_out = ", ".join(f"{reason} {n:,}" for reason, n in sorted(file.excluded.items())) or "none"
        raise MissingDataError(f"data has no votes to rate: {file.n_rows:,} rows, left out: {left_out}")
    facts = selection.facts(file)
    if by is None:
        return _board(file.data_for(chosen), chosen, listed, progress, facts, frame_kind)
    return _boards(file.votes, by, file.tally, chosen, listed, progress, facts, frame_kind)


def read_votes(
    data: Source,
    *,
    columns: Mapping[str, object] | None = None,
    labels: Mapping[object, object] | None = None,
    format: str | None = None,
    fold_names: bool = False,
    kind: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    where: str | Sequence[str] = (),
    further: Sequence[str] = (),
    skip_bad: bool = False,
) -> VotesFile:
    """Read the votes of a file, a frame or rows, and count the rows left out. `rate`, `plan` and `examine` accept the
    result. It contains voters, prepared pairs, times and draw probabilities where the data has them, and the columns
    named in `further`, but no features of answers. The other arguments are those of `rate`."""
    selection = Selection(columns, labels, format, fold_names, kind, since, until, where, skip_bad)
    return read(data, selection, ("voter", "prepared", "time", "draw_probability"), further=further)[0]


def plan(data: "Board | Source", settings: Settings | None = None, *, chance: float = 0.8, **options: Any) -> Plan:
    """Propose the next battles, from a board of `rate`, or from votes, which are rated first with these `options` of
    `rate`. `chance` is the probability with which the planned battles separate two neighbours.

    Raises ValueError for a board by online Elo or without intervals, and what `rate` raises.
    """
    if not 0 < chance < 1:
        raise ValueError(f"chance {chance!r} is not between 0 and 1")
    if isinstance(data, Board) and (settings is not None or options):
        given = ", ".join(["settings"] * (settings is not None) + list(options))
        raise TypeError(f"{given} cannot be given with a board, which has been rated already; pass the votes")
    board = data if isinstance(data, Board) else rate(data, settings, by=None, **options)
    if board.fitted is None or board.spread is None:
        raise ValueError(
            "the board has no ratings with standard errors to plan with; rate some votes with method bradley-terry"
        )
    if board.spread.intervals is None:
        raise ValueError("bootstrap 0 gives no standard errors to plan with; use 1 round or more, or interval sandwich")
    return plan_battles(board.fitted, board.spread, chance=chance)


def compare(before: object, after: object, *, grown: bool = False) -> Comparison:
    """Show what moved between two boards, and whether by more than chance. Each is a board, the path of the JSON that
    `recompute --json` writes, or its content. `grown`: the second board has all votes of the first, and more.

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


def examine(
    data: Source,
    *,
    level: float = 0.05,
    seed: int = 0,
    columns: Mapping[str, object] | None = None,
    labels: Mapping[object, object] | None = None,
    format: str | None = None,
    fold_names: bool = False,
    kind: str | None = None,
    where: str | Sequence[str] = (),
    skip_bad: bool = False,
) -> "Quality":
    """Report how far the votes can be trusted, as `python -m elo quality` does: sides, ties, voters who vote carelessly
    or for one model, and days on which a model was pushed. Votes must be in the order in which they were cast.

    Files are examined with the rows that do not count, other data without them. `level` is the largest share of honest
    voters that may ever be flagged, and `seed` is for the random numbers that break ties between votes. The other
    arguments are those of `rate`.

    Raises what `rate` raises, and TypeError for counts, which have no order.
    """
    from elo.quality.ballots import Ballots
    from elo.quality.examination import examine as examine_votes
    from elo.quality.examination import examine_ballots

    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    if isinstance(data, Cells):
        raise TypeError("data has counts, which have neither order nor voters; pass the votes")
    selection = Selection(columns, labels, format, fold_names, kind, where=where, skip_bad=skip_bad)
    paths = paths_of(data)
    if isinstance(data, Votes):
        selection.refuse("Votes")
        votes = data
    elif paths is not None:
        read_as = selection.arguments
        ballots = Ballots(paths, kind, read_as["where"], skip_bad, dialect=read_as["dialect"])
        with naming_arguments():
            found = examine_ballots(ballots, level=level, seed=seed)
        if not found.n_votes:
            raise MissingDataError(f"data has no votes to examine in {', '.join(map(str, paths))}")
        return found
    else:
        votes = read(data, selection, ("voter", "time"))[0].votes
    if not len(votes):
        raise MissingDataError("data has no votes to examine")
    return examine_votes(votes, Settings(seed=seed), level=level)


_ARGUMENTS = tuple(name for name in inspect.signature(rate).parameters if name not in ("data", "options"))


def _settings(settings: Settings | None, options: Mapping[str, object]) -> Settings:
    """The settings with these fields changed. An anchor sets the gauge, unless one is given."""
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
    facts: Mapping[str, Any],
    frame_kind: FrameKind | None = None,
) -> Board:
    """`facts` are about the source of the votes, see `Leaderboard.sourced`."""
    if settings.method == "elo":
        if not isinstance(data, Votes):
            raise MissingDataError("method 'elo' needs votes in their order, but data has counts; pass the votes")
        online = rate_online(data, settings, listed=listed)
        return Board.of(online.sourced(**facts), counted=Cells.from_votes(data).pairs(), frame_kind=frame_kind)
    needed = data_for(data, settings) if isinstance(data, Votes) else data
    if not (len(needed) if isinstance(needed, Votes) else needed.n_votes):
        return Board.of(rate_cells(Cells.from_counts([]), settings, listed=listed))
    fitted = estimate.fit(needed, settings)
    spread = estimate.spread(fitted, progress=progress)
    return Board.of(
        board_from(fitted, spread, listed=listed).sourced(**facts),
        counted=fitted.counted,
        fitted=fitted,
        spread=spread,
        frame_kind=frame_kind,
    )


def _boards(
    data: Cells | Votes,
    by: str,
    tally: Tally,
    settings: Settings,
    listed: Sequence[str],
    progress: ReportRounds | None,
    facts: Mapping[str, Any],
    frame_kind: FrameKind | None = None,
) -> Boards:
    """A board for each value of a column. Raises MissingDataError without the column, and if no value has a board."""
    if isinstance(data, Cells) or by not in data.further:
        raise MissingDataError(
            f"by {by!r}: the votes have no such column; read them with read_votes(..., further=[{by!r}]), or pass a "
            "file or a frame"
        )

    def rated(part: Part) -> Board:
        own = dict(facts) | {"excluded": part.excluded, "where_left_out": part.n_others}
        own["where"] = (*facts.get("where", ()), str(part.condition))
        return _board(part.votes, settings, listed, progress, own, frame_kind)

    found = rated_parts(parts(data, tally, by), rated)
    return Boards(by, found.boards, found.not_rated, frame_kind)
