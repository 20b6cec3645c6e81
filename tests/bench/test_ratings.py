"""The course of a measurement, with few votes and without peers."""

from pathlib import Path

import pytest

from bench.rating.records import read
from bench.ratings import main

TASKS = "fit,fit-pairs,fit-rows,fit-counts,csv,board,next-board,late-vote,catch-up"


def test_every_task_leaves_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "ratings.json"
    arguments = ["--cells", "300x4", "--engines", "ours", "--turns", "1", "--data", str(tmp_path / "data")]
    assert main(["--tasks", TASKS, *arguments, "--output", str(output)]) == 0
    records = {record.task: record for record in read(output)}
    assert set(records) == {*TASKS.split(",")}
    for record in records.values():
        assert list(record.engines) == ["ours"]
        assert record.seconds("ours") > 0
        assert record.engines["ours"].peak_bytes >= 0
        assert f"--tasks {TASKS} --cells 300x4" in record.command
    files = {path.name for path in (tmp_path / "data").iterdir()}
    assert files == {"300x4.npz", "300x4.csv", "300x4.sqlite", "board-ours.json", "board-ours.txt"}, (
        "no copies are left"
    )
    assert "fit 300x4: ours" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "value"), [("--tasks", "fits"), ("--engines", "elo"), ("--cells", "many")])
def test_unknown_tasks_engines_and_cells_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([option, value])
    assert repr(value) in capsys.readouterr().err
