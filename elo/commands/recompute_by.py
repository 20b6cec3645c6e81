"""`recompute --by COLUMN`: a board for each value of a column, such as each language."""

import argparse
import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from elo.battles import Votes
from elo.board.by_value import rated_parts
from elo.board.leaderboard import board_csv
from elo.board.table import table
from elo.commands.shared.failures import CommandError
from elo.commands.shared.progress import Progress
from elo.commands.shared.rated import Rated, rated
from elo.commands.shared.sources import Found
from elo.settings import Settings
from elo.votes.selection.parts import Part, PartsError, parts
from elo.votes.vote_columns import data_for

_LONGEST_FOLDER = 60


@dataclass(frozen=True, slots=True)
class Boards:
    """The boards by value of the column `by`, those with the most votes first, and why the votes with other values have
    none."""

    by: str
    boards: Mapping[str, Rated]
    not_rated: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        boards = {value: one.board.to_json() for value, one in self.boards.items()}
        return {"by": self.by, "boards": boards, "not_rated": dict(self.not_rated)}

    def to_csv(self) -> str:
        """The rows of all boards, with the value as the first column."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        for place, (value, one) in enumerate(self.boards.items()):
            header, *rows = csv.reader(io.StringIO(board_csv(one.board)))
            lines.writerows(([[self.by, *header]] if place == 0 else []) + [[value, *row] for row in rows])
        return text.getvalue()

    def to_text(self) -> str:
        """One table after the other."""
        tables = [f"{self._title(value)}\n\n{table(one.board)}" for value, one in self.boards.items()]
        return "\n\n\n".join(
            [*tables, *(f"{self._title(value)}\n\nNo board: {why}" for value, why in self.not_rated.items())]
        )

    def _title(self, value: str) -> str:
        return f"{self.by}: {value or '(empty)'}"

    def draw(self, folder: Path, *, top: int | None = None) -> None:
        """Write each board's figures to a folder of its own in `folder`. Raises CommandError."""
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CommandError(f"the folder {folder} cannot be made: {error.strerror or error}") from error
        for name, one in zip(_folders(self.boards), self.boards.values(), strict=True):
            one.draw(folder / name, top=top)


def rated_by(found: Found, by: str, settings: Settings, arguments: argparse.Namespace, progress: Progress) -> Boards:
    """Rate the votes with each value of the column. Raises CommandError where there are none or too many values, and
    MissingDataError where none can be rated."""
    if not found.has_votes:
        raise CommandError(found.nothing)
    assert isinstance(found.data, Votes)
    try:
        divided = parts(found.data, found.tally, by)
    except PartsError as error:
        raise CommandError(str(error)) from error

    def rate(part: Part) -> Rated:
        own = replace(
            found,
            data=data_for(part.votes, settings),
            excluded=part.excluded,
            where=(*found.where, str(part.condition)),
            n_others=part.n_others,
            dated=None if found.dated is None else part.votes,
        )
        return rated(own, settings, arguments, progress)

    by_value = rated_parts(divided, rate)
    return Boards(by, by_value.boards, by_value.not_rated)


def _folders(values: Iterable[str]) -> list[str]:
    """A name for each value that every system takes; no two are the same, in small letters too."""
    names: list[str] = []
    for value in values:
        plain = re.sub(r"[^\w.-]+", "_", value)[:_LONGEST_FOLDER].strip(".") or "empty"
        taken, name, n = {one.casefold() for one in names}, plain, 1
        while name.casefold() in taken:
            n += 1
            name = f"{plain}-{n}"
        names.append(name)
    return names
