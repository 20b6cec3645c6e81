import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import queries
from db.errors import InvalidUrl, Missing, NewerThanCode, NotADatabase, StorageFailed, Unreachable
from db.session import Database, open_database
from tests.db.building import add_models, fight


def _names(database: Database) -> list[str]:
    with database.read() as tx:
        return [model.info.name for model in queries.list_models(tx)]


def test_a_new_database_is_empty_and_opens_again(url: str) -> None:
    for _ in range(2):
        database = open_database(url)
        with database.read() as tx:
            assert queries.ledger_state(tx) == queries.LedgerState(0, 0)
        database.close()


def test_folders_above_a_new_file_are_made(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'a' / 'b' / 'arena.sqlite'}").close()
    assert (tmp_path / "a" / "b" / "arena.sqlite").exists()


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.fixture(params=[0o022, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What shells give by default, and the most open one."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_only_the_owner_may_read_what_is_stored_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        add_models(tx)
    assert _modes(tmp_path) == dict.fromkeys(("arena.sqlite", "arena.sqlite-wal", "arena.sqlite-shm"), 0o600)
    database.close()


def test_files_that_others_could_read_are_closed_to_them(tmp_path: Path, umask: int) -> None:
    """As earlier versions left them, also the log of a process that was killed."""
    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    killed = open_database(url)
    with killed.write() as tx:
        add_models(tx)
    for file in tmp_path.iterdir():
        file.chmod(0o664)
    open_database(url).close()
    assert _modes(tmp_path) == dict.fromkeys(("arena.sqlite", "arena.sqlite-wal", "arena.sqlite-shm"), 0o600)
    killed.close()


def test_a_mode_that_cannot_be_changed_is_only_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    open_database(url).close()
    (tmp_path / "arena.sqlite").chmod(0o640)
    monkeypatch.setattr(Path, "chmod", refuse)
    open_database(url).close()
    assert f"{tmp_path / 'arena.sqlite'} has mode 640 and cannot be given 600: Operation not permitted" in caplog.text


def test_a_write_is_stored_after_the_block_and_an_error_rolls_it_back(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)

    def half() -> None:
        with database.write() as tx:
            queries.upsert_models(tx, [queries.ModelInfo("elm")], now=1.0)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        half()
    assert "ash" in _names(database)
    assert "elm" not in _names(database)


def test_a_read_block_sees_one_snapshot(database: Database) -> None:
    with database.read() as tx:
        assert queries.ledger_state(tx).revision == 0
        with database.write() as other:
            fight(other)
        assert queries.ledger_state(tx).revision == 0
        assert queries.cells(tx) == []
    with database.read() as tx:
        assert queries.ledger_state(tx).revision == 1


def test_a_read_block_cannot_write_and_does_not_spoil_the_next_write(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(StorageFailed, match="no change was stored"), database.read() as tx:
            add_models(tx)
        with database.write() as tx:
            add_models(tx)


def test_sqlite_is_set_to_keep_what_it_acknowledged(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    for block in (database.read, database.write):
        with block() as tx:
            pragmas = {name: tx.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
            assert pragmas == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
            assert tx.scalar(text("PRAGMA foreign_keys")) == 1
            assert tx.scalar(text("PRAGMA busy_timeout")) == 30_000
    database.close()


def test_postgresql_is_set_to_keep_what_it_acknowledged(used_postgresql: Database) -> None:
    with used_postgresql.write() as tx:
        assert tx.scalar(text("SHOW synchronous_commit")) == "on"
        assert tx.scalar(text("SHOW transaction_isolation")) == "read committed"
    with used_postgresql.read() as tx:
        assert tx.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert tx.scalar(text("SHOW lock_timeout")) == "30s"


def test_writers_wait_for_each_other(url: str) -> None:
    database = open_database(url)
    held, entered = threading.Event(), threading.Event()

    def second() -> None:
        held.wait(30)
        entered.set()
        with database.write() as tx:
            fight(tx)

    thread = threading.Thread(target=second)
    thread.start()
    with database.write() as tx:
        fight(tx)
        held.set()
        assert entered.wait(30)
    thread.join(30)
    with database.read() as tx:
        assert queries.ledger_state(tx) == queries.LedgerState(2, 2)
    database.close()


def _open(url: str) -> None:
    open_database(url).close()


def test_two_processes_may_create_one_database(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_open, args=(url,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0, 0]


def test_threads_may_create_one_database(url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            _open(url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("data/arena.sqlite", "cannot be read; expected sqlite:///PATH"),
        ("sqlite://", "has no file"),
        ("sqlite:///:memory:", "has no file"),
        ("mysql://me@host/arena", "of an unknown type; expected sqlite:///PATH or postgresql://"),
        ("sqlite:///a.sqlite?mode=ro", "has options; expected sqlite:///PATH"),
        ("postgresql://me:word@host:port/arena", r"'postgresql://me:\*\*\*@host:port/arena' cannot be read; expected"),
    ],
)
def test_an_address_of_no_use_is_refused(address: str, message: str) -> None:
    with pytest.raises(InvalidUrl, match=message):
        open_database(address)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

    monkeypatch.setattr("db.session.create_engine", without)
    with pytest.raises(InvalidUrl, match=r"needs the module psycopg: pip install 'psycopg\[binary\]'"):
        open_database("postgresql://me@localhost/arena")


def test_no_database_is_made_where_one_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "typo.sqlite"
    with pytest.raises(Missing, match="there is no database at"):
        open_database(f"sqlite:///{path}", create=False)
    assert not path.exists()


def test_an_empty_database_is_not_filled_where_one_was_expected(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with pytest.raises(Missing, match="is empty; check the address"):
        open_database(url, create=False)


def test_a_file_of_another_sort_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes, and no database at all. " * 40)
    before = path.read_bytes()
    with pytest.raises(NotADatabase, match="is not a SQLite database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(url: str) -> None:
    database = open_database(url)
    with database.write() as tx:
        for table in ("votes", "alembic_version"):
            tx.execute(text(f"ALTER TABLE {table} RENAME TO other_{table}"))
    database.close()
    with pytest.raises(NotADatabase, match=r"has other tables \(.*give the arena a separate database"):
        open_database(url)


def test_a_database_that_is_newer_than_the_code_is_refused(url: str) -> None:
    database = open_database(url)
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(NewerThanCode, match=r"is at schema 9999, which this version .* does not know"):
        open_database(url)


def test_an_upgrade_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.execute", fail)  # the last step of the first migration
        with pytest.raises(RuntimeError, match="power cut"):
            open_database(url)
    open_database(url).close()


def test_a_path_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cannot be opened or written: unable to open database file"):
        open_database(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    with pytest.raises(Unreachable, match=r"the folder of .* cannot be created"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'arena.sqlite'}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "arena.sqlite"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o400)
    with pytest.raises(Unreachable, match="cannot be opened or written"):
        open_database(f"sqlite:///{path}")


def test_a_server_that_does_not_answer_is_an_error_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(Unreachable, match=r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/arena cannot be") as caught:
        open_database("postgresql://me:secret@127.0.0.1:1/arena")
    assert "secret" not in str(caught.value)


def test_the_path_is_known_for_files_only(database: Database) -> None:
    assert (database.path is not None) == database.is_sqlite
