import json
from pathlib import Path

import pytest

from elo.__main__ import main
from elo.votes.votes_file import read_votes


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    try:
        status = main(["simulate", *map(str, arguments)])
    except SystemExit as exit:
        status = int(exit.code or 0)
    return status, *capsys.readouterr()


def test_votes_and_truth_are_written_and_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes, truth = tmp_path / "votes.csv", tmp_path / "truth.json"
    options = ("--votes", "500", "--models", "4", "--voters", "9", "--taste", "50", "--truth", truth)
    status, out, err = run(capsys, votes, *options)
    assert (status, out, err) == (0, f"wrote 500 votes on 4 models to {votes}\n", "")
    found = read_votes([votes], columns={"voter"}).votes
    assert (len(found), len(found.models), len(found.voters)) == (500, 4, 9)
    assert set(json.loads(truth.read_text())["ratings"]) == set(found.models)
    assert main(["recompute", "--votes", str(votes), "--bootstrap", "5"]) == 0
    before = votes.read_bytes()
    run(capsys, votes, *options)
    assert votes.read_bytes() == before
    run(capsys, votes, *options, "--seed", "1")
    assert votes.read_bytes() != before


def test_ratings_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "truth.json"
    status, *_ = run(
        capsys, tmp_path / "v.csv", "--votes", "9", "--rating", "a=b=1100", "--rating", "y=900", "--truth", truth
    )
    assert status == 0
    assert json.loads(truth.read_text()) == {"ratings": {"a=b": 1100.0, "y": 900.0}}


def test_what_is_wrong_is_said_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = tmp_path / "v.csv"
    for arguments, expected, message in (
        ((votes, "--votes", "0"), 2, "votes 0 is not 1 to 100,000,000"),
        ((votes, "--taste", "9"), 2, "taste 9 needs voters"),
        ((votes, "--rating", "x"), 2, "rating 'x' is not NAME=POINTS"),
        ((votes, "--rating", "x=high"), 2, "rating 'x=high' is not NAME=POINTS"),
        ((votes, "--rating", "x=1"), 2, "is not two or more models, each named once"),
        ((votes, "--rating", "x=1", "--rating", "y=2", "--models", "3"), 2, "--models is for drawn models"),
        ((tmp_path,), 1, f"{tmp_path} is a folder; give OUT.csv the name of a file"),
        ((votes, "--truth", tmp_path / "no" / "t.json"), 1, "there is no folder"),
        ((votes, "--truth", votes), 1, "would replace the file of OUT.csv; give --truth another name"),
        ((), 2, "the following arguments are required: OUT.csv"),
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (expected, "")
        assert message in err
    assert list(tmp_path.iterdir()) == []
