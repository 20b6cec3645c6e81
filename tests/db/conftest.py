"""A fresh database for each test, once on SQLite and once on PostgreSQL.

PostgreSQL is the server of TEST_POSTGRES_URL (an account that may create databases), else one that is started here from
installed binaries, else those tests are skipped. It runs without fsync: no test here is about power loss.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

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


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> Iterator[str]:
    """The address of a new and empty database."""
    name = f"test_{uuid4().hex}"
    server = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that does not hold anything yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'arena.sqlite'}"
    address: str = request.getfixturevalue("empty_postgresql")
    return address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def other_database(url: str, tmp_path: Path) -> Iterator[Database]:
    """A second one, on SQLite in any case: what one kind exports, the other imports."""
    opened = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    yield opened
    opened.close()
