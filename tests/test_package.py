"""What is built from pyproject.toml: the ranges of its dependencies, the wheel's files, and the arena that it installs.

The installed arena borrows the packages of the environment that runs the tests, so nothing is downloaded.
"""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import arena
import db
import elo
import inference
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("arena", "db", "elo", "inference")
SOURCES = ("app.py", *PACKAGES)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [Requirement(text) for text in PROJECT["dependencies"]]
OPTIONAL = [Requirement(text) for extra in PROJECT["optional-dependencies"].values() for text in extra]
DEMO_MODELS = 4


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in requirements}


def locked(file: str) -> dict[str, str]:
    """The pins of a requirements file, by normal name."""
    pins = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def modules(*names: str) -> list[Path]:
    """The files of these packages and modules."""
    return [path for name in names for path in (ROOT / name).rglob("*.py")] + [
        ROOT / name for name in names if name.endswith(".py")
    ]


def foreign_imports(paths: list[Path], *, inside_functions: bool) -> set[str]:
    """The distributions that these files import, at the top or, `inside_functions`, anywhere."""
    distributions = packages_distributions()
    found: set[str] = set()
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = ast.walk(tree) if inside_functions else outside_functions(tree)
        for node in nodes:
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported = [node.module or ""]
            for name in imported:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in (*PACKAGES, "app"):
                    found.add(canonicalize_name(distributions.get(top, [top])[0]))
    return found


def outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from outside_functions(node)


def test_the_locked_versions_are_within_the_ranges() -> None:
    lock = locked("requirements.txt") | locked("requirements-dev.txt")
    outside = [
        str(one)
        for one in REQUIRED + OPTIONAL
        if not one.specifier.contains(lock.get(canonicalize_name(one.name), "none"))
    ]
    assert not outside, "change the range in pyproject.toml or the pin in requirements*.txt"


def test_what_is_required_is_locked_and_what_is_locked_is_named() -> None:
    lock = locked("requirements.txt")
    assert names(REQUIRED) <= lock.keys() <= names(REQUIRED) | names(OPTIONAL)


def test_every_import_is_named() -> None:
    """hub.py imported httpx2, which nothing named. Only a function may import an optional package."""
    assert foreign_imports(modules(*SOURCES), inside_functions=False) - names(REQUIRED) == set()
    assert foreign_imports(modules(*SOURCES), inside_functions=True) - names(REQUIRED) - names(OPTIONAL) == set()


def test_every_requirement_is_imported() -> None:
    """But for socksio, which httpx imports for SOCKS proxies, and psycopg, which SQLAlchemy imports for PostgreSQL."""
    unused = names(REQUIRED) | names(OPTIONAL)
    assert unused - foreign_imports(modules(*SOURCES), inside_functions=True) == {"socksio", "psycopg"}


def test_the_benchmark_of_ratings_has_what_it_imports_of_ours() -> None:
    paths = [path for path in modules("elo", "db", "arena/standings") if "commands" not in path.parts]
    imported = foreign_imports(paths, inside_functions=False)
    assert imported <= locked("requirements-bench-ratings.txt").keys()


def test_all_packages_have_one_version() -> None:
    assert {arena.__version__, db.__version__, elo.__version__, inference.__version__} == {arena.__version__}
    newest = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == arena.__version__


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of the packages that git tracks."""
    command = ["git", "ls-files", "-z", *SOURCES]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name]


@pytest.fixture(scope="module")
def wheel(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tracked files as they are now, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in (*tracked, "pyproject.toml", "README.md", "LICENSE"):
        copy = source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    built = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=source, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_has_every_tracked_file_and_no_other(wheel: Path, tracked: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert archive.read("arena/arena.toml") == (ROOT / "arena.toml").read_bytes()
        (licence,) = (name for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert packed == set(tracked)
    assert {f"{package}/py.typed" for package in PACKAGES} <= packed


class Installed:
    """An environment of its own with the wheel installed."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        (site_packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        ours = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        (site_packages / "borrowed.pth").write_text("\n".join(ours) + "\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "--disable-pip-version-check"]
        # with its dependencies, so that pip compares the ranges with what is installed
        subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True, timeout=120)
        strange = ("PYTHON", "ARENA_", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        self.environment = {**kept, "HOME": str(folder), "PYTHONUNBUFFERED": "1"}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, port: int) -> Iterator["subprocess.Popen[str]"]:
        process = subprocess.Popen(
            [str(self.bin / "arena"), "--port", str(port)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=20)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


@pytest.mark.parametrize("script", sorted(PROJECT["scripts"]))
def test_every_script_prints_its_version_and_help(installed: Installed, script: str) -> None:
    assert installed.run(script, "--version") == f"arena {arena.__version__}\n"
    assert installed.run(script, "--help").startswith(f"usage: {script} ")


def test_elo_is_imported_from_the_wheel(installed: Installed) -> None:
    location = installed.run("python", "-c", "import elo; print(elo.__file__, elo.rate)")
    assert location.startswith(str(installed.folder / "venv"))


def test_init_writes_a_file_with_which_the_arena_serves_four_models(installed: Installed) -> None:
    installed.run("arena", "init")
    port = free_port()
    deadline = time.monotonic() + 120
    with installed.running(port) as process:
        while ready(port) != DEMO_MODELS:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the four models were not ready in 120 s"
            time.sleep(0.2)


def ready(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as response:
            return int(json.load(response)["models"]["ready"])
    except OSError:
        return None
