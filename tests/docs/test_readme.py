"""What the two READMEs have in common, and what the English one takes from other pages."""

import re

from tests.docs.pages import ROOT, blocks, headings, read

ENGLISH, KOREAN = ROOT / "README.md", ROOT / "README.ko.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"


def test_both_languages_have_the_same_commands() -> None:
    english, korean = ([(block.language, block.text) for block in blocks(path)] for path in (ENGLISH, KOREAN))
    assert english == korean != []


def test_both_languages_have_the_same_headings_by_number_and_level() -> None:
    english, korean = ([level for level, _ in headings(path)] for path in (ENGLISH, KOREAN))
    assert english == korean != []


def test_both_languages_have_the_same_figures() -> None:
    english, korean = (set(re.findall(r"\d[\d.,]*x", read(path))) for path in (ENGLISH, KOREAN))
    assert english == korean != set()


def test_the_readme_is_about_120_lines() -> None:
    assert len(read(ENGLISH).splitlines()) <= 130


def test_every_ratio_of_the_readme_is_in_the_benchmarks() -> None:
    benchmarks = set(re.findall(r"\d+(?:\.\d+)?", read(BENCHMARKS)))
    ratios = re.findall(r"(\d+(?:\.\d+)?)x\b", read(ENGLISH))
    assert len(ratios) > 10
    assert [ratio for ratio in ratios if ratio not in benchmarks] == []
