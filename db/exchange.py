"""Export votes as JSON lines, import them again, and copy a database.

Each line is one vote (`db.vote_line`), counted or not, with its battle: settings, prompts, the answers of every
attempt, the prepared prompt, and feedback. The texts of battles that the visitor's consent does not cover are left out,
and so are those of a live deck, unless all are requested; everything that boards use stays. After an import into an
empty database, an export is the same file, byte for byte.
Battles without a vote, addresses, moderators' findings, display data of models and benchmark scores are not exported.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from db import errors, queries, vote_line
from db.records.battles import BattleRecord
from db.session import Database
from db.vote_line import VoteLine

PROGRESS_STEP = 1_000
"""`progress` is called after every 1,000 votes, with the number done so far."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote and left out."""

    n_votes: int
    n_without_texts: int
    """Battles whose texts were left out, because their visitors have not agreed to publication."""
    n_of_live_decks: int = 0
    """Quick battles whose prepared texts were left out, because their deck is live."""
    live_decks: tuple[str, ...] = ()
    """These decks, by name."""


def export_votes(
    database: Database, path: Path, *, all_texts: bool = False, progress: Callable[[int], None] | None = None
) -> Exported:
    """Write every vote of one snapshot, in order of revision. The file gets its name when it is complete: a failure
    leaves an earlier file unchanged.

    Without `all_texts`, the prompts, answers, reasoning and comment of a battle are left out if its visitor has not
    agreed to their publication. Prepared prompts and answers are the owner's, and stay, unless their deck is live
    (quick rounds deal from it, or a campaign on it is open).

    Raises OSError if the file cannot be written; DatabaseError.
    """
    n_votes = n_without_texts = n_of_live_decks = 0
    left_out: set[str] = set()
    with _complete_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        with database.read() as tx:
            ledger_revision = queries.ledger_state(tx).revision
            live = frozenset() if all_texts else queries.live_decks(tx)
            for n_votes, battle in enumerate(queries.voted_battles(tx), start=1):
                if not all_texts and not battle.has_consent:
                    bare = vote_line.without_texts(battle)
                    n_without_texts += (bare.turns, bare.feedback) != (battle.turns, battle.feedback)
                    battle = bare
                if battle.deck_prompt is not None and battle.deck_prompt.deck in live:
                    left_out.add(battle.deck_prompt.deck)
                    n_of_live_decks += 1
                    battle = vote_line.without_deck(battle)
                file.write(vote_line.json_of(vote_line.line_of(battle, ledger_revision)) + "\n")
                if progress is not None and n_votes % PROGRESS_STEP == 0:
                    progress(n_votes)
    return Exported(n_votes, n_without_texts, n_of_live_decks, tuple(sorted(left_out)))


def import_votes(database: Database, path: Path, *, progress: Callable[[int], None] | None = None) -> int:
    """Add the votes of an export in one transaction, all or none; return how many. `queries.import_votes` describes
    which revisions they get.

    Raises OSError if the file cannot be read; BadRecord, with file and line; DatabaseError.
    """
    with path.open("rb") as file:
        numbered = _parsed(file)
        try:
            first = next(numbered, None)
            if first is None:
                return 0
            with database.write() as tx:
                return queries.import_votes(
                    tx, _records(first, numbered, progress), ledger_revision=first.ledger_revision
                )
        except errors.BadRecord as error:
            raise errors.BadRecord(f"{path}, {error}") from error


def backup(database: Database, path: Path) -> None:
    """Copy a SQLite database as it is at one moment, while others read and write it. PostgreSQL has pg_dump.

    Raises OSError if the file cannot be written; DatabaseError.
    """
    if database.path is None:
        raise errors.InvalidUrl(f"{database.url} is PostgreSQL: back it up with pg_dump")
    with _complete_file(path) as temporary:
        try:
            source, target = sqlite3.connect(database.path), sqlite3.connect(temporary)
            try:
                source.backup(target)
            finally:
                source.close()
                target.close()
        except sqlite3.Error as error:
            raise errors.StorageFailed(f"the backup to {path} failed: {error}") from error


@contextmanager
def _complete_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`, which replaces `path`, safe on disk, after a block without an error."""
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent} for {path.name}; create it first")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is not a regular file and would be replaced by one; choose another name")
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        yield Path(name)
        os.fsync(handle)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _parsed(file: Iterable[bytes]) -> Iterator[VoteLine]:
    for number, raw in enumerate(file, start=1):
        if not raw.strip():  # as editors leave at the end
            continue
        try:
            yield vote_line.read(raw)
        except ValueError as error:
            problem = vote_line.cut(str(error))
            raise errors.BadRecord(
                f"line {number}: {problem}; expected a line of `python -m db export`; nothing was imported"
            ) from error


def _records(
    first: VoteLine, rest: Iterator[VoteLine], progress: Callable[[int], None] | None
) -> Iterator[BattleRecord]:
    yield vote_line.battle_of(first)
    for n_votes, line in enumerate(rest, start=2):
        if line.ledger_revision != first.ledger_revision:
            raise errors.BadRecord(
                f"line {n_votes}: ledger_revision is {line.ledger_revision}, on the first line "
                f"{first.ledger_revision}; expected one complete export; nothing was imported"
            )
        if progress is not None and n_votes % PROGRESS_STEP == 0:
            progress(n_votes)
        yield vote_line.battle_of(line)
