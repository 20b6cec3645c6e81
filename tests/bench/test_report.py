"""The report of a folder of results: printed, and written into a page."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.gaps import Gaps, Outcome, Scene
from bench.inference.records import merge
from bench.machine import Machine
from bench.pages.loads import Sample
from bench.rating import records as rating_records
from bench.rating.votes import Cell as RatingCell
from bench.report import embed, main
from bench.window import Reading, Slot
from tests.bench.inference.sample_records import full

SECTIONS = (
    "inference",
    "inference-avx2",
    "gaps",
    "window",
    "ratings",
    "ratings-growth",
    "reading",
    "blind",
    "coverage",
    "matchmaking",
    "voters",
    "visits",
    "page-loads",
    "boards",
    "pages",
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with one file of each kind."""
    machine = Machine("AMD EPYC", 2, 23, ("avx2",), "Linux 6", "3.11.7", {"torch": "2.13.0", "numpy": None})
    for prompt in (512, 2048):
        merge(tmp_path / "inference-cpu-test.json", machine, full(prompt))
    outcome = Outcome(Scene("8 streams, 15M", {"15M": 8}, "15M", 64), Gaps(9, 1, 2, 3), Gaps(9, 4, 5, 6), 7.5)
    about = {"machine": asdict(machine), "date": "2026-01-02 03:04", "dtype": "bfloat16", "threads": 2}
    content = {**about, "prompt": 4000, "outcomes": [asdict(outcome)]}
    (tmp_path / "gaps-cpu-test.json").write_text(json.dumps(content))
    readings = [Reading(4096, 2**24, 0, 1.0, 2.0), Reading(None, 2**27, 2**26, 3.0, 4.0)]
    content = {**about, "readings": [asdict(one) for one in readings], "slots": [asdict(Slot("7B", 2**29, 2**32))]}
    (tmp_path / "window-cpu-test.json").write_text(json.dumps(content))
    measured = rating_records.Measured((0.5,), (0.5,), 2**20, 1)
    found = rating_records.Record("fit", RatingCell(1_000_000, 100), 1, {"ours": measured}, "2026-01-02 03:04", "x")
    rating_records.merge(tmp_path / "ratings-cpu-test.json", machine, found)
    samples = [asdict(Sample(0.0, 0, 237.0, 6.0)), asdict(Sample(1.0, 300, 245.0, 15.0))]
    content = {"machine": asdict(machine), "date": "2026-01-02 03:04", "per_s": 5.0, "samples": samples}
    (tmp_path / "page-loads-cpu-test.json").write_text(json.dumps(content))
    return tmp_path


def test_the_command_prints_all_tables(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--results", str(results)]) == 0
    printed = capsys.readouterr().out
    assert "AMD EPYC, 2 cores (avx2); torch 2.13.0; 2026-01-01." in printed
    assert printed.count("| 160M bfloat16 |") == 4
    assert "A prompt of 4,000 tokens, bfloat16, 2 threads." in printed
    assert "| 8 streams, 15M | 64 | 1000.0 |" in printed
    assert "| 7B | 512.0 | 4,096.0 | 8.0 |" in printed
    assert "| 1.0 | 300 | 245 | 30 |" in printed
    assert "| 1,000,000 | 100 | 0.5 | - | 1 |" in printed
    assert "| SQLite of 1e6 votes to the web's board | at most 2 s | | not measured |" in printed


def test_a_page_is_updated_between_its_marks(results: Path, tmp_path: Path) -> None:
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
