"""What was promised of inference on a CPU, and whether the records keep it: met or not, with the figure that decides.

Every promise is about all cells of a kind; the worst of them decides, and is named.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.inference.records import Cell, Record, ratio

LARGE = "1.1B"


@dataclass(frozen=True, slots=True)
class Promise:
    """`of` gives a record's figure, or None where the promise says nothing of it or a peer was not run; at least
    `least(cell)` was promised."""

    text: str
    of: Callable[[Record], float | None]
    least: Callable[[Cell], float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a promise stands. `worst` is the figure furthest from its goal, None where nothing was measured."""

    text: str
    n_met: int
    n_cells: int
    worst: float | None
    goal: float | None
    where: Cell | None

    @property
    def is_met(self) -> bool:
        return self.n_cells > 0 and self.n_met == self.n_cells


def judge(records: Iterable[Record]) -> list[Verdict]:
    """Every promise, in the order of `PROMISES`."""
    records = list(records)
    return [_judge(promise, records) for promise in PROMISES]


def _judge(promise: Promise, records: Sequence[Record]) -> Verdict:
    found = [(figure, record.cell) for record in records if (figure := promise.of(record)) is not None]
    if not found:
        return Verdict(promise.text, 0, 0, None, None, None)
    n_met = sum(figure >= promise.least(cell) for figure, cell in found)
    worst, where = min(found, key=lambda pair: pair[0] / promise.least(pair[1]))
    return Verdict(promise.text, n_met, len(found), worst, promise.least(where), where)


def decode_ratio(record: Record, peer: str) -> float | None:
    """Our decoding rate over a peer's; None where either was not run."""
    if not {"ours", peer} <= record.engines.keys():
        return None
    return ratio(record.decode_rates("ours"), record.decode_rates(peer))


def prefill_ratio(record: Record) -> float | None:
    """Our pre-fill rate over that of the faster peer."""
    peers = [name for name in record.engines if name != "ours"]
    if "ours" not in record.engines or not peers:
        return None
    return min(ratio(record.prefill_rates("ours"), record.prefill_rates(peer)) for peer in peers)


def memory_ratio(record: Record) -> float | None:
    """The peak of transformers over ours: above 1 we take less."""
    if not {"ours", "transformers"} <= record.engines.keys():
        return None
    return record.engines["transformers"].peak_bytes / record.engines["ours"].peak_bytes


def _with_batch(batch: int, of: Callable[[Record], float | None]) -> Callable[[Record], float | None]:
    return lambda record: of(record) if record.cell.batch == batch else None


def _always(figure: float) -> Callable[[Cell], float]:
    return lambda cell: figure


def _floor(record: Record) -> float | None:
    is_meant = record.cell.size == LARGE and record.cell.dtype == "bfloat16" and record.cell.batch == 1
    return record.floor_share() if is_meant and "ours" in record.engines else None


PROMISES = (
    Promise(
        "decode, one sequence: at least 2 x transformers",
        _with_batch(1, lambda record: decode_ratio(record, "transformers")),
        _always(2.0),
    ),
    Promise(
        "decode, one sequence: at least llama.cpp (0.95 x for 1.1B float32)",
        _with_batch(1, lambda record: decode_ratio(record, "llama.cpp")),
        lambda cell: 0.95 if cell.size == LARGE and cell.dtype == "float32" else 1.0,
    ),
    Promise("decode, 1.1B bfloat16, one sequence: at least 85 % of the memory floor", _floor, _always(0.85)),
    Promise(
        "decode, 8 sequences: at least 2 x transformers",
        _with_batch(8, lambda record: decode_ratio(record, "transformers")),
        _always(2.0),
    ),
    Promise(
        "decode, 8 sequences: at least llama.cpp (1.2 x at 1.1B)",
        _with_batch(8, lambda record: decode_ratio(record, "llama.cpp")),
        lambda cell: 1.2 if cell.size == LARGE else 1.0,
    ),
    Promise("pre-fill: at least the faster peer", prefill_ratio, _always(1.0)),
    Promise("peak memory: no more than transformers", memory_ratio, _always(1.0)),
)
