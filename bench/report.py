"""Turn the results files into the Markdown tables of docs/benchmarks.md.

python -m bench.report                              prints the tables of bench/results/
python -m bench.report --write docs/benchmarks.md   writes the tables between the marks of that page
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import gaps, result_files, window
from bench.blind import results as blind
from bench.boards import tables as boards
from bench.coverage import results as coverage
from bench.inference import tables as inference
from bench.matchmaking import results as matchmaking
from bench.pages import loads, visits, watching
from bench.rating import reading, tables
from bench.rating import records as rating_records
from bench.result_files import RESULTS
from bench.voters import tables as voters


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="Print the results as Markdown tables.")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="default: bench/results")
    parser.add_argument("--write", type=Path, metavar="FILE", help="update the tables of a page with marks")
    args = parser.parse_args(argv)
    if args.write is None:
        print("\n".join(sections(args.results).values()))
    else:
        args.write.write_text(updated(args.write.read_text(encoding="utf-8"), args.results), encoding="utf-8")
    return 0


def sections(results: Path = RESULTS) -> dict[str, str]:
    """Return the tables of a folder of results by the name of their marks in the page."""
    ratings, inference_files = _files(results, "ratings"), _files(results, "inference")
    parts = {
        "inference": [inference.markdown(path) for path in inference_files if inference.has_avx512(path)],
        "inference-avx2": [inference.markdown(path) for path in inference_files if not inference.has_avx512(path)],
        "gaps": [gaps.markdown(path) for path in _files(results, "gaps")],
        "window": [window.markdown(path) for path in _files(results, "window")],
        "ratings": [_ratings(path) for path in ratings],
        "ratings-growth": [_growth(path) for path in ratings],
        "reading": [reading.markdown(path) for path in _files(results, "reading")],
        "blind": [blind.markdown(path) for path in results.glob("blind.json")],
        "coverage": [coverage.markdown(path) for path in results.glob("coverage.json")],
        "matchmaking": [matchmaking.markdown(path) for path in results.glob("matchmaking.json")],
        "voters": [voters.markdown(path) for path in results.glob("voters.json")],
        "visits": [visits.markdown(path) for path in _files(results, "visits")],
        "page-loads": [loads.markdown(path) for path in _files(results, "page-loads")],
        "boards": [boards.markdown(path) for path in _files(results, "boards")],
        "pages": [watching.markdown(path) for path in _files(results, "pages")],
    }
    return {name: "\n".join(texts) for name, texts in parts.items()}


def updated(page: str, results: Path = RESULTS) -> str:
    """Return the page with every table between its marks. Raise ValueError if it lacks marks."""
    for name, text in sections(results).items():
        page = embed(page, name, text)
    return page


def embed(page: str, name: str, text: str) -> str:
    """Return the page with `text` between the marks of that name. Raise ValueError if it lacks them."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page lacks the marks '{begin.strip()}' and '{end}'; add them where the tables belong")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _files(results: Path, kind: str) -> list[Path]:
    return sorted(results.glob(f"{kind}-cpu-*.json"))


def _ratings(path: Path) -> str:
    machine = result_files.read(path)["machine"]
    records, differences = rating_records.read(path), rating_records.read_differences(path)
    heading = result_files.heading(machine, {record.date[:10] for record in records})
    exactness, targets = tables.exactness_table(differences), tables.targets_table(records, differences)
    return "\n".join([heading, tables.speed_tables(records), exactness, targets])


def _growth(path: Path) -> str:
    return tables.growth_table(rating_records.read(path))


if __name__ == "__main__":
    sys.exit(main())
