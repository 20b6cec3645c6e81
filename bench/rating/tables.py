"""Tables of what was measured of ratings, and what was promised of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.rating.records import Difference, Record
from bench.rating.votes import Cell

_MIB = 2**20
_MILLION, _TEN_MILLION = Cell(1_000_000, 100), Cell(10_000_000, 200)
_TITLES = {
    "fit": "Votes as index arrays to ratings",
    "bootstrap": "The same with 1,000 resamples",
    "online": "Votes as index arrays to online Elo",
    "csv": "A CSV file to a written board, the whole process (peers: the fit alone)",
    "board": "A database to the web's board",
}


def speed_tables(records: Sequence[Record]) -> str:
    """One table a task: our seconds and memory, and how many times as long each peer takes."""
    parts = []
    for task, title in _TITLES.items():
        found = [record for record in records if record.task == task and (len(record.engines) > 1 or task == "board")]
        if not found:
            continue
        peers = list(dict.fromkeys(peer for record in found for peer in record.engines if peer != "ours"))
        heads = ["votes", "models", "ours s", "memory MiB", *(f"{peer} s | times" for peer in peers)]
        lines = [f"| {' | '.join(heads)} |", "|" + " ---: |" * (4 + 2 * len(peers))]
        for record in found:
            cells = [f"{record.cell.n_votes:,}", str(record.cell.n_models), _seconds(record.seconds("ours"))]
            cells.append(f"{record.engines['ours'].peak_bytes / _MIB:.0f}")
            for peer in peers:
                if peer in record.engines:
                    cells += [_seconds(record.seconds(peer)), f"{record.times_faster(peer):.3g}"]
                else:
                    cells += ["-", "-"]
            lines.append(f"| {' | '.join(cells)} |")
        parts.append(f"{title}:\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def growth_table(records: Iterable[Record]) -> str:
    """Ours with more votes and with more models: seconds of the fit and of 1,000 resamples, and memory."""
    found: dict[Cell, dict[str, Record]] = {}
    for record in records:
        if record.task in ("fit", "bootstrap"):
            found.setdefault(record.cell, {})[record.task] = record
    lines = ["| votes | models | fit s | with 1,000 resamples s | memory MiB |", "|" + " ---: |" * 5]
    for cell in sorted(found, key=lambda cell: (cell.n_models, cell.n_votes)):
        tasks = found[cell]
        seconds = [_seconds(tasks[task].seconds("ours")) if task in tasks else "-" for task in ("fit", "bootstrap")]
        peak = max(record.engines["ours"].peak_bytes for record in tasks.values()) / _MIB
        lines.append(f"| {cell.n_votes:,} | {cell.n_models} | {' | '.join(seconds)} | {peak:.0f} |")
    return "\n".join(lines) + "\n"


def exactness_table(differences: Iterable[Difference]) -> str:
    """The largest difference of any rating to ours, in points, over all data."""
    worst: dict[str, dict[bool, float]] = {}
    data = set()
    for difference in differences:
        data.add(difference.data)
        peer = worst.setdefault(difference.peer, {})
        peer[difference.is_tight] = max(peer.get(difference.is_tight, 0.0), difference.points)
    lines = [f"| over {len(data)} sets of votes | told to go on | by its own stopping rule |", "| --- | ---: | ---: |"]
    lines += [f"| {peer} | {found[True]:.1e} | {found[False]:.1e} |" for peer, found in worst.items()]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Promise:
    """`value` of a record (or of the differences) has to be `least` or more, or `most` or less."""

    text: str
    value: Callable[["_Found"], float]
    unit: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    records: Mapping[tuple[str, Cell], Record]
    differences: Sequence[Difference]

    def times(self, task: str, cell: Cell, peer: str) -> float:
        return self.records[task, cell].times_faster(peer)


def _times(task: str, peer: str, cell: Cell = _MILLION) -> Callable[[_Found], float]:
    return lambda found: found.times(task, cell, peer)


def _ours(task: str) -> Callable[[_Found], float]:
    return lambda found: found.records[task, _MILLION].seconds("ours")


def _peak(task: str) -> Callable[[_Found], float]:
    return lambda found: found.records[task, _TEN_MILLION].engines["ours"].peak_bytes / 1e6


PROMISES = (
    Promise("fit, 1e6 x 100: choix takes", _times("fit", "choix"), "times as long", least=20),
    Promise("fit, 1e6 x 100: arena-rank takes", _times("fit", "arena-rank"), "times as long", least=100),
    Promise("fit, 1e6 x 100: evalica takes", _times("fit", "evalica"), "times as long", least=100),
    Promise("1,000 resamples, 1e6 x 100, one core", _ours("bootstrap"), "s", most=1),
    Promise("1,000 resamples: FastChat's way takes", _times("bootstrap", "fastchat"), "times as long", least=40),
    Promise("1,000 resamples: the notebook's way takes", _times("bootstrap", "notebook"), "times as long", least=40),
    Promise("online Elo, 1e7: evalica takes", _times("online", "evalica", _TEN_MILLION), "times as long", least=10),
    Promise("memory above the input, 1e7 x 200: fit", _peak("fit"), "MB", most=500),
    Promise("memory above the input, 1e7 x 200: 1,000 resamples", _peak("bootstrap"), "MB", most=500),
    Promise("CSV of 1e6 to a board with 1,000 rounds: arena-rank without takes", _times("csv", "arena-rank"),
            "times as long", least=4),
    Promise("SQLite of 1e6 to the web's board", _ours("board"), "s", most=2),
    Promise("largest difference to a peer that was told to go on", lambda found: max(
        difference.points for difference in found.differences if difference.is_tight), "points", most=0.01),
)  # fmt: skip


def promises_table(records: Iterable[Record], differences: Sequence[Difference]) -> str:
    """One row a promise: met or not, by what was measured."""
    found = _Found({(record.task, record.cell): record for record in records}, differences)
    lines = ["| promised | | measured |", "| --- | --- | ---: |"]
    for promise in PROMISES:
        bound = f"at least {promise.least:g}" if promise.least is not None else f"at most {promise.most:g}"
        text = f"{promise.text}: {bound} {promise.unit}"
        try:
            value = promise.value(found)
        except (KeyError, ValueError):  # no such record, no differences
            lines.append(f"| {text} | not measured | |")
            continue
        is_met = value >= promise.least if promise.least is not None else value <= (promise.most or 0.0)
        lines.append(f"| {text} | {'met' if is_met else '**not met**'} | {value:.3g} |")
    return "\n".join(lines) + "\n"


def _seconds(seconds: float) -> str:
    """Three digits that count: 0.00868, 1.19, 139."""
    return f"{float(f'{seconds:.3g}'):.10g}"
