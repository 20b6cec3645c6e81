import json
from pathlib import Path

import pytest

from elo import Cells, Settings, rate
from elo.__main__ import main
from elo.simulate import Scenario, simulate


def board(path: Path, settings: Settings, *, votes: int, seed: int = 0) -> Path:
    found = simulate(Scenario(models=5, votes=votes, seed=seed)).votes
    path.write_text(json.dumps(rate(Cells.from_votes(found), settings).to_json()), encoding="utf-8")
    return path


PLAIN = Settings(interval="sandwich", bootstrap=2)


def test_what_moved_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = board(tmp_path / "a.json", PLAIN, votes=400)
    second = board(tmp_path / "b.json", Settings(interval="sandwich", bootstrap=2, prior=2), votes=900, seed=1)
    out_file = tmp_path / "c.json"
    assert main(["compare", str(first), str(second), "--json", str(out_file)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0].split() == ["model", "before", "after", "change", "by", "chance", "more", "than", "chance", "rank"]
    assert "400 votes before, 900 after. The boards are compared as if they shared no votes" in out
    assert "Setting prior: 1.0 before, 2.0 after." in out
    written = json.loads(out_file.read_text())
    assert [move["model"] for move in written["moves"]] == [line.split()[0] for line in lines[1:6]]
    assert f"{written['moves'][0]['change']:+.1f}" in lines[1]
    before, after = (written["moves"][0][one] for one in ("before", "after"))
    assert (before["rank"], before["rank_worst"]) == (2, 3)
    assert after["rank"] == after["rank_worst"] == 5
    assert lines[1].endswith("  2-3 -> 5")
    assert main(["compare", str(first), str(second), "--grown"]) == 0
    assert "The second board has all votes of the first" in capsys.readouterr().out


def test_boards_of_the_same_votes_are_recognised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = board(tmp_path / "a.json", PLAIN, votes=400)
    second = board(tmp_path / "b.json", Settings(interval="sandwich", bootstrap=2, prior=5), votes=400)
    assert main(["compare", str(first), str(second)]) == 0
    out = capsys.readouterr().out
    assert "Both boards have the same votes, so the settings moved the ratings" in out
    assert "Moved by more than chance" not in out  # nothing is known of chance
    assert "-0.0" not in out
    assert "together" not in out  # the mean is 1000 on both


def test_new_and_missing_models_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = board(tmp_path / "a.json", PLAIN, votes=400)
    content = json.loads(first.read_text())
    for row in content["models"]:
        row["model"] = row["model"].replace("1", "one")
    second = tmp_path / "b.json"
    second.write_text(json.dumps(content))
    assert main(["compare", str(first), str(second)]) == 0
    out = capsys.readouterr().out
    assert "New: model-one." in out
    assert "Gone: model-1." in out
    for row in content["models"]:
        row["model"] += "!"
    second.write_text(json.dumps(content))
    assert main(["compare", str(first), str(second)]) == 0
    assert capsys.readouterr().out.startswith("No model is on both boards.\n")


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few, many = board(tmp_path / "a.json", PLAIN, votes=300), board(tmp_path / "b.json", PLAIN, votes=400)
    for arguments, message in (
        ((few, tmp_path / "none.json"), "none.json cannot be read: No such file"),
        ((few, __file__), "is not JSON"),
        ((many, few, "--grown"), "so it did not grow from it; leave --grown out"),
        ((few, many, "--json", many), "b.json; give --json another name"),
        ((few, many, "--json", tmp_path), "is a folder; give --json the name of a file"),
    ):
        assert main(["compare", *map(str, arguments)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert message in err
