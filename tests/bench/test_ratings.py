"""The course of a measurement, with few votes and without peers."""

from pathlib import Path

import pytest

from bench.rating.records import read
from bench.ratings import main


def test_every_task_leaves_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "ratings.json"
    arguments = ["--cells", "300x4", "--engines", "ours", "--turns", "1", "--data", str(tmp_path / "data")]
    assert main(["--tasks", "fit,csv,board", *arguments, "--output", str(output)]) == 0
    records = {record.task: record for record in read(output)}
    assert set(records) == {"fit", "csv", "board"}
    for record in records.values():
        assert list(record.engines) == ["ours"]
        assert record.seconds("ours") > 0
        assert record.engines["ours"].peak_bytes >= 0
        assert "--tasks fit,csv,board --cells 300x4" in record.command
    assert (tmp_path / "data" / "board-ours.json").exists()
    assert "fit 300x4: ours" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "value"), [("--tasks", "fits"), ("--engines", "elo"), ("--cells", "many")])
def test_unknown_tasks_engines_and_cells_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([option, value])
    assert repr(value) in capsys.readouterr().err
