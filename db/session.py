"""An open database and its transactions.

`open_database(url)` creates or upgrades it. SQLite and PostgreSQL begin transactions, report errors and wait for locks
in different ways; all other code sees `read()`, `write()` and one tree of errors. There is no query here.

An acknowledged write survives the death of any process, and power loss: on SQLite by the write-ahead log with
`synchronous = FULL` (an fsync at each commit), on PostgreSQL by `synchronous_commit = on`.
"""

import logging
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from db import errors, migrate

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 30.0
"""How long a transaction waits for a lock before it fails."""

_OWNER_ONLY = 0o600


class Database:
    """An open database of the current schema. Threads may share it; close it at the end of the process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        if self.is_sqlite:
            self._readers = engine.execution_options(arena_writes=False)
            self._writers = engine.execution_options(arena_writes=True)
        else:
            self._readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writers = engine.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)

    @property
    def url(self) -> str:
        """The address, with a password masked."""
        return self._engine.url.render_as_string(hide_password=True)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self._engine.url.database or "") if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a snapshot: everything read in the block is of one moment. A write raises StorageFailed."""
        with _failures(), self._readers.begin() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction: committed and safe on disk after the block, rolled back if an error leaves it.

        On SQLite there is one writer at a time from the first line of the block (BEGIN IMMEDIATE), so a block must be
        short: no model and no network inside. Raises StorageFailed if the database fails.
        """
        with _failures(), self._writers.begin() as tx:
            yield tx

    def close(self) -> None:
        self._engine.dispose()


def open_database(url: str, *, create: bool = True) -> Database:
    """Open the database at `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`, and upgrade it if it is older.

    Processes may do this at the same time: one upgrades, the others wait. With `create` False the database must exist,
    so that a command that only reads does not create an empty one at a mistyped address.

    Raises OpenError: InvalidUrl, Missing, NotADatabase, NewerThanCode, Unreachable.
    """
    parsed = _parse(url)
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        _prepare_file(Path(parsed.database or ""), shown, create=create)
        engine = _sqlite_engine(parsed)
    else:
        engine = _postgresql_engine(parsed, shown)
    database = Database(engine)
    try:
        migrate.to_newest(database._readers, database._writers, shown=shown, create=create)
        if database.path is not None:
            _close_to_others(database.path)
    except DBAPIError as error:
        database.close()
        raise errors.Unreachable(f"{shown} cannot be opened or written: {str(error.orig).strip()}") from error
    except BaseException:
        database.close()
        raise
    return database


def _parse(url: str) -> URL:
    expected = "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        masked = re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", url)
        raise errors.InvalidUrl(f"database address {masked!r} cannot be read; {expected}") from None
    shown = parsed.render_as_string(hide_password=True)
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise errors.InvalidUrl(f"database address {shown!r} has no file; {expected}")
            if parsed.query:
                raise errors.InvalidUrl(f"database address {shown!r} has options; {expected}")
            return parsed
        case "postgres" | "postgresql" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
    raise errors.InvalidUrl(f"database address {shown!r} is of an unknown type; {expected}")


def _prepare_file(path: Path, shown: str, *, create: bool) -> None:
    if not path.exists():
        if not create:
            raise errors.Missing(f"there is no database at {path}; check the path, or start the arena to create it")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.Unreachable(f"the folder of {path} cannot be created: {error}") from error
        with suppress(OSError):  # SQLite reports what is wrong with it
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _OWNER_ONLY))
    try:
        connection = sqlite3.connect(path)
        try:
            _use_write_ahead_log(connection)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise errors.NotADatabase(f"{shown} is not a SQLite database; give the arena another path") from error
        raise errors.Unreachable(f"{shown} cannot be opened or written: {error}") from error


def _close_to_others(path: Path) -> None:
    """Let only the owner read the database and its write-ahead log. SQLite gives later files the same mode."""
    for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with suppress(FileNotFoundError):
            mode = file.stat().st_mode & 0o777
            if mode & ~_OWNER_ONLY:
                try:
                    file.chmod(_OWNER_ONLY)
                except OSError as error:
                    logger.warning("%s has mode %o and cannot be given %o: %s", file, mode, _OWNER_ONLY, error.strerror)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Set the mode, which the file keeps. Processes that do this at the same time meet a lock for which SQLite does not
    always wait."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the listener below begins transactions, not the driver
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what a visitor deletes is overwritten in the file

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options["arena_writes"]
        # A migration may rebuild a table to which others refer; `db.migrate` checks the references in the end.
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if options.get('arena_migrates') else 'ON'}")
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL, shown: str) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise errors.InvalidUrl(f"{shown} needs the module {error.name}: pip install 'psycopg[binary]'") from error

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO on")
            cursor.execute(f"SET lock_timeout TO '{LOCK_TIMEOUT_S:.0f}s'")
        connection.commit()

    return engine


@contextmanager
def _failures() -> Iterator[None]:
    """Raise the driver's errors as ours, including constraint violations that no query handles."""
    try:
        yield
    except DBAPIError as error:
        raise errors.StorageFailed(f"the database failed: {str(error.orig).strip()}; no change was stored") from error
