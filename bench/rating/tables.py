"""Markdown tables of the measured ratings and of the targets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.rating.records import Difference, Record
from bench.rating.votes import Cell

_MIB = 2**20
_MILLION, _TEN_MILLION, _LIVE = Cell(1_000_000, 100), Cell(10_000_000, 200), Cell(1_000_000, 50)
_TITLES = {
    "fit": "Votes as index arrays to ratings",
    "bootstrap": "The same with 1,000 resamples",
    "online": "Votes as index arrays to online Elo",
    "fit-pairs": "A list of pairs (winner, loser), numbers, to ratings",
    "fit-rows": "A list of rows (model_a, model_b, winner), names and labels, to ratings",
    "fit-frame": "A data frame with names and labels to ratings",
    "fit-counts": "Ready counts to ratings (ours: wins, losses and ties by pair; choix: the matrix of points)",
    "online-frame": "A data frame with names and labels to online Elo",
    "csv": "A CSV file to a written board, the whole process (peers: the fit alone)",
    "board": "A database to the web's board",
    "next-board": "The web's board after one more vote",
    "late-vote": "A vote stored while the online Elo waits for its replay",
    "catch-up": "The end of a replay, in which no vote can be stored",
}
_OURS_ALONE = ("board", "next-board", "late-vote", "catch-up")


def speed_tables(records: Sequence[Record]) -> str:
    """One table for each task: our seconds and memory, and the speed-up over each peer."""
    parts = []
    for task, title in _TITLES.items():
        is_alone = task in _OURS_ALONE
        found = [record for record in records if record.task == task and (is_alone or len(record.engines) > 1)]
        if not found:
            continue
        peers = list(dict.fromkeys(peer for record in found for peer in record.engines if peer != "ours"))
        heads = ["votes", "models", "ours s", "memory MiB", *(f"{peer} s | speed-up" for peer in peers)]
        lines = [f"| {' | '.join(heads)} |", "|" + " ---: |" * (4 + 2 * len(peers))]
        for record in found:
            cells = [f"{record.cell.n_votes:,}", str(record.cell.n_models), _seconds(record.seconds("ours"))]
            cells.append(f"{record.engines['ours'].peak_bytes / _MIB:.0f}")
            for peer in peers:
                if peer in record.engines:
                    cells += [_seconds(record.seconds(peer)), f"{record.speed_up(peer):.3g}"]
                else:
                    cells += ["-", "-"]
            lines.append(f"| {' | '.join(cells)} |")
        parts.append(f"{title}:\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def growth_table(records: Iterable[Record]) -> str:
    """Ours with more votes and more models: seconds of the fit and of 1,000 resamples, and memory."""
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
    """The largest difference of a rating to ours, in points, over all data."""
    worst: dict[str, dict[bool, float]] = {}
    data = set()
    for difference in differences:
        data.add(difference.data)
        peer = worst.setdefault(difference.peer, {})
        peer[difference.is_tight] = max(peer.get(difference.is_tight, 0.0), difference.points)
    lines = [
        f"| over {len(data)} sets of votes | run to convergence | own stopping rule |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {peer} | {found[True]:.1e} | {found[False]:.1e} |" for peer, found in worst.items()]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Target:
    """`value` of the records (or of the differences) should be `least` or more, or `most` or less."""

    name: str
    value: Callable[["_Found"], float]
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def stated(self) -> str:
        bound = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        return f"{bound}{self.unit}"

    def is_met(self, value: float) -> bool:
        return value >= self.least if self.least is not None else value <= (self.most or 0.0)


@dataclass(frozen=True, slots=True)
class _Found:
    records: Mapping[tuple[str, Cell], Record]
    differences: Sequence[Difference]

    def speed_up(self, task: str, cell: Cell, peer: str) -> float:
        return self.records[task, cell].speed_up(peer)


def _speed_up(task: str, peer: str, cell: Cell = _MILLION) -> Callable[[_Found], float]:
    return lambda found: found.speed_up(task, cell, peer)


def _ours(task: str, cell: Cell = _MILLION) -> Callable[[_Found], float]:
    return lambda found: found.records[task, cell].seconds("ours")


def _ours_ms(task: str, cell: Cell) -> Callable[[_Found], float]:
    return lambda found: 1000 * found.records[task, cell].seconds("ours")


def _processor_ms(task: str, cell: Cell) -> Callable[[_Found], float]:
    """Of one thread that waits for nothing: what the clock shows on a machine with nothing else to do."""
    return lambda found: 1000 * median(found.records[task, cell].engines["ours"].processor_seconds)


def _peak(task: str) -> Callable[[_Found], float]:
    return lambda found: found.records[task, _TEN_MILLION].engines["ours"].peak_bytes / 1e6


TARGETS = (
    Target("speed-up over choix, fit of 1e6 votes, 100 models: list of pairs",
           _speed_up("fit-pairs", "choix"), "x", least=5),
    Target("speed-up over choix, fit: list of rows", _speed_up("fit-rows", "choix"), "x", least=5),
    Target("speed-up over choix, fit: data frame", _speed_up("fit-frame", "choix"), "x", least=5),
    Target("speed-up over choix, fit: ready counts", _speed_up("fit-counts", "choix-dense"), "x", least=1),
    Target("speed-up over evalica, fit: list of rows", _speed_up("fit-rows", "evalica"), "x", least=50),
    Target("speed-up over evalica, fit: data frame", _speed_up("fit-frame", "evalica"), "x", least=50),
    Target("speed-up over evalica, online Elo of 1e6 votes from a data frame",
           _speed_up("online-frame", "evalica"), "x", least=5),
    Target("speed-up over arena-rank, fit of 1e6 votes, 100 models", _speed_up("fit", "arena-rank"), "x", least=100),
    Target("1,000 resamples of 1e6 votes, 100 models, one core", _ours("bootstrap"), " s", most=1),
    Target("speed-up over FastChat's way, 1,000 resamples", _speed_up("bootstrap", "fastchat"), "x", least=40),
    Target("speed-up over the notebook's way, 1,000 resamples", _speed_up("bootstrap", "notebook"), "x", least=40),
    Target("memory above the input, fit of 1e7 votes, 200 models", _peak("fit"), " MB", most=500),
    Target("memory above the input, 1,000 resamples of 1e7 votes", _peak("bootstrap"), " MB", most=500),
    Target("speed-up over arena-rank without intervals, CSV of 1e6 votes to a board with 1,000 rounds",
           _speed_up("csv", "arena-rank"), "x", least=4),
    Target("SQLite of 1e6 votes to the web's board", _ours("board"), " s", most=2),
    Target("the web's board after one more vote, 1e6 votes, 50 models, 1,000 rounds (processor time)",
           _processor_ms("next-board", _LIVE), " ms", most=300),
    Target("a vote while 1e6 imported votes wait for their replay", _ours_ms("late-vote", _LIVE), " ms", most=100),
    Target("the part of that replay in which no vote can be stored", _ours_ms("catch-up", _LIVE), " ms", most=100),
    Target("largest difference to a peer that runs to convergence", lambda found: max(
        difference.points for difference in found.differences if difference.is_tight), " points", most=0.01),
)  # fmt: skip


def targets_table(records: Iterable[Record], differences: Sequence[Difference]) -> str:
    """One row for each target: what was measured, and whether it meets the target."""
    found = _Found({(record.task, record.cell): record for record in records}, differences)
    lines = ["| | target | measured | |", "| --- | ---: | ---: | --- |"]
    for target in TARGETS:
        try:
            value = target.value(found)
        except (KeyError, ValueError):  # no such record, no differences
            lines.append(f"| {target.name} | {target.stated} | | not measured |")
            continue
        result = "met" if target.is_met(value) else "**missed**"
        lines.append(f"| {target.name} | {target.stated} | {_digits(value)}{target.unit} | {result} |")
    return "\n".join(lines) + "\n"


def _seconds(seconds: float) -> str:
    """With three significant digits: 0.00868, 1.19, 139."""
    return f"{float(f'{seconds:.3g}'):.10g}"


def _digits(value: float) -> str:
    """The same with a comma for thousands: 2,870."""
    return f"{float(f'{value:.3g}'):,.10g}"
