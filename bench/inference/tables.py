"""The Markdown tables of inference: rates and memory, options and the memory floor, and the targets."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from statistics import median

from bench import result_files
from bench.inference.engines.interface import DTYPES
from bench.inference.records import BATCHES, PROMPTS, SIZES, Cell, Measured, Record, ratio, read
from bench.inference.targets import PEERS, Verdict, judge, own_ratios
from bench.result_files import heading

_MIB = 2**20


def markdown(path: Path) -> str:
    """Return the tables of a results file."""
    machine = result_files.read(path)["machine"]
    records = read(path)
    above = heading(machine, {record.date[:10] for record in records})
    tables = (rates_table(records), options_table(records), targets_table(judge(records, has_avx512=has_avx512(path))))
    return "\n".join([above, *tables, *missing(records)])


def has_avx512(path: Path) -> bool:
    """Whether the engines of a results file could use AVX-512."""
    return "avx512f" in result_files.read(path)["machine"]["isa"]


def missing(records: Iterable[Record]) -> list[str]:
    """Return a sentence that names the missing cells of a full run, or nothing if there are none."""
    found, absent = {record.cell for record in records}, []
    for size, dtype in product(SIZES, DTYPES):
        cells = [Cell(size, dtype, *parts) for parts in product(PROMPTS, BATCHES)]
        lacking = [str(cell) for cell in cells if cell not in found]
        absent += [f"{size} {dtype}"] if len(lacking) == len(cells) else lacking
    return [f"Not measured: {'; '.join(absent)}.\n"] if absent else []


def rates_table(records: Iterable[Record]) -> str:
    """Return one row per cell: our rates, our speed-up over each peer, and the memory of all."""
    lines = [
        "| model | prompt | sequences | prefill tok/s | x transformers | x llama.cpp | decode tok/s | x transformers "
        "| x llama.cpp | peak MiB | transformers | llama.cpp |",
        "| --- |" + " ---: |" * 11,
    ]
    for record in records:
        cell = record.cell
        cells = [f"{cell.size} {cell.dtype}", f"{cell.prompt:,}", f"{cell.batch}"]
        for rates in (record.prefill_rates, record.decode_rates):
            cells.append(_number(median(rates("ours"))) if "ours" in record.engines else "-")
            cells += [
                f"{ratio(rates('ours'), rates(peer)):.2f}" if {"ours", peer} <= record.engines.keys() else "-"
                for peer in PEERS
            ]
        cells += [
            f"{record.engines[name].peak_bytes / _MIB:,.0f}" if name in record.engines else "-"
            for name in ("ours", *PEERS)
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def options_table(records: Iterable[Record]) -> str:
    """Return one row per cell: rounds, each engine's best options, our share of the memory floor, and the speed-up of
    our bfloat16 over our float32."""
    lines = [
        "| model | prompt | sequences | rounds | our threads | transformers' | llama.cpp's (f: fused attention) "
        "| memory rate GB/s | share of the floor | x our float32: prefill | decode |",
        "| --- |" + " ---: |" * 10,
    ]
    for record in records:
        cell, engines = record.cell, record.engines
        options = [threads(name, engines[name]) if name in engines else "-" for name in ("ours", *PEERS)]
        floor = f"{record.floor_share():.0%}" if "ours" in engines else "-"
        read_rate = f"{median(record.read_rates) / 1e9:.1f}"
        cells = [f"{cell.size} {cell.dtype}", f"{cell.prompt:,}", str(cell.batch), str(len(record.read_rates))]
        own = [f"{figure:.2f}" for figure in own_ratios(record) or ()] or ["-", "-"]
        lines.append(f"| {' | '.join([*cells, *options, read_rate, floor, *own])} |")
    return "\n".join(lines) + "\n"


def threads(engine: str, measured: Measured) -> str:
    """Return an engine's threads for prompts and decoding, such as "2" or "2 f / 1" (f: fused attention)."""
    prefill, decode = (
        f"{setting.threads}{' f' if setting.has_flash and engine == 'llama.cpp' else ''}"
        for setting in (measured.settings.prefill, measured.settings.decode)
    )
    return prefill if prefill == decode else f"{prefill} / {decode}"


def targets_table(verdicts: Iterable[Verdict]) -> str:
    """Return one row per target."""
    lines = ["| | target | worst cell | | cells that meet it |", "| --- | ---: | ---: | --- | ---: |"]
    for verdict in verdicts:
        target = verdict.target
        if verdict.worst is None:
            lines.append(f"| {target.name} | {target.stated} | | not measured | |")
            continue
        worst = f"{verdict.worst:.2f}x" if target.unit == "x" else f"{100 * verdict.worst:.0f} %"
        result, n_met = "met" if verdict.is_met else "**missed**", f"{verdict.n_met} of {verdict.n_cells}"
        lines.append(f"| {target.name} | {target.stated} | {worst} ({verdict.where}) | {result} | {n_met} |")
    return "\n".join(lines) + "\n"


def _number(rate: float) -> str:
    """Format three significant digits: 4.27, 61.3, 8,740."""
    return f"{float(f'{rate:.3g}'):,.{max(0, 3 - len(str(int(rate))))}f}"
