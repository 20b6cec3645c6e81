"""The findings on a GPU, and their report: the figures, and whether each meets its target."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.gpu.ceilings import Ceilings
from bench.gpu.correctness import Agreement
from bench.gpu.peer import PeerDecodeRate
from bench.gpu.serving import Arrival, ConcurrentRequests, DecodeRate, PrefillRate, Preparation
from bench.gpu.window import Saving

LEAST_SHARE = 0.8
LEAST_RATIO = 3.0


@dataclass(slots=True)
class Findings:
    """The findings of all sections; None or empty if a section did not run. `skipped` has the reason by section."""

    agreements: list[Agreement] = field(default_factory=list)
    ceilings: Ceilings | None = None
    decode_rates: list[DecodeRate] = field(default_factory=list)
    prefill_rates: list[PrefillRate] = field(default_factory=list)
    concurrent: list[ConcurrentRequests] = field(default_factory=list)
    arrival: Arrival | None = None
    preparation: Preparation | None = None
    peer: PeerDecodeRate | None = None
    saving: Saving | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether correctness was checked and every check agrees."""
        return bool(self.agreements) and all(agreement.is_right for agreement in self.agreements)

    def peer_ratio(self) -> float | None:
        """Return our decoding rate over that of transformers, after the same prompt."""
        ours = [one.tok_s for one in self.decode_rates if self.peer is not None and one.prompt == self.peer.prompt]
        return ours[0] / self.peer.tok_s if ours and self.peer is not None else None


def lines(findings: Findings) -> Iterator[str]:
    """Return the lines of the report."""
    for agreement in findings.agreements:
        result = "right" if agreement.is_right else "WRONG"
        yield (
            f"window {agreement.window}, {agreement.dtype}, decoded with {agreement.decode_backend}: {result}, "
            f"logits differ by {agreement.error:.1e} of their norm (tolerance {agreement.tolerance:.0e}), "
            f"{agreement.same} of {agreement.n} greedy tokens are the same"
        )
    if findings.ceilings is not None:
        copy, matrix = findings.ceilings.copy_bytes_s / 1e9, findings.ceilings.matrix_flop_s / 1e12
        yield f"ceilings: memory copy {copy:,.0f} GB/s, matrix product {matrix:,.0f} TFLOP/s"
    for one in findings.decode_rates:
        yield (
            f"decode with {one.decode_backend}, 1 sequence after {one.prompt:,} tokens: {one.tok_s:.1f} tok/s; "
            f"share of the memory floor ({one.step_bytes / 1e9:.2f} GB per step): target {LEAST_SHARE:.0%}, "
            f"measured {one.share:.0%} ({_verdict(one.share, LEAST_SHARE)})"
        )
    if findings.peer is not None and (ratio := findings.peer_ratio()) is not None:
        yield (
            f"transformers {findings.peer.version} generate: {findings.peer.tok_s:.1f} tok/s; our speed-up: target "
            f"{LEAST_RATIO:.0f}x, measured {ratio:.2f}x ({_verdict(ratio, LEAST_RATIO)})"
        )
    for rate in findings.prefill_rates:
        yield (
            f"prefill of {rate.prompt:,} tokens in chunks of {rate.chunk:,}: {rate.tok_s:,.0f} tok/s, "
            f"{rate.share:.0%} of the matrix rate"
        )
    for requests in findings.concurrent:
        yield (
            f"{requests.n} concurrent requests (slots of {requests.max_len:,} tokens): "
            f"{requests.output_tok_s:,.0f} tok/s, first token after {requests.first_token_p50_s:.2f} s, then one every "
            f"{requests.gap_p50_ms:.1f} ms (medians)"
        )
    if (arrival := findings.arrival) is not None:
        yield (
            f"a prompt of {arrival.prompt:,} tokens beside {arrival.n_streams} streams: first token after "
            f"{arrival.first_token_s:.3f} s; the streams' tokens meanwhile one every {arrival.gap_p50_ms:.1f} ms "
            f"(median), at most {arrival.longest_gap_ms:.1f} ms"
        )
    if (before := findings.preparation) is not None:
        yield (
            f"before a server is ready: a step of {before.chunk:,} tokens takes {before.step_bytes / 2**20:,.0f} MiB "
            f"beside weights and cache; {before.n_graphs} graphs for up to {before.n_rows} answers recorded in "
            f"{before.took_s:.1f} s, {before.n_missing} missing, {before.graph_bytes / 2**20:,.0f} MiB"
        )
    if (saving := findings.saving) is not None:
        yield (
            f"speed-up of the window over full attention: attention {saving.attention:.2f}x, whole prompt "
            f"{saving.whole:.2f}x, decode after it {saving.decode:.2f}x"
        )
        yield (
            f"cache at 32,768 tokens: {saving.cache_bytes / 2**20:,.0f} MiB instead of "
            f"{saving.full_cache_bytes / 2**20:,.0f} MiB, {saving.full_cache_bytes / saving.cache_bytes:.1f}x less"
        )
    for section, reason in findings.skipped.items():
        yield f"skipped: {section} ({reason})"


def _verdict(figure: float, least: float) -> str:
    return "met" if figure >= least else "MISSED"
