"""The Makefile, the workflow, pre-commit, the image and compose agree with each other."""

import re
from pathlib import Path
from typing import Any

import yaml

import arena

ROOT = Path(__file__).resolve().parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(name: str) -> Any:
    return yaml.safe_load(text(name))


def test_pre_commit_runs_the_static_checks_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", text("Makefile"), re.MULTILINE)
    assert recipe is not None
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    static = [command.removesuffix(" .") for command in commands if "PYTEST" not in command]
    (local,) = parsed(".pre-commit-config.yaml")["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == static


def test_the_workflow_calls_the_ci_script() -> None:
    steps = parsed(".github/workflows/ci.yml")["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]


def test_compose_names_the_version_and_holds_no_secret() -> None:
    services = parsed("compose.yaml")["services"]
    assert services["arena"]["image"] == f"arena:{arena.__version__}"
    secrets = {**services["arena"]["environment"], **services["database"]["environment"]}
    for name in ("ARENA_SECRET", "ARENA_DATABASE", "POSTGRES_PASSWORD"):
        assert re.search(r"\$\{[A-Z_]+:\?", secrets[name]), f"{name} must come from the environment"


def test_the_image_has_all_that_the_wheel_is_built_from() -> None:
    kept = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    assert kept >= {"app.py", "arena", "arena.toml", "db", "elo", "inference", "pyproject.toml", "README.md", "LICENSE"}
    assert all((ROOT / name).exists() for name in kept)
