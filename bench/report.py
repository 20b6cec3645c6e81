"""The tables: from a results file to Markdown, for docs/benchmarks.md and, shorter, for the README.

python -m bench.report                     prints the tables of bench/results/inference-cpu-*.json
python -m bench.report --short             the README's: prompt 512 only
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.results import Record, ratio, read
from bench.verdicts import Verdict, judge

RESULTS = Path(__file__).resolve().parent / "results"
_PEERS = ("transformers", "llama.cpp")
_MIB = 2**20


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="Results as Markdown tables.")
    parser.add_argument("files", nargs="*", type=Path, help="default: bench/results/inference-cpu-*.json")
    parser.add_argument("--short", action="store_true", help="only prompts of 512 tokens, without settings")
    args = parser.parse_args(argv)
    for path in args.files or sorted(RESULTS.glob("inference-cpu-*.json")):
        machine = json.loads(path.read_text(encoding="utf-8"))["machine"]
        records = read(path)
        versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items() if number)
        dates = sorted({record.date[:10] for record in records})
        print(
            f"{machine['processor']}, {machine['n_cores']} cores ({', '.join(machine['isa'])}), {' and '.join(dates)}; "
            f"{versions}.\n"
        )
        shown = [record for record in records if record.cell.prompt == 512] if args.short else records
        print(rates_table(shown))
        if not args.short:
            print(settings_table(records))
        print(verdicts_table(judge(records)))
    return 0


def rates_table(records: Iterable[Record]) -> str:
    """One row a cell: our rates, and in brackets how many times the peers' they are."""
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
    """One row a cell: what each engine ran with, how often, and the memory floor."""
    lines = [
        "| model | prompt | sequences | rounds | ours: threads | transformers: threads | llama.cpp: threads, flash "
        "attention | memory read GB/s | share of the floor |",
        "| --- |" + " ---: |" * 8,
    ]
    for record in records:
        cell, engines = record.cell, record.engines
        threads = [str(engines[name].setting.threads) if name in engines else "-" for name in ("ours", "transformers")]
        llama = "-"
        if "llama.cpp" in engines:
            setting = engines["llama.cpp"].setting
            llama = f"{setting.threads}, {_yes(setting.has_flash)}"
        floor = f"{record.floor_share():.0%}" if "ours" in engines else "-"
        read_rate = f"{median(record.read_rates) / 1e9:.1f}"
        cells = [f"{cell.size} {cell.dtype}", str(cell.prompt), str(cell.batch), str(len(record.read_rates))]
        lines.append(f"| {' | '.join([*cells, *threads, llama, read_rate, floor])} |")
    return "\n".join(lines) + "\n"


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
    return f"{float(f'{rate:.3g}'):,.{max(0, 2 - len(str(int(rate))) + 1)}f}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


if __name__ == "__main__":
    sys.exit(main())
