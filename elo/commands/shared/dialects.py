"""The arguments that describe the form of votes files, and the notices about what the files contain."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from db.outcome import Outcome
from elo.votes.dialects.layout import ROLES
from elo.votes.dialects.names import spelled
from elo.votes.dialects.public_formats import FORMATS
from elo.votes.dialects.winners import NAME, Meaning
from elo.votes.votes_file import Dialect, VotesFile

_MOST_NAMES = 12
_MEANINGS: dict[str, Meaning] = {outcome.label: outcome for outcome in Outcome} | {NAME: NAME}


def add_votes_option(source: "argparse._ActionsContainer") -> None:
    """Add --votes."""
    source.add_argument(
        "--votes", metavar="FILE", type=Path, nargs="+",
        help="CSV, JSON, JSON lines or Parquet, also packed (gzip, bzip2, xz, zstd, zip with one file); -: standard "
        "input; several files are read as one",
    )  # fmt: skip


def add_dialect_options(command: argparse.ArgumentParser) -> None:
    """Add the options that say what the columns and values of files mean."""
    group = command.add_argument_group("form of votes files")
    group.add_argument(
        "--format", choices=tuple(FORMATS),
        help="export of another project, usually found by its columns; lmarena must be named, and adds voters",
    )  # fmt: skip
    group.add_argument(
        "--columns", metavar="ROLE=NAME,...", type=_columns, action="append", default=[],
        help=f"names of the columns, such as a=white,b=black,winner=result; roles: {', '.join(ROLES)}; ROLE= reads no "
        "column for it",
    )  # fmt: skip
    group.add_argument(
        "--label", metavar="TEXT=MEANING", type=_label, action="append", default=[],
        help="another spelling of the winner, such as 1-0=a; "
        f"meanings: {', '.join(_MEANINGS)} (the text is the name of a model)",
    )  # fmt: skip
    group.add_argument(
        "--fold-names", action="store_true",
        help="join names of models that differ only in spaces, forms of accents or invisible characters",
    )  # fmt: skip


def dialect_of(arguments: argparse.Namespace) -> Dialect:
    named = {role: name for one in arguments.columns for role, name in one.items()}
    return Dialect(named, dict(arguments.label), arguments.format, arguments.fold_names)


def print_notices(file: VotesFile) -> None:
    """Print on standard error what a reader of the board should know about the files."""
    if file.tally.n_repeated:
        print(f"skipped lines whose battle was read before: {file.tally.repeats}", file=sys.stderr)
    if file.counts is not None:
        rows = f"{len(file.lines):,} row{'s' * (len(file.lines) != 1)}"
        print(f"counted {file.n_votes:,} vote{'s' * (file.n_votes != 1)} in {rows} with counts", file=sys.stderr)
    if file.unused:
        more = f" and {len(file.unused) - _MOST_NAMES} more" if len(file.unused) > _MOST_NAMES else ""
        print(f"columns not used: {', '.join(file.unused[:_MOST_NAMES])}{more}", file=sys.stderr)
    if file.lookalikes:
        print(f"{_lookalikes(file.lookalikes)}; --fold-names joins them", file=sys.stderr)


def _lookalikes(groups: Sequence[Sequence[str]]) -> str:
    shown = "; ".join(" and ".join(map(spelled, group)) for group in groups[:_MOST_NAMES])
    more = f"; and {len(groups) - _MOST_NAMES} more" if len(groups) > _MOST_NAMES else ""
    return f"names that look the same are different models: {shown}{more}"


def _columns(text: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for part in text.split(","):
        role, mark, name = part.partition("=")
        if not mark or role.strip() not in ROLES:
            raise argparse.ArgumentTypeError(
                f"{part!r} does not name a column; expected ROLE=NAME with a role of {', '.join(ROLES)}"
            )
        named[role.strip()] = name
    return named


def _label(text: str) -> tuple[str, Meaning]:
    label, mark, meaning = text.rpartition("=")
    if not mark or meaning.strip() not in _MEANINGS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a label with its meaning; expected TEXT=MEANING with one of {', '.join(_MEANINGS)}"
        )
    return label, _MEANINGS[meaning.strip()]
