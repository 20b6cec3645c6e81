"""Tables and targets: every row has as many cells as its heading, with the values of the records."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.machine import Machine
from bench.rating.records import Difference, Measured, Record, keep_differences, merge, read, read_differences
from bench.rating.tables import exactness_table, growth_table, speed_tables, targets_table
from bench.rating.votes import Cell

MACHINE = Machine("AMD EPYC", 2, 16, ("avx2",), "Linux 6", "3.11", {"numpy": "2.3.3"})
MILLION = Cell(1_000_000, 100)


def measured(*seconds: float, peak_mb: float = 10.0) -> Measured:
    return Measured(seconds, seconds, int(peak_mb * 1e6), 1)


def record(task: str, cell: Cell = MILLION, **engines: Measured) -> Record:
    named = {name.replace("_", "-"): found for name, found in engines.items()}
    return Record(task, cell, 1, named, "2026-01-02 03:04", "python -m bench.ratings")


FIT = record("fit", ours=measured(0.01, 0.02, 0.03), choix=measured(0.1, 0.4, 0.3), arena_rank=measured(2.0, 2.0, 3.0))


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_ratios_are_medians_within_turns() -> None:
    assert FIT.speed_up("choix") == pytest.approx(10)
    heading, _, row = [line for line in speed_tables([FIT]).splitlines() if line.startswith("|")]
    assert len(cells(row)) == len(cells(heading))
    assert cells(row) == ["1,000,000", "100", "0.02", "10", "0.3", "10", "2", "100"]


def test_a_peer_that_was_not_run_is_a_dash() -> None:
    alone = record("fit", Cell(100_000, 50), ours=measured(0.0025), choix=measured(0.003))
    rows = [cells(line) for line in speed_tables([alone, FIT]).splitlines() if line.startswith("|")]
    assert rows[2][-2:] == ["-", "-"]
    assert {len(row) for row in rows} == {8}


def test_growth_shows_ours_alone() -> None:
    more = record("bootstrap", ours=measured(0.547, peak_mb=50))
    small = record("fit", Cell(10_000, 100), ours=measured(0.003))
    rows = [cells(line) for line in growth_table([FIT, more, small]).splitlines()]
    assert rows[2:] == [["10,000", "100", "0.003", "-", "10"], ["1,000,000", "100", "0.02", "0.547", "48"]]


def test_targets_are_met_missed_or_not_measured() -> None:
    board = record("board", ours=measured(0.916))
    pairs = record("fit-pairs", ours=measured(0.1), choix=measured(0.4))
    late = record("late-vote", Cell(1_000_000, 50), ours=measured(0.02))
    rows = {row[0]: row[1:] for row in map(cells, targets_table([FIT, board, pairs, late], []).splitlines()[2:])}
    assert rows["speed-up over choix, fit of 1e6 votes, 100 models: list of pairs"] == [
        "at least 5x",
        "4x",
        "**missed**",
    ]
    assert rows["a vote while 1e6 imported votes wait for their replay"] == ["at most 100 ms", "20 ms", "met"]
    assert rows["speed-up over arena-rank, fit of 1e6 votes, 100 models"] == ["at least 100x", "100x", "met"]
    assert rows["speed-up over evalica, fit: data frame"] == ["at least 50x", "", "not measured"]
    assert rows["SQLite of 1e6 votes to the web's board"] == ["at most 2 s", "0.916 s", "met"]
    assert rows["largest difference to a peer that runs to convergence"] == ["at most 0.01 points", "", "not measured"]


def test_exactness_is_the_worst_over_all_data() -> None:
    found = [
        Difference("simple", "choix", 1e-9, True),
        Difference("food", "choix", 3e-8, True),
        Difference("simple", "choix", 0.02, False),
        Difference("food", "choix", 0.01, False),
    ]
    assert cells(exactness_table(found).splitlines()[0])[0] == "over 2 sets of votes"
    assert cells(exactness_table(found).splitlines()[2]) == ["choix", "3.0e-08", "2.0e-02"]
    last = cells(targets_table([], found).splitlines()[-1])
    assert last[1:] == ["at most 0.01 points", "3e-08 points", "met"]


def test_records_are_replaced_by_task_and_cell_and_read_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ratings.json"
    assert read(path) == []
    assert read_differences(path) == []
    differences = [Difference("simple", "choix", 1e-9, True)]
    keep_differences(path, MACHINE, differences)
    merge(path, MACHINE, FIT)
    merge(path, MACHINE, record("fit", Cell(100_000, 50), ours=measured(0.003)))
    again = replace(FIT, date="2026-02-03 04:05")
    merge(path, MACHINE, again)
    assert [found.cell.n_votes for found in read(path)] == [100_000, 1_000_000]
    assert read(path)[1] == again
    assert read_differences(path) == differences
