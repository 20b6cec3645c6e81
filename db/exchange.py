"""Votes as JSON lines, one vote a line: out of a database, and into one without loss; and copies of a whole database.

`VoteLine` is the format. All votes are written, also those that do not count, each with its battle: settings, prompts,
the answers of every attempt, the prepared prompt. What an import into an empty database wrote exports again as the same
file, byte for byte. Battles without a vote, addresses, display data of models and benchmark scores stay out.
"""

import json
import math
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from db import errors, queries
from db.codes import Code, Kind, Policy, Reason, State
from db.outcome import Outcome
from db.queries.decks import deck_key, prepared_id
from db.queries.records import BattleRecord, BattleSettings, DeckAnswer, DeckPrompt, TurnRecord, VoteRecord
from db.session import Database

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # what UTF-8, or PostgreSQL, cannot hold

Progress = Callable[[int], None]
"""Told the number of votes done, every `PROGRESS_STEP` votes."""
PROGRESS_STEP = 1_000


@dataclass(frozen=True, slots=True)
class VoteLine:
    """One line of an export: every field is a key, in this order; nested records likewise.

    The first five are the columns of public votes files (`winner`: model_a, model_b, tie, both_bad; `tstamp`: seconds
    since 1970; `anony`: the names were hidden). `ledger_revision` is that of the whole export, on every line.
    `prepared_id` names a quick battle's prompt and unordered pair, the same in every database: KEY:NAME|NAME.
    """

    model_a: str
    model_b: str
    winner: Outcome
    tstamp: float
    anony: bool
    kind: Kind
    counted: bool
    reasons: tuple[Reason, ...]
    visitor: str
    revision: int
    changed_revision: int | None
    ledger_revision: int
    battle: str
    share_id: str
    draw_probability: float | None
    prepared_id: str | None
    policy: Policy | None
    language: str | None
    opened_at: float
    settings: BattleSettings | None
    rules_version: int
    facts: Mapping[str, object]
    withdrawn_at: float | None
    withdraw_reason: str | None
    turns: tuple[TurnRecord, ...]
    deck_prompt: DeckPrompt | None
    deck_answers: tuple[DeckAnswer, ...]


def export_votes(database: Database, path: Path, *, progress: Progress | None = None) -> int:
    """Writes every vote of one snapshot, in order of revision; returns how many. The file appears under its name when
    it is whole: a failure leaves what was there before.

    Raises OSError where the file cannot be written; DatabaseError.
    """
    n_votes = 0
    with _whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        with database.read() as tx:
            ledger_revision = queries.ledger_state(tx).revision
            for n_votes, battle in enumerate(queries.voted_battles(tx), start=1):
                file.write(json.dumps(_plain(_line(battle, ledger_revision)), ensure_ascii=False) + "\n")
                if progress is not None and n_votes % PROGRESS_STEP == 0:
                    progress(n_votes)
    return n_votes


def import_votes(database: Database, path: Path, *, progress: Progress | None = None) -> int:
    """Adds the votes of an export in one transaction, all or none; returns how many. See `queries.import_votes` for
    what becomes of their revisions.

    Raises OSError where the file cannot be read; BadRecord, naming file and line; DatabaseError.
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
    """Copies a SQLite database as it stands at one moment, while others read and write it. PostgreSQL has pg_dump.

    Raises OSError where the file cannot be written; DatabaseError.
    """
    if database.path is None:
        raise errors.InvalidUrl(f"{database.url} is PostgreSQL: back it up with pg_dump")
    with _whole_file(path) as temporary:
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
def _whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its name, safe on disk, when the block has ended without an error."""
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent} for {path.name}; make it first")
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is no ordinary file and would be replaced by one; give another name")
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
            yield _checked(_built(VoteLine, json.loads(raw), ""))
        except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, not a vote
            raise errors.BadRecord(
                f"line {number}: {_cut(str(error))}; expected a line of `python -m db export`; nothing was imported"
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


def _records(first: VoteLine, rest: Iterator[VoteLine], progress: Progress | None) -> Iterator[BattleRecord]:
    yield _battle(first)
    for n_votes, line in enumerate(rest, start=2):
        if line.ledger_revision != first.ledger_revision:
            raise errors.BadRecord(
                f"line {n_votes}: ledger_revision is {line.ledger_revision}, on the first line "
                f"{first.ledger_revision}; expected one whole export; nothing was imported"
            )
        if progress is not None and n_votes % PROGRESS_STEP == 0:
            progress(n_votes)
        yield _battle(line)


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
