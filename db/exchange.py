"""Votes as JSON lines, exported from a database and imported without loss; and copies of a whole database.

Every vote is a line (`db.vote_line`), also if it does not count, with its battle: settings, prompts, the answers of
every attempt, the prepared prompt. After an import into an empty database, an export is the same file, byte for byte.
Battles without a vote, addresses, display data of models and benchmark scores are not exported.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db import errors, queries, vote_line
from db.records.battles import BattleRecord
from db.session import Database
from db.vote_line import VoteLine

PROGRESS_STEP = 1_000
"""`progress` is called with the number of votes done after each so many."""


def export_votes(database: Database, path: Path, *, progress: Callable[[int], None] | None = None) -> int:
    """Write every vote of one snapshot, in order of revision; return how many. The file gets its name when it is
    complete: a failure leaves an earlier file unchanged.

    Raises OSError if the file cannot be written; DatabaseError.
    """
    n_votes = 0
    with _complete_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        with database.read() as tx:
            ledger_revision = queries.ledger_state(tx).revision
            for n_votes, battle in enumerate(queries.voted_battles(tx), start=1):
                file.write(vote_line.written(vote_line.line_of(battle, ledger_revision)) + "\n")
                if progress is not None and n_votes % PROGRESS_STEP == 0:
                    progress(n_votes)
    return n_votes


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


def _line(battle: BattleRecord, ledger_revision: int) -> VoteLine:
    vote = battle.vote
    assert vote is not None
    assert battle.model_b is not None
    return VoteLine(
        model_a=battle.model_a,
        model_b=battle.model_b,
        winner=vote.outcome,
        tstamp=vote.cast_at,
        anony=_is_anonymous(battle.kind),
        kind=battle.kind,
        counted=vote.counted,
        reasons=vote.reasons,
        visitor=battle.visitor,
        revision=vote.revision,
        changed_revision=vote.changed_revision,
        ledger_revision=ledger_revision,
        battle=battle.battle_id,
        share_id=battle.share_id,
        draw_probability=battle.draw_probability,
        prepared_id=_prepared_id(battle.deck_prompt, battle.model_a, battle.model_b),
        policy=battle.policy,
        language=battle.language,
        opened_at=battle.opened_at,
        settings=battle.settings,
        rules_version=vote.rules_version,
        facts=vote.facts,
        withdrawn_at=vote.withdrawn_at,
        withdraw_reason=vote.withdraw_reason,
        turns=battle.turns,
        deck_prompt=battle.deck_prompt,
        deck_answers=battle.deck_answers,
    )


def _battle(line: VoteLine) -> BattleRecord:
    return BattleRecord(
        battle_id=line.battle,
        share_id=line.share_id,
        kind=line.kind,
        visitor=line.visitor,
        model_a=line.model_a,
        model_b=line.model_b,
        state=State.VOTED,
        opened_at=line.opened_at,
        closed_at=line.tstamp,
        policy=line.policy,
        draw_probability=line.draw_probability,
        settings=line.settings,
        language=line.language,
        turns=line.turns,
        deck_prompt=line.deck_prompt,
        deck_answers=line.deck_answers,
        vote=VoteRecord(
            outcome=line.winner,
            cast_at=line.tstamp,
            revision=line.revision,
            reasons=line.reasons,
            rules_version=line.rules_version,
            facts=line.facts,
            changed_revision=line.changed_revision,
            withdrawn_at=line.withdrawn_at,
            withdraw_reason=line.withdraw_reason,
        ),
    )


def _is_anonymous(kind: Kind) -> bool:
    return kind not in (Kind.NAMED, Kind.CHAT)


def _prepared_id(prompt: DeckPrompt | None, model_a: str, model_b: str) -> str | None:
    return None if prompt is None else prepared_id(deck_key(prompt), model_a, model_b)


def _parsed(file: Iterable[bytes]) -> Iterator[VoteLine]:
    for number, raw in enumerate(file, start=1):
        try:
            yield vote_line.read(raw)
        except ValueError as error:
            raise errors.BadRecord(
                f"line {number}: {vote_line.cut(str(error))}; expected a line of `python -m db export`; nothing was imported"
            ) from error


def _checked(line: VoteLine) -> VoteLine:
    """What a line says twice, it must say alike."""
    if line.counted != (not line.reasons):
        raise ValueError(f"counted is {line.counted}, but there are {len(line.reasons)} reasons; it counts without one")
    if line.anony != _is_anonymous(line.kind):
        raise ValueError(f"anony is {line.anony}, but kind is {line.kind.label}")
    expected = _prepared_id(line.deck_prompt, line.model_a, line.model_b)
    if line.prepared_id != expected:
        raise ValueError(f"prepared_id is {line.prepared_id!r}, but prompt and pair make {expected!r}")
    return line


def _records(first: VoteLine, rest: Iterator[VoteLine], progress: Callable[[int], None] | None) -> Iterator[BattleRecord]:
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


def _plain(value: object) -> object:
    """Records as JSON values: dataclasses as objects, enumerations by their labels."""
    if isinstance(value, Outcome):
        return value.winner
    if isinstance(value, Code):
        return value.label
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _types(type(value))}
    return value


@cache
def _types(record: type) -> dict[str, Any]:
    return get_type_hints(record)


@cache
def _required(record: type) -> frozenset[str]:
    return frozenset(
        field.name for field in fields(record) if field.default is MISSING and field.default_factory is MISSING
    )


def _built(expected: Any, value: Any, where: str) -> Any:
    """The JSON value as what the annotation says. Raises ValueError, naming the place and what came."""
    if get_origin(expected) is UnionType:  # only `X | None` occurs
        return None if value is None else _built(get_args(expected)[0], value, where)
    if get_origin(expected) is tuple:
        item = get_args(expected)[0]
        return tuple(_built(item, one, f"{where}[{n}]") for n, one in enumerate(_of(list, value, where)))
    if get_origin(expected) is not None:  # Mapping[str, object]: plain JSON
        if not _is_plain(_of(dict, value, where)):
            raise ValueError(f"{where} holds a number that is not finite, half a character or a NUL")
        return value
    if is_dataclass(expected):
        return _record(expected, _of(dict, value, where), where)
    if issubclass(expected, (Code, Outcome)):
        try:
            return expected.parse(_of(str, value, where))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    return _of(expected, value, where)


def _record(expected: Any, value: dict[str, Any], where: str) -> Any:
    types = _types(expected)
    prefix = f"{where}." if where else ""
    if missing := sorted(_required(expected) - value.keys()):
        raise ValueError(f"{prefix}{missing[0]} is missing")
    if unknown := sorted(value.keys() - types.keys()):
        raise ValueError(f"{prefix}{unknown[0]} is unknown")
    return expected(**{name: _built(types[name], item, prefix + name) for name, item in value.items()})


_WANTED = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def _of(expected: type, value: Any, where: str) -> Any:
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise ValueError(f"{where or 'the line'} is {_shown(value)}, not {_WANTED[expected]}")
    if isinstance(value, str) and _NO_TEXT.search(value):
        raise ValueError(f"{where} is {_shown(value)}, which holds half a character or a NUL; nobody could write it")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{where} is {_shown(value)}, more than 64 bits hold")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {_shown(value)}, not a finite number")
    return value


def _is_plain(value: Any) -> bool:
    """Whether JSON of any depth can be written again, as UTF-8 and into either database."""
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return _NO_TEXT.search(value) is None
    return not isinstance(value, float) or math.isfinite(value)


def _shown(value: Any) -> str:
    return _cut(json.dumps(value), 60)


def _cut(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
