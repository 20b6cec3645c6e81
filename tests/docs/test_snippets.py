"""Every runnable snippet of README and docs runs, against votes of a database in a temporary folder."""

import ast
import configparser
import io
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import arena.__main__
import db.__main__
import elo.__main__
import inference.__main__
from arena.settings import load
from db.outcome import Outcome
from db.session import open_database
from tests.db.building import MODELS, fight
from tests.docs.pages import PAGES, ROOT, Block, blocks

RUNNABLE = ("sh", "python", "toml")
OTHERS: Mapping[str, str] = {
    "text": "a drawing, a tree or a usage line",
    "nginx": "tests/end_to_end/processes/test_nginx.py runs these behind a real browser",
    "ini": "a unit of systemd, which containers do not have; its program is checked",
    "pycon": "an example of a docstring; the tests of elo have its claim",
}
PROGRAMS: Mapping[str, Callable[[list[str]], int]] = {
    "arena": arena.__main__.main,
    "elo": elo.__main__.main,
    "db": db.__main__.main,
    "inference": inference.__main__.main,
}
EXCLUDED: Mapping[str, str] = {
    r"git clone \S+ arena|cd arena": "needs a repository's address; tests/end_to_end/processes/test_newcomer.py clones",
    r"make run": "serves until it is stopped; tests/end_to_end/processes/test_newcomer.py runs it in a clone",
    r"arena": "serves until it is stopped; tests/test_package.py runs it as installed",
    r"pip install \.": "tests/test_package.py installs the wheel into a new environment",
    r"python -m inference serve .*": "serves until it is stopped; tests/inference/server has its tests",
    r"curl .*": "asks the server of the line before",
    r"python -m inference convert SOURCE NEW_FOLDER": "the names are placeholders",
    r"python -m arena (?:fill-deck|decks|campaign) .*": "asks models, or needs a filled deck; tests/arena has them",
    r"python -m arena moderation-check .*": "asks a moderator; tests/arena/test_moderation_check.py runs it",
    r"sudo .*|cd /srv/arena && sudo .*|journalctl .*": "changes the machine",
    r"printf .*|docker compose .*": "needs a container engine",
}
"""Commands of `sh` blocks that are not run, as whole commands, and why."""
_OUTCOMES = tuple(Outcome)
_MODULE = re.compile(r"(?:python -m (?P<module>\w+)|(?P<script>arena))(?: (?P<arguments>.*))?")


def commands(block: Block) -> list[str]:
    """The commands of an `sh` block, continued lines joined, comments removed."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


def is_excluded(command: str) -> bool:
    return any(re.fullmatch(pattern, command) for pattern in EXCLUDED)


def found(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, language)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an arena's settings, a database of 60 votes, ids of tokens, and a board's models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    (tmp_path / "ids.json").write_text(json.dumps([1, 2, 3, 4]), encoding="utf-8")
    rows = "".join(f"{model},{number}e9\n" for number, model in enumerate(MODELS, 1))
    (tmp_path / "models.csv").write_text(f"model,parameters\n{rows}", encoding="utf-8")
    (tmp_path / "data").mkdir()
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'arena.sqlite'}")
    with database.write() as tx:
        for number in range(60):
            pair = (MODELS[number % 4], MODELS[(number + 1 + number // 4 % 3) % 4])
            fight(tx, pair, _OUTCOMES[number % 3], visitor=f"visitor {number % 7}")
    database.close()
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")], ids=lambda path: path.name)
def test_the_commands_of_a_page_run_one_after_the_other(page: Path, folder: Path) -> None:
    asked = [command for block in blocks(page, "sh") for command in commands(block)]
    if "arena init" not in asked:
        arena.__main__.main(["init"])
    for command in asked:
        if is_excluded(command):
            continue
        match = _MODULE.fullmatch(command)
        assert match is not None, f"{command!r} is neither a command of ours nor in EXCLUDED"
        program = PROGRAMS[match["module"] or match["script"]]
        assert program(shlex.split(match["arguments"] or "")) == 0, command


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda path: path.name)
def test_the_python_of_a_page_runs_like_the_cells_of_a_notebook(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, and each shows something: what it prints, or its last expression."""
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        cell = ast.parse(block.text)
        last, shown = cell.body[-1], None
        if isinstance(last, ast.Expr):
            cell.body.pop()
        exec(compile(cell, str(block), "exec"), names)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), str(block), "eval"), names)
        assert capsys.readouterr().out or shown is not None, block


@pytest.mark.parametrize("block", found("toml"), ids=str)
def test_settings_load(block: Block, folder: Path) -> None:
    load(tomllib.loads(block.text), {}, file=folder / "arena.toml")


@pytest.mark.parametrize("block", found("ini"), ids=str)
def test_a_unit_starts_a_program_that_the_package_installs(block: Block) -> None:
    unit = configparser.ConfigParser()
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(block.text)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert Path(unit["Service"]["ExecStart"]).name in scripts
    assert unit["Service"]["WorkingDirectory"] == unit["Service"]["ReadWritePaths"]


def test_every_exclusion_is_needed() -> None:
    asked = [command for block in found("sh") for command in commands(block)]
    assert [pattern for pattern in EXCLUDED if not any(re.fullmatch(pattern, one) for one in asked)] == []


def test_every_block_names_its_language() -> None:
    unknown = [str(block) for page in PAGES for block in blocks(page) if block.language not in (*RUNNABLE, *OTHERS)]
    assert unknown == []
