"""Read the votes that a caller of `import elo` passes, with the arguments that describe their columns and rows."""

import math
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from db.outcome import Outcome
from elo import frames
from elo.frames import FrameKind
from elo.votes.dialects.layout import LayoutError, OtherNamesError
from elo.votes.dialects.names import spelled
from elo.votes.dialects.winners import NAME, Meaning
from elo.votes.files.memory import MemoryTable
from elo.votes.selection.where import parse_all
from elo.votes.values import ValueProblem, time_s
from elo.votes.vote_columns import Column
from elo.votes.votes_file import Dialect, OtherColumnsError, VotesFile, VotesFileError, VotesTable, votes_of_columns
from elo.votes.votes_file import read_votes as read_files

_MOST_NAMES = 5
Source: TypeAlias = Any
"""A data frame, the path of a file or several, rows, columns by name, Votes, Cells, or what `read_votes` returns."""
Moment: TypeAlias = str | float | date
"""A date, a date and time (UTC without an offset), as text too, or seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns and rows of the data the caller asks for."""

    columns: Mapping[str, object] | None = None
    labels: Mapping[object, object] | None = None
    format: str | None = None
    fold_names: bool = False
    kind: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    where: str | Sequence[str] = ()
    skip_bad: bool = False

    def refuse(self, what: str) -> None:
        """Raise TypeError if anything is given with votes that have been read already."""
        given = [field.name for field in fields(self) if getattr(self, field.name) not in (None, False, (), [])]
        if given:
            raise TypeError(
                f"{', '.join(given)}: this chooses rows and columns of a table, and data is {what}; leave it out"
            )

    @property
    def conditions(self) -> tuple[str, ...]:
        """The texts of `where`."""
        return (self.where,) if isinstance(self.where, str) else tuple(self.where)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the readers of votes. Raises ValueError, naming the argument."""
        named = {role: str(name) for role, name in (self.columns or {}).items()}
        labels = {str(label): _outcome(label, meaning) for label, meaning in (self.labels or {}).items()}
        since, until = _seconds("since", self.since), _seconds("until", self.until)
        if since is not None and until is not None and not since < until:
            raise ValueError(f"since {self.since!r} is not before until {self.until!r}")
        found: dict[str, Any] = {"kind": self.kind, "since": since, "until": until, "skip_bad": self.skip_bad}
        found["where"] = parse_all(self.conditions)
        return found | {"dialect": Dialect(named, labels, self.format, self.fold_names)}

    def facts(self, file: VotesFile) -> dict[str, Any]:
        """The arguments of `Leaderboard.sourced`."""
        return {
            "revision": file.revision,
            "excluded": file.excluded,
            "kind": file.kind,
            "since": _moment("since", self.since),
            "until": _moment("until", self.until),
            "where": self.conditions,
            "where_left_out": file.tally.n_other_values,
        }


def read(
    data: Source, selection: Selection, columns: Collection[Column], **further: Any
) -> tuple[VotesFile, FrameKind | None]:
    """The votes of files or of a table, and the library of the table's frame. `further` are arguments of the readers.
    Warns of names that look the same, and of lines that are given twice.

    Raises TypeError, ValueError.
    """
    if isinstance(data, VotesFile):
        selection.refuse("what read_votes returned")
        return data, None
    arguments = selection.arguments | further
    if (paths := paths_of(data)) is not None:
        with naming_arguments():
            file = read_files(paths, columns=columns, **arguments)
        _warn(file)
        return file, None
    found = frames.table(data)
    with naming_arguments():
        try:
            VotesTable.of(MemoryTable(found.columns, found.names), arguments["dialect"], "data")  # finds repeated names
        except OtherNamesError as error:
            raise OtherColumnsError(f"data {error}") from error
        except LayoutError as error:
            raise VotesFileError(f"data {error}") from error
        file = votes_of_columns(found.columns, columns=columns, name="data", **arguments)
    _warn(file)
    return file, found.kind


@contextmanager
def naming_arguments() -> Iterator[None]:
    """Add to the error of unknown columns the arguments that say what they mean."""
    try:
        yield
    except OtherColumnsError as error:
        raise OtherColumnsError(
            f"{error}; or name yours: columns={{'a': ..., 'b': ..., 'winner': ...}}; format= reads exports of other "
            "projects"
        ) from error


def _warn(file: VotesFile) -> None:
    """The warnings are those of the caller of `library`."""
    if file.lookalikes:
        shown = "; ".join(" and ".join(map(spelled, group)) for group in file.lookalikes[:_MOST_NAMES])
        warnings.warn(
            f"names that look the same are different models: {shown}; fold_names=True joins them", stacklevel=4
        )
    if file.tally.n_repeated:
        warnings.warn(f"lines whose battle was read before: {file.tally.repeats}", stacklevel=4)


def paths_of(data: Source) -> list[Path] | None:
    """The paths, if it is one or a list of them."""
    if isinstance(data, str | PathLike):
        return [Path(data)]
    if isinstance(data, list | tuple) and data and all(isinstance(one, str | PathLike) for one in data):
        return [Path(one) for one in data]
    return None


def _outcome(label: object, meaning: object) -> Meaning:
    if isinstance(meaning, Outcome):
        return meaning
    if meaning == NAME:
        return NAME
    try:
        return Outcome.parse(str(meaning))
    except ValueError:
        raise ValueError(f"labels: {label!r} means {meaning!r}; expected a, b, tie, both_bad or name") from None


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
