"""Upgrade a database, empty or older, to the code's schema.

An upgrade is one transaction under one lock, so several processes may start at once, and a crash leaves the old schema.
To add a migration, change `schema` and write the next file of migrations/versions by hand: a test compares the two.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from db import errors

_LOCK = 0x61_72_65_6E_61  # "arena": the key of PostgreSQL's advisory lock


def to_newest(readers: Engine, writers: Engine, *, shown: str, create: bool) -> None:
    """Create or upgrade the tables. `shown` is the address in messages.

    Raises NotADatabase, NewerThanCode, Missing (an empty database, with `create` False) and the driver's own errors.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with readers.begin() as tx:
        if _is_current(tx, scripts, shown=shown, create=create):
            return
    with writers.execution_options(arena_migrates=True).begin() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_current(tx, scripts, shown=shown, create=create):
            config.attributes["connection"] = tx
            command.upgrade(config, "head")
            _check_references(tx, shown)


def _check_references(tx: Connection, shown: str) -> None:
    """Check the references between rows, which SQLite does not do during migrations. Raises OpenError."""
    if tx.dialect.name == "sqlite":
        broken = tx.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise errors.OpenError(
                f"{shown} cannot be upgraded: {len(broken):,} rows refer to rows that do not exist (table "
                f"{broken[0][0]}); nothing was changed; restore a backup"
            )


def _is_current(tx: Connection, scripts: ScriptDirectory, *, shown: str, create: bool) -> bool:
    found = MigrationContext.configure(tx).get_current_revision()
    if found == scripts.get_current_head():
        return True
    if found is None:
        others = sorted(set(inspect(tx).get_table_names()) - {"alembic_version"})
        if others:
            raise errors.NotADatabase(
                f"{shown} has other tables ({', '.join(others[:3])}) and is not an arena's database; "
                "give the arena a separate database"
            )
        if not create:
            raise errors.Missing(f"{shown} is empty; check the address, or start the arena to create its tables")
    elif found not in {script.revision for script in scripts.walk_revisions()}:
        raise errors.NewerThanCode(
            f"{shown} is at schema {found}, which this version of the arena does not know (its newest is "
            f"{scripts.get_current_head()}); run the version that upgraded it, or restore a backup"
        )
    return False
