"""Records: figures from timings, and the results file."""

import json
from pathlib import Path

import pytest

from bench.inference.records import Cell, merge, ratio, read
from bench.machine import Machine
from tests.bench.inference.sample_records import record

SMALL = Cell("15M", "bfloat16", 512, 1)
MACHINE = Machine("AMD EPYC", 2, 23, ("avx2",), "Linux 6", "3.11.7", {"torch": "2.13.0", "llama-cpp-python": None})


def test_rates_are_tokens_of_all_sequences_over_seconds() -> None:
    one = record(Cell("15M", "float32", 512, 8), ours=[(4096.0, 310.0)])
    assert one.engines["ours"].timings[0].prefill_s == 1.0
    assert one.prefill_rates("ours") == [4096.0]
    assert one.decode_rates("ours") == pytest.approx([310.0])


def test_a_ratio_is_the_median_within_rounds() -> None:
    assert ratio([10, 30, 8], [5, 10, 8]) == 2.0  # the median of 2, 3 and 1: a slow round is slow for both


def test_the_share_of_the_floor_counts_steps() -> None:
    """10 steps per second that read 1 GB each are half of the machine's 20 GB/s."""
    assert record(SMALL, ours=[(100.0, 10.0)]).floor_share() == pytest.approx(0.5)
    assert record(Cell("15M", "bfloat16", 512, 8), ours=[(100.0, 80.0)]).floor_share() == pytest.approx(0.5)


def test_a_new_record_of_a_cell_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "results" / "cpu.json"
    large = Cell("1.1B", "bfloat16", 512, 1)
    for new in (record(large, ours=[(1.0, 1.0)]), record(SMALL, ours=[(2.0, 2.0)]), record(large, ours=[(3.0, 3.0)])):
        merge(path, MACHINE, new)
    found = read(path)
    assert [one.cell for one in found] == [SMALL, large]  # by size
    assert found == [record(SMALL, ours=[(2.0, 2.0)]), record(large, ours=[(3.0, 3.0)])]
    assert json.loads(path.read_text())["machine"]["versions"]["llama-cpp-python"] is None
    assert [entry.name for entry in path.parent.iterdir()] == ["cpu.json"]


def test_a_missing_file_has_no_records(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == []
