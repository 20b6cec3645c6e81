import json
from pathlib import Path

import pytest

from db import exchange
from db.outcome import Outcome
from db.session import open_database
from elo.__main__ import main
from elo.commands.shared.progress import Progress
from tests.db import building
from tests.elo import reference

FOOD = str(reference.DATA / "food.csv")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Progress, "count", lambda *_: None)  # on a busy machine even short work tells where it is


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    try:
        status = main(["plan", *map(str, arguments)])
    except SystemExit as exit:
        status = int(exit.code or 0)
    return status, *capsys.readouterr()


def test_a_plan_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "--votes", FOOD, "--json", tmp_path / "plan.json", "--chance", "0.5")
    assert (status, err) == (0, "")
    assert out.startswith("model ")
    assert "with 50 % probability" in out
    assert "All models are connected by battles: 10 of 10 pairs of models have met." in out
    told = json.loads((tmp_path / "plan.json").read_text())
    assert [row["better"] for row in told["neighbours"]] == ["Tacos", "Sushi", "Burger", "Pasta"]
    assert (told["votes"], told["chance"]) == (30, 0.5)


def test_a_database_and_its_export_give_the_same_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'arena.sqlite'}"
    database = open_database(url)
    with database.write() as tx:
        for i in range(30):
            pair = building.MODELS[i % 3], building.MODELS[i % 3 + 1]
            building.vote(tx, building.votable(tx, pair, f"visitor-{i}"), list(Outcome)[i % 4], f"visitor-{i}")
    exchange.export_votes(database, tmp_path / "votes.jsonl")
    database.close()
    of_database, of_file = (run(capsys, *source) for source in (("--db", url), ("--votes", tmp_path / "votes.jsonl")))
    assert of_database[0] == 0
    assert of_database == of_file


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--chance", "1"], 2, "chance 1.0 is not between 0 and 1"),
        (["--method", "elo"], 2, "method 'elo' has no standard errors to plan with; use bradley-terry"),
        (
            ["--bootstrap", "0"],
            2,
            "bootstrap 0 gives no standard errors to plan with; use 1 round or more",
        ),
        (["--prior", "-1"], 2, "prior -1.0 is not 0, or 1e-09 virtual ties or more"),
        (["--json", "/nowhere/plan.json"], 1, "there is no folder /nowhere for --json plan.json"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(capsys, "--votes", FOOD, *arguments)
    assert (found, out) == (status, "")
    assert message in err


def test_no_votes_are_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "none.csv"
    file.write_text("model_a,model_b,winner\n")
    status, out, err = run(capsys, "--votes", file)
    assert (status, out) == (1, "")
    assert err.startswith("error: no votes to rate in ")
