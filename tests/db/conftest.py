"""A fresh database for each test, once on SQLite and once on PostgreSQL.

PostgreSQL is the server of TEST_POSTGRES_URL (an account that may create schemas), else one that is started here from
installed binaries, else those tests are skipped. It runs without fsync: no test here is about power loss.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from db.schema import ledger, metadata
from db.session import Database, open_database


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a server's own database `postgres`."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -r requirements-dev.txt")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: neither TEST_POSTGRES_URL nor a server's binaries (apt-get install postgresql)")
    account = None
    if os.geteuid() == 0:  # the server refuses to run as root
        account = "postgres"
        if subprocess.run(["id", account], capture_output=True, check=False).returncode:
            pytest.skip("no PostgreSQL: run as root, and there is no account 'postgres' to start the server under")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the socket's path has at most 107 bytes
    if account:
        shutil.chown(folder, account, account)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, *arguments],
            user=account,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if done.returncode:
            pytest.fail(f"{program}: {done.stderr.decode()}")

    data = str(folder / "data")
    options = f"-c listen_addresses= -k {folder} -c fsync=off -c log_statement=none"
    try:
        run("initdb", "-D", data, "-U", "arena", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-t", "30", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://arena@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _empty_schema(server_url: str) -> Iterator[str]:
    """The address of a new and empty schema in that database: to the code under test a database like any other."""
    name = f"test_{uuid4().hex}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    here = make_url(server_url).update_query_dict({"options": f"-csearch_path={name}"})
    yield here.render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    server.dispose()


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> Iterator[str]:
    with _empty_schema(postgresql_server) as address:
        yield address


@pytest.fixture(scope="session")
def used_postgresql(postgresql_server: str) -> Iterator[Database]:
    """One database for all tests that do not open their own: creating one takes longer than emptying it."""
    with _empty_schema(postgresql_server) as address:
        opened = open_database(address)
        yield opened
        opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that is still empty."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path / 'arena.sqlite'}"
    address: str = request.getfixturevalue("empty_postgresql")
    return address


@pytest.fixture
def database(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An opened database without a row but the ledger's."""
    if dialect == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
        yield opened
        opened.close()
    else:
        shared: Database = request.getfixturevalue("used_postgresql")
        yield shared
        with shared.write() as tx:
            tx.execute(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
            tx.execute(ledger.insert().values(id=1, revision=0, elo_revision=0, elo_name=""))


@pytest.fixture
def other_database(tmp_path: Path) -> Iterator[Database]:
    """A second one, on SQLite: what one kind exports, the other imports."""
    opened = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    yield opened
    opened.close()
