"""Tables: every row has as many cells as its heading, and says what the record says."""

from pathlib import Path

import pytest

from bench.machine import Machine
from bench.report import main, rates_table, settings_table, verdicts_table
from bench.results import Cell, Record, merge
from bench.verdicts import judge
from tests.bench.records import record


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def full(prompt: int = 512) -> Record:
    return record(
        Cell("160M", "bfloat16", prompt, 8),
        {"ours": 700 * 2**20, "transformers": 710 * 2**20, "llama.cpp": 400 * 2**20},
        ours=[(1500.0, 321.0), (1300.0, 300.0), (1600.0, 330.0)],
        transformers=[(1500.0, 107.0), (1300.0, 100.0), (1600.0, 110.0)],
        llama_cpp=[(1000.0, 321.0), (1000.0, 400.0), (1000.0, 330.0)],
    )


def test_rates_stand_beside_their_ratios() -> None:
    heading, _, row = rates_table([full()]).splitlines()
    assert len(cells(row)) == len(cells(heading))
    assert cells(row) == [
        *("160M bfloat16", "512", "8"),
        *("1,500", "1.00", "1.50"),
        *("321", "3.00", "1.00"),
        *("700", "710", "400"),
    ]


def test_an_engine_that_was_not_run_is_a_dash() -> None:
    alone = record(Cell("15M", "float32", 512, 1), ours=[(8765.4, 4.27)])
    assert cells(rates_table([alone]).splitlines()[2])[3:9] == ["8,770", "-", "-", "4.27", "-", "-"]
    assert cells(settings_table([alone]).splitlines()[2])[5:7] == ["-", "-"]


def test_settings_tell_what_each_engine_ran_with() -> None:
    heading, _, row = settings_table([full()]).splitlines()
    assert len(cells(row)) == len(cells(heading))
    assert cells(row)[3:] == ["3", "2", "2", "2, yes", "20.0", "201%"]


def test_verdicts_are_plain() -> None:
    rows = [cells(row) for row in verdicts_table(judge([full()])).splitlines()[2:]]
    assert rows[0][1:] == ["not measured", "0", ""]
    assert rows[3][1:] == ["met", "1 of 1", "3.00 (160M bfloat16, prompt 512, batch 8)"]


def test_the_command_prints_the_tables_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("AMD EPYC", 2, 23, ("avx2",), "Linux 6", "3.11.7", {"torch": "2.13.0", "numpy": None})
    path = tmp_path / "inference-cpu-test.json"
    for prompt in (512, 2048):
        merge(path, machine, full(prompt))
    assert main([str(path)]) == 0
    long = capsys.readouterr().out
    assert "AMD EPYC, 2 cores (avx2), 2026-01-01; torch 2.13.0." in long
    assert long.count("| 160M bfloat16 |") == 4
    assert main([str(path), "--short"]) == 0
    short = capsys.readouterr().out
    assert short.count("| 160M bfloat16 |") == 1
