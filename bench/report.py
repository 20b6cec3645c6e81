"""Turn the results files into Markdown tables, for docs/benchmarks.md and, shorter, for the README.

python -m bench.report                              prints the tables of bench/results/
python -m bench.report --short                      prints the README's tables: prompts of 512 tokens and the targets
python -m bench.report --write docs/benchmarks.md   writes the tables between the marks of that page
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import gaps, result_files, voters, window
from bench.blind import results as blind
from bench.coverage import results as coverage
from bench.inference import tables as inference
from bench.pages import loads, watching
from bench.rating import records as rating_records
from bench.rating import tables
from bench.result_files import RESULTS


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="Print the results as Markdown tables.")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="default: bench/results")
    parser.add_argument("--short", action="store_true", help="print only the README's tables")
    parser.add_argument("--write", type=Path, metavar="FILE", help="update the tables of a page with marks")
    args = parser.parse_args(argv)
    ratings = _files(args.results, "ratings")
    sections = {
        "inference": [inference.markdown(path, is_short=args.short) for path in _files(args.results, "inference")],
        "gaps": [gaps.markdown(path) for path in _files(args.results, "gaps")],
        "window": [window.markdown(path) for path in _files(args.results, "window")],
        "ratings": [_ratings(path, is_short=args.short) for path in ratings],
        "ratings-growth": [_growth(path) for path in ratings],
        "blind": [blind.markdown(path) for path in args.results.glob("blind.json")],
        "coverage": [coverage.markdown(path) for path in args.results.glob("coverage.json")],
        "voters": [voters.markdown(path) for path in args.results.glob("voters.json")],
        "page-loads": [loads.markdown(path) for path in _files(args.results, "page-loads")],
        "pages": [watching.markdown(path) for path in _files(args.results, "pages")],
    }
    if args.short:
        for name in ("gaps", "window", "ratings-growth", "blind", "voters", "page-loads", "pages"):
            del sections[name]
    if args.write is None:
        print("\n".join(text for texts in sections.values() for text in texts))
        return 0
    page = args.write.read_text(encoding="utf-8")
    for name, texts in sections.items():
        page = embed(page, name, "\n".join(texts))
    args.write.write_text(page, encoding="utf-8")
    return 0


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


def _ratings(path: Path, *, is_short: bool) -> str:
    machine = result_files.read(path)["machine"]
    records, differences = rating_records.read(path), rating_records.read_differences(path)
    parts = [result_files.heading(machine, {record.date[:10] for record in records})]
    if not is_short:
        parts += [tables.speed_tables(records), tables.exactness_table(differences)]
    return "\n".join([*parts, tables.targets_table(records, differences)])


def _growth(path: Path) -> str:
    return tables.growth_table(rating_records.read(path))


if __name__ == "__main__":
    sys.exit(main())
