"""The tables: from results files to Markdown, for docs/benchmarks.md and, shorter, for the README.

python -m bench.report                              prints the tables of bench/results/*-cpu-*.json
python -m bench.report --short                      the README's: prompts of 512 tokens, what ratings promise, no more
python -m bench.report --write docs/benchmarks.md   puts them between the marks of that page
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from bench import gaps, voters, window
from bench.blind import results as blindness
from bench.coverage import __main__ as coverage
from bench.inference.__main__ import BATCHES, DTYPES, PROMPTS, RESULTS, SIZES
from bench.inference.records import Cell, Measured, Record, ratio, read
from bench.inference.targets import Verdict, judge
from bench.pages import loads as page_loads
from bench.pages import watching as pages
from bench.rating import records as rating_records
from bench.rating import tables

_PEERS = ("transformers", "llama.cpp")
_MIB = 2**20


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="Results as Markdown tables.")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="default: bench/results")
    parser.add_argument("--short", action="store_true", help="only what the README shows")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a page with marks, to be brought up to date")
    args = parser.parse_args(argv)
    ratings = _files(args.results, "ratings")
    sections = {
        "inference": [_inference(path, is_short=args.short) for path in _files(args.results, "inference")],
        "gaps": [_gaps(path) for path in _files(args.results, "gaps")],
        "window": [_window(path) for path in _files(args.results, "window")],
        "ratings": [_ratings(path, is_short=args.short) for path in ratings],
        "ratings-growth": [_growth(path) for path in ratings],
        "blind": [blindness.read(path) for path in args.results.glob("blind.json")],
        "coverage": [coverage.markdown(path) for path in args.results.glob("coverage.json")],
        "voters": [voters.read(path) for path in args.results.glob("voters.json")],
        "page-loads": [_page_loads(path) for path in _files(args.results, "page-loads")],
        "pages": [_pages(path) for path in _files(args.results, "pages")],
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
    """The page with `text` between the marks of that name. ValueError for a page without them."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page lacks the marks '{begin.strip()}' and '{end}'; put them where the tables belong")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _files(results: Path, kind: str) -> list[Path]:
    return sorted(results.glob(f"{kind}-cpu-*.json"))


def _inference(path: Path, *, is_short: bool) -> str:
    machine = json.loads(path.read_text(encoding="utf-8"))["machine"]
    records = read(path)
    heading = _heading(machine, {record.date[:10] for record in records})
    tables = [rates_table(record for record in records if record.cell.prompt == 512 or not is_short)]
    if not is_short:
        tables.append(settings_table(records))
    return "\n".join([heading, *tables, verdicts_table(judge(records)), *missing(records)])


def missing(records: Iterable[Record]) -> list[str]:
    """A sentence that names the cells of a whole run that are not there; nothing if all are."""
    found = {record.cell for record in records}
    cells = [Cell(*parts) for parts in product(SIZES, DTYPES, PROMPTS, BATCHES)]
    absent = [str(cell) for cell in cells if cell not in found]
    return [f"Not measured: {'; '.join(absent)}.\n"] if absent else []


def _gaps(path: Path) -> str:
    content = json.loads(path.read_text(encoding="utf-8"))
    outcomes = [
        gaps.Outcome(
            gaps.Scene(**raw["scene"]), gaps.Gaps(**raw["quiet"]), gaps.Gaps(**raw["reading"]), raw["first_token_s"]
        )
        for raw in content["outcomes"]
    ]
    text = f"A prompt of {content['prompt']:,} tokens, {content['dtype']}, {content['threads']} threads.\n"
    return "\n".join([_heading(content["machine"], {content["date"][:10]}), text, gaps.table(outcomes)])


def _window(path: Path) -> str:
    content = json.loads(path.read_text(encoding="utf-8"))
    readings = [window.Reading(**raw) for raw in content["readings"]]
    slots = [window.Slot(**raw) for raw in content["slots"]]
    return "\n".join([_heading(content["machine"], {content["date"][:10]}), window.table(readings, slots)])


def _page_loads(path: Path) -> str:
    content = json.loads(path.read_text(encoding="utf-8"))
    samples = [page_loads.Sample(**raw) for raw in content["samples"]]
    return "\n".join([_heading(content["machine"], {content["date"][:10]}), page_loads.table(samples)])


def _pages(path: Path) -> str:
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [pages.row(raw) for raw in content["loads"]]
    return "\n".join([_heading(content["machine"], {content["date"][:10]}), pages.HEADING, *rows, ""])


def _ratings(path: Path, *, is_short: bool) -> str:
    machine = json.loads(path.read_text(encoding="utf-8"))["machine"]
    records, differences = rating_records.read(path), rating_records.read_differences(path)
    told = [_heading(machine, {record.date[:10] for record in records})]
    if not is_short:
        told += [tables.speed_tables(records), tables.exactness_table(differences)]
    return "\n".join([*told, tables.promises_table(records, differences)])


def _growth(path: Path) -> str:
    return tables.growth_table(rating_records.read(path))


def _heading(machine: dict[str, Any], dates: Iterable[str]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items() if number)
    processor = f"{machine['processor']}, {machine['n_cores']} cores ({', '.join(machine['isa'])})"
    return f"{processor}; {versions}; {' and '.join(sorted(dates))}.\n"


def rates_table(records: Iterable[Record]) -> str:
    """One row a cell: our rates, how many times the peers' they are, and everybody's memory."""
    lines = [
        "| model | prompt | sequences | pre-fill tok/s | x transformers | x llama.cpp | decode tok/s | x transformers "
        "| x llama.cpp | peak MiB | transformers | llama.cpp |",
        "| --- |" + " ---: |" * 11,
    ]
    for record in records:
        cell = record.cell
        cells = [f"{cell.size} {cell.dtype}", f"{cell.prompt}", f"{cell.batch}"]
        for rates in (record.prefill_rates, record.decode_rates):
            cells.append(_number(median(rates("ours"))) if "ours" in record.engines else "-")
            cells += [
                f"{ratio(rates('ours'), rates(peer)):.2f}" if {"ours", peer} <= record.engines.keys() else "-"
                for peer in _PEERS
            ]
        cells += [
            f"{record.engines[name].peak_bytes / _MIB:.0f}" if name in record.engines else "-"
            for name in ("ours", *_PEERS)
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def settings_table(records: Iterable[Record]) -> str:
    """One row a cell: what each engine ran with for prompts and for decoding, how often, and the memory floor."""
    lines = [
        "| model | prompt | sequences | rounds | threads of ours | of transformers | of llama.cpp, f: fused attention "
        "| memory read GB/s | share of the floor |",
        "| --- |" + " ---: |" * 8,
    ]
    for record in records:
        cell, engines = record.cell, record.engines
        settings = [_settings(name, engines[name]) if name in engines else "-" for name in ("ours", *_PEERS)]
        floor = f"{record.floor_share():.0%}" if "ours" in engines else "-"
        read_rate = f"{median(record.read_rates) / 1e9:.1f}"
        cells = [f"{cell.size} {cell.dtype}", str(cell.prompt), str(cell.batch), str(len(record.read_rates))]
        lines.append(f"| {' | '.join([*cells, *settings, read_rate, floor])} |")
    return "\n".join(lines) + "\n"


def _settings(engine: str, measured: Measured) -> str:
    """Such as "2" or "2 f / 1" for prompts and decoding."""
    prefill, decode = (
        f"{setting.threads}{' f' if setting.has_flash and engine == 'llama.cpp' else ''}"
        for setting in (measured.settings.prefill, measured.settings.decode)
    )
    return prefill if prefill == decode else f"{prefill} / {decode}"


def verdicts_table(verdicts: Iterable[Verdict]) -> str:
    """One row a promise."""
    lines = ["| promised | | cells | worst |", "| --- | --- | ---: | --- |"]
    for verdict in verdicts:
        if verdict.worst is None:
            lines.append(f"| {verdict.text} | not measured | 0 | |")
            continue
        stands = "met" if verdict.is_met else "**not met**"
        worst = f"{verdict.worst:.2f} ({verdict.where})"
        lines.append(f"| {verdict.text} | {stands} | {verdict.n_met} of {verdict.n_cells} | {worst} |")
    return "\n".join(lines) + "\n"


def _number(rate: float) -> str:
    """Three digits that count: 4.27, 61.3, 8,740."""
    return f"{float(f'{rate:.3g}'):,.{max(0, 3 - len(str(int(rate))))}f}"


if __name__ == "__main__":
    sys.exit(main())
