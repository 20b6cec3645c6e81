"""`quality`: how far the votes can be trusted.

It reports exclusions by reason, withdrawals, sides, ties, repeated prompts, careless voters, voters for or against one
model, and days on which one model was pushed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from elo.commands import HELP
from elo.commands.shared.dialects import add_dialect_options, add_votes_option, dialect_of
from elo.commands.shared.failures import CommandError, Commands, UsageError
from elo.commands.shared.output import check_targets, print_report, write_whole
from elo.commands.shared.progress import Progress
from elo.commands.shared.sources import add_where_option, files_read

if TYPE_CHECKING:  # these modules load slowly, and other commands do not need them
    from sqlalchemy import Connection

    from db.codes import BattleKind
    from elo.commands.shared.stored_votes import Selection
    from elo.quality.examination import Quality
    from elo.quality.gathering import Ballot


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "quality",
        help=HELP["quality"],
        description="Examine all votes of a database or of files, also those that do not count.",
    )
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--db", metavar="URL", help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    add_votes_option(source)
    command.add_argument(
        "--kind", metavar="KIND",
        help="kind of battles, such as battle or quick, or all "
        "(default: battle; all rows of a file without that column)",
    )  # fmt: skip
    add_where_option(command)
    command.add_argument("--skip-bad", action="store_true", help="skip wrong rows of a file, and print how many")
    command.add_argument(
        "--level", metavar="L", type=float, default=0.05,
        help="largest share of honest voters that may ever be flagged, and of arenas without a push in which one may "
        "ever be found (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--seed",
        metavar="S",
        type=int,
        default=0,
        help="seed of the random numbers that break ties between votes (default %(default)s)",
    )
    add_dialect_options(command)
    command.add_argument(
        "--json", metavar="OUT", type=Path, help="write the full report there, with every voter and day"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.level < 1:
        raise UsageError(f"level {arguments.level!r} is not between 0 and 1")
    if not 0 <= arguments.seed < 2**64:
        raise UsageError(f"seed {arguments.seed!r} is not a whole number from 0 to 2**64 - 1")
    check_targets({"--json": arguments.json}, reads=files_read(arguments))
    progress = Progress()
    found, n_others = (_of_files if arguments.db is None else _of_database)(arguments, progress)
    progress.clear()
    where = [str(condition) for condition in arguments.where]
    if arguments.json is not None:
        content = found.to_json() | {"where": where, "where_left_out": n_others}
        write_whole(arguments.json, json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    if where:
        others = f"{n_others:,} other{'s' * (n_others != 1)}"
        print_report(f"Votes where {' and '.join(where)} ({others} left out).", arguments.json)
    print_report(found, arguments.json)
    return 0


def _of_files(arguments: argparse.Namespace, progress: Progress) -> "tuple[Quality, int]":
    from elo.quality.ballots import Ballots
    from elo.quality.examination import examine_ballots

    ballots = Ballots(
        arguments.votes,
        kind=arguments.kind,
        where=arguments.where,
        skip_bad=arguments.skip_bad,
        progress=progress.rows,
        dialect=dialect_of(arguments),
    )
    found = examine_ballots(ballots, level=arguments.level, seed=arguments.seed)
    progress.clear()
    for n, what in (
        (ballots.n_other_kinds, f"skipped rows of other kinds than {arguments.kind or 'battle'}"),
        (ballots.n_bad, "skipped bad rows"),
        (ballots.n_not_votes, "skipped rows that do not count and are not votes"),
    ):
        if n:
            print(f"{what}: {n:,}", file=sys.stderr)
    if ballots.tally.n_repeated:
        print(f"skipped lines whose battle was read before: {ballots.tally.repeats}", file=sys.stderr)
    if not found.n_votes:
        of_others = f", of other values: {ballots.n_other_values:,}" if arguments.where else ""
        raise CommandError(f"no votes in {', '.join(map(str, arguments.votes))}: {ballots.n_rows:,} rows{of_others}")
    return found, ballots.n_other_values


def _of_database(arguments: argparse.Namespace, progress: Progress) -> "tuple[Quality, int]":
    from elo.commands.shared.stored_votes import Selection, in_database, kind_of
    from elo.quality.examination import examine_ballots

    kind, selection = kind_of(arguments), Selection((), arguments.where)

    def read(tx: "Connection", url: str) -> "Quality":
        ballots = chain(_ballots(tx, kind, selection, progress), _controls(tx, kind, selection))
        found = examine_ballots(ballots, level=arguments.level, seed=arguments.seed)
        if not found.n_votes:
            where = f" where {' and '.join(map(str, arguments.where))}" if arguments.where else ""
            raise CommandError(f"no votes of {'any kind' if kind is None else f'kind {kind.label}'}{where} in {url}")
        return found

    return in_database(arguments.db, read), selection.tally.n_other_values


def _ballots(
    tx: "Connection", kind: "BattleKind | None", selection: "Selection", progress: Progress
) -> "Iterator[Ballot]":
    from db.codes import BattleKind
    from db.queries.boards.judged import judged_votes
    from elo.quality.gathering import Ballot, prompt_key

    names, n_chosen = [*selection.names], len(selection.names)
    if kind is None or kind is BattleKind.QUICK:  # other battles have no prepared pair
        names += ["prepared_id", "campaign"]
    for n_votes, vote in enumerate(judged_votes(tx, kind, further=names), start=1):
        progress.rows(n_votes)
        if not selection.holds(vote.further[:n_chosen]):
            continue
        reasons = tuple(reason.label for reason in vote.reasons)
        prompt = None if vote.prompt is None else prompt_key(vote.prompt)
        found = Ballot(vote.model_a, vote.model_b, vote.outcome, vote.voter, reasons, prompt, vote.cast_at)
        prepared, campaign = (None if one is None else str(one) for one in vote.further[n_chosen:] or (None, None))
        yield found._replace(is_control="control" in reasons, prepared=prepared, campaign=campaign)


def _controls(tx: "Connection", kind: "BattleKind | None", selection: "Selection") -> "Iterator[Ballot]":
    """The votes on control battles, beside those on battles; they are not among the others left out."""
    from db.codes import BattleKind

    if kind is BattleKind.BATTLE:
        n_others = selection.tally.n_other_values
        for ballot in _ballots(tx, BattleKind.CONTROL, selection, Progress()):
            yield ballot._replace(is_aside=True)
        selection.tally.n_other_values = n_others
