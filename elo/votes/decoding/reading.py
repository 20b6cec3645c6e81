"""How rows of votes files are read, what has been read so far, and the errors of files."""

from dataclasses import dataclass, field

from elo.votes.decoding.repeats import Repeats
from elo.votes.selection.wanted import Tally, Wanted
from elo.votes.vote_columns import VoteColumns


@dataclass(slots=True)
class Reading:
    """Of all files together."""

    wanted: Wanted
    columns: VoteColumns
    numbers: frozenset[str] = frozenset()
    """Further columns that must be of numbers."""
    fold_names: bool = False
    skip_bad: bool = False
    tally: Tally = field(default_factory=Tally)
    revisions: set[object] = field(default_factory=set)
    repeats: Repeats = field(default_factory=Repeats)
    first_bad: str | None = None


class VotesFileError(ValueError):
    """The file is missing, not text, or not votes."""


class BadRowError(VotesFileError):
    """One row is wrong; the message names file, line, value and what was expected."""


class OtherColumnsError(VotesFileError):
    """The columns are not those of votes, unless the caller says what they mean."""
