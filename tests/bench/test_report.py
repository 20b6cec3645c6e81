"""Tables: every row has as many cells as its heading, and says what the record says."""

import json
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest

from bench.gaps import Gaps, Outcome, Scene
from bench.inference.__main__ import BATCHES, DTYPES, PROMPTS, SIZES
from bench.inference.records import Cell, Record, merge
from bench.inference.targets import judge
from bench.machine import Machine
from bench.pages.loads import Sample
from bench.rating import records as rating_records
from bench.rating.votes import Cell as RatingCell
from bench.report import embed, main, missing, rates_table, settings_table, verdicts_table
from bench.window import Reading, Slot
from tests.bench.inference.sample_records import record

SECTIONS = (
    "inference",
    "gaps",
    "window",
    "ratings",
    "ratings-growth",
    "blind",
    "coverage",
    "voters",
    "page-loads",
    "pages",
)


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
    assert cells(row)[3:] == ["3", "2 / 1", "2 / 1", "2 f / 1", "20.0", "201%"]


def test_verdicts_are_plain() -> None:
    rows = [cells(row) for row in verdicts_table(judge([full()])).splitlines()[2:]]
    assert rows[0][1:] == ["not measured", "0", ""]
    assert rows[3][1:] == ["met", "1 of 1", "3.00 (160M bfloat16, prompt 512, batch 8)"]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with one file of each kind."""
    machine = Machine("AMD EPYC", 2, 23, ("avx2",), "Linux 6", "3.11.7", {"torch": "2.13.0", "numpy": None})
    for prompt in (512, 2048):
        merge(tmp_path / "inference-cpu-test.json", machine, full(prompt))
    outcome = Outcome(Scene("8 streams, 15M", {"15M": 8}, "15M", 64), Gaps(9, 1, 2, 3), Gaps(9, 4, 5, 6), 7.5)
    about = {"machine": asdict(machine), "date": "2026-01-02 03:04", "dtype": "bfloat16", "threads": 2}
    told = {**about, "prompt": 4000, "outcomes": [asdict(outcome)]}
    (tmp_path / "gaps-cpu-test.json").write_text(json.dumps(told))
    readings = [Reading(4096, 2**24, 0, 1.0, 2.0), Reading(None, 2**27, 2**26, 3.0, 4.0)]
    told = {**about, "readings": [asdict(one) for one in readings], "slots": [asdict(Slot("7B", 2**29, 2**32))]}
    (tmp_path / "window-cpu-test.json").write_text(json.dumps(told))
    measured = rating_records.Measured((0.5,), (0.5,), 2**20, 1)
    found = rating_records.Record("fit", RatingCell(1_000_000, 100), 1, {"ours": measured}, "2026-01-02 03:04", "x")
    rating_records.merge(tmp_path / "ratings-cpu-test.json", machine, found)
    samples = [asdict(Sample(0.0, 0, 237.0, 6.0)), asdict(Sample(1.0, 300, 245.0, 15.0))]
    content = {"machine": asdict(machine), "date": "2026-01-02 03:04", "per_s": 5.0, "samples": samples}
    (tmp_path / "page-loads-cpu-test.json").write_text(json.dumps(content))
    return tmp_path


def test_the_command_prints_all_tables(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--results", str(results)]) == 0
    long = capsys.readouterr().out
    assert "AMD EPYC, 2 cores (avx2); torch 2.13.0; 2026-01-01." in long
    assert long.count("| 160M bfloat16 |") == 4
    assert "A prompt of 4,000 tokens, bfloat16, 2 threads." in long
    assert "| 8 streams, 15M | 64 | 1000.0 |" in long
    assert "| 7B | 512.0 | 4096.0 | 8.0 |" in long
    assert "| 1.0 | 300 | 245 | 30 |" in long
    assert "| 1,000,000 | 100 | 0.5 | - | 1 |" in long
    assert "| SQLite of 1e6 to the web's board: at most 2 s | not measured | |" in long


def test_cells_that_are_not_there_are_named() -> None:
    all_of_them = [record(Cell(*parts), ours=[(1.0, 1.0)]) for parts in product(SIZES, DTYPES, PROMPTS, BATCHES)]
    assert missing(all_of_them) == []
    assert missing(all_of_them[:-1]) == ["Not measured: 1.1B float32, prompt 2048, batch 8.\n"]


def test_the_readme_s_table_is_short(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--results", str(results), "--short"]) == 0
    short = capsys.readouterr().out
    assert short.count("| 160M bfloat16 |") == 1
    assert "8 streams" not in short
    assert "| SQLite of 1e6 to the web's board: at most 2 s | not measured | |" in short
    assert "1,000,000" not in short


def test_a_page_is_brought_up_to_date_between_its_marks(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = [f"<!-- begin {name} -->\nstale\n<!-- end {name} -->" for name in SECTIONS]
    page.write_text("\n".join(["# Title", *marks, "The end."]))
    assert main(["--results", str(results), "--write", str(page)]) == 0
    once = page.read_text()
    assert "stale" not in once
    assert once.startswith("# Title\n")
    assert once.endswith("<!-- end pages -->\nThe end.")
    assert main(["--results", str(results), "--write", str(page)]) == 0
    assert page.read_text() == once


@pytest.mark.parametrize("page", ["", "<!-- begin gaps -->\n", "<!-- end gaps -->"])
def test_a_page_without_its_marks_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="lacks the marks '<!-- begin gaps -->'"):
        embed(page, "gaps", "text")


def test_the_page_in_docs_has_all_marks() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in SECTIONS:
        assert embed(page, name, "text").count("text\n<!-- end") == 1
