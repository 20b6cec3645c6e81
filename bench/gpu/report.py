"""What was measured on a GPU, in words: figures, and each promise met or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.gpu.ceilings import Ceilings
from bench.gpu.correctness import Agreement
from bench.gpu.peer import PeerDecoding
from bench.gpu.serving import Crowd, Decoding, Reading
from bench.gpu.window import Saving

LEAST_SHARE = 0.8
LEAST_RATIO = 3.0


@dataclass(slots=True)
class Findings:
    """All sections; None or empty: not reached. `skipped` names a section and why it was left out."""

    agreements: list[Agreement] = field(default_factory=list)
    ceilings: Ceilings | None = None
    decoding: list[Decoding] = field(default_factory=list)
    reading: list[Reading] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    peer: PeerDecoding | None = None
    saving: Saving | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether correctness was checked and held."""
        return bool(self.agreements) and all(agreement.is_right for agreement in self.agreements)

    def peer_ratio(self) -> float | None:
        """Our decoding rate over that of transformers, after the same prompt."""
        ours = [one.tok_s for one in self.decoding if self.peer is not None and one.prompt == self.peer.prompt]
        return ours[0] / self.peer.tok_s if ours and self.peer is not None else None


def lines(findings: Findings) -> Iterator[str]:
    """The report, for a terminal."""
    for agreement in findings.agreements:
        stands = "right" if agreement.is_right else "WRONG"
        yield (
            f"window {agreement.window}, {agreement.dtype}, by {agreement.way}: {stands}, logits differ by "
            f"{agreement.error:.1e} of their norm (at most {agreement.tolerance:.0e}), "
            f"{agreement.same} of {agreement.n} greedy tokens alike"
        )
    if findings.ceilings is not None:
        copy, matrix = findings.ceilings.copy_bytes_s / 1e9, findings.ceilings.matrix_flop_s / 1e12
        yield f"ceilings: memory copies {copy:.0f} GB/s, matrix products {matrix:.0f} TFLOP/s"
    for one in findings.decoding:
        yield (
            f"decode by {one.way}, one sequence after {one.prompt} tokens: {one.tok_s:.1f} tok/s, {one.share:.0%} "
            f"of the roofline ({one.step_bytes / 1e9:.2f} GB a step); at least {LEAST_SHARE:.0%} promised: "
            f"{_stands(one.share, LEAST_SHARE)}"
        )
    if findings.peer is not None and (ratio := findings.peer_ratio()) is not None:
        yield (
            f"transformers {findings.peer.version} generate: {findings.peer.tok_s:.1f} tok/s, ours {ratio:.2f} x; "
            f"at least {LEAST_RATIO:.0f} x promised: {_stands(ratio, LEAST_RATIO)}"
        )
    for reading in findings.reading:
        yield (
            f"prompt of {reading.prompt} in chunks of {reading.chunk}: {reading.tok_s:.0f} tok/s, "
            f"{reading.share:.0%} of the matrix rate"
        )
    for crowd in findings.crowds:
        yield (
            f"{crowd.n} requests at once (slots of {crowd.max_len} tokens): {crowd.output_tok_s:.0f} tok/s, "
            f"first token after {crowd.first_token_p50_s:.2f} s, then every {crowd.gap_p50_ms:.1f} ms (medians)"
        )
    if (saving := findings.saving) is not None:
        yield (
            f"window against full attention: attention {saving.attention:.2f} x as fast, the whole prompt "
            f"{saving.whole:.2f} x, decoding after it {saving.decode:.2f} x"
        )
        yield (
            f"cache at 32,768 tokens: {saving.cache_bytes / 2**20:.0f} MiB instead of "
            f"{saving.full_cache_bytes / 2**20:.0f}, {saving.full_cache_bytes / saving.cache_bytes:.1f} x less"
        )
    for section, reason in findings.skipped.items():
        yield f"skipped: {section} ({reason})"


def _stands(figure: float, least: float) -> str:
    return "met" if figure >= least else "NOT MET"
