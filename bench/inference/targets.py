"""The speed and memory targets of inference on a CPU, and whether the measured records meet them.

A target applies to all cells of a kind, and is met if the worst of them meets it. int8 has none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.inference.records import Cell, Record, ratio

LARGE = "1.1B"
PEERS = ("transformers", "llama.cpp")

Unit = Literal["x", " %"]


@dataclass(frozen=True, slots=True)
class Target:
    """`of` returns a record's figure, or None if the target does not apply or a peer was not run. `least(cell)` is the
    figure to reach, `stated` is the same in words."""

    name: str
    of: Callable[[Record], float | None]
    least: Callable[[Cell], float]
    stated: str
    unit: Unit = "x"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a target is met. `worst` is the figure furthest from it, or None if nothing was measured."""

    target: Target
    n_met: int
    n_cells: int
    worst: float | None
    where: Cell | None

    @property
    def is_met(self) -> bool:
        return self.n_cells > 0 and self.n_met == self.n_cells


def judge(records: Iterable[Record], *, has_avx512: bool) -> list[Verdict]:
    """Judge every target for such processors, in their order."""
    records = [record for record in records if record.cell.dtype != "int8"]
    return [_judge(target, records) for target in (TARGETS if has_avx512 else AVX2_TARGETS)]


def _judge(target: Target, records: Sequence[Record]) -> Verdict:
    found = [(figure, record.cell) for record in records if (figure := target.of(record)) is not None]
    if not found:
        return Verdict(target, 0, 0, None, None)
    n_met = sum(figure >= target.least(cell) for figure, cell in found)
    worst, where = min(found, key=lambda pair: pair[0] / target.least(pair[1]))
    return Verdict(target, n_met, len(found), worst, where)


def decode_ratio(record: Record, peer: str) -> float | None:
    """Return our decoding rate over a peer's, or None if either was not run."""
    if not {"ours", peer} <= record.engines.keys():
        return None
    return ratio(record.decode_rates("ours"), record.decode_rates(peer))


def prefill_ratio(record: Record) -> float | None:
    """Return our prefill rate over that of the faster peer, or None if either was not run."""
    peers = [name for name in PEERS if name in record.engines]
    if "ours" not in record.engines or not peers:
        return None
    return min(ratio(record.prefill_rates("ours"), record.prefill_rates(peer)) for peer in peers)


def memory_ratio(record: Record) -> float | None:
    """Return the peak memory of transformers over ours, or None if either was not run."""
    if not {"ours", "transformers"} <= record.engines.keys():
        return None
    return record.engines["transformers"].peak_bytes / record.engines["ours"].peak_bytes


def own_ratios(record: Record) -> tuple[float, float] | None:
    """Return our rates in bfloat16 over those of the same model in float32, of prefill and of decoding, or None if
    either was not run."""
    if not {"ours", "ours float32"} <= record.engines.keys():
        return None
    prefill, decode = record.prefill_rates, record.decode_rates
    return ratio(prefill("ours"), prefill("ours float32")), ratio(decode("ours"), decode("ours float32"))


def _with_batch(batch: int, of: Callable[[Record], float | None]) -> Callable[[Record], float | None]:
    return lambda record: of(record) if record.cell.batch == batch else None


def _always(figure: float) -> Callable[[Cell], float]:
    return lambda cell: figure


def _floor_share(record: Record) -> float | None:
    applies = record.cell.size == LARGE and record.cell.dtype == "bfloat16" and record.cell.batch == 1
    return record.floor_share() if applies and "ours" in record.engines else None


def _decode_target(peer: str, batch: int, least: Callable[[Cell], float], stated: str) -> Target:
    sequences = f"{batch} sequence{'s' * (batch > 1)}"
    name = f"speed-up over {peer}, decode of {sequences}"
    return Target(name, _with_batch(batch, lambda record: decode_ratio(record, peer)), least, stated)


def _own_target(what: str, which: int) -> Target:
    def of(record: Record) -> float | None:
        found = own_ratios(record)
        return None if found is None else found[which]

    return Target(f"speed-up of our bfloat16 over our float32, {what}", of, _always(1.0), "at least 1x")


_PREFILL_AND_MEMORY = (
    Target("speed-up over the faster peer, prefill", prefill_ratio, _always(1.0), "at least 1x"),
    Target("peak memory of transformers over ours", memory_ratio, _always(1.0), "at least 1x"),
    _own_target("prefill", 0),
    _own_target("decode", 1),
)
TARGETS = (
    _decode_target("transformers", 1, _always(2.0), "at least 2x"),
    _decode_target(
        "llama.cpp",
        1,
        lambda cell: 0.95 if cell.size == LARGE and cell.dtype == "float32" else 1.0,
        "at least 1x (1.1B float32: 0.95x)",
    ),
    Target(
        "share of the memory floor, decode of 1 sequence, 1.1B bfloat16",
        _floor_share,
        _always(0.85),
        "at least 85 %",
        unit=" %",
    ),
    _decode_target("transformers", 8, _always(2.0), "at least 2x"),
    _decode_target("llama.cpp", 8, lambda cell: 1.2 if cell.size == LARGE else 1.0, "at least 1x (1.1B: 1.2x)"),
    *_PREFILL_AND_MEMORY,
)
AVX2_TARGETS = (
    _decode_target("transformers", 1, _always(2.0), "at least 2x"),
    _decode_target("llama.cpp", 1, _always(1.0), "at least 1x"),
    _decode_target("transformers", 8, _always(2.0), "at least 2x"),
    _decode_target("llama.cpp", 8, _always(1.0), "at least 1x"),
    *_PREFILL_AND_MEMORY,
)
