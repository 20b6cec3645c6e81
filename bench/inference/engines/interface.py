"""What the compared engines have in common: their names, options, jobs and timings."""

from dataclasses import dataclass
from random import Random
from typing import Protocol

DTYPES = ("bfloat16", "float32", "int8")
ENGINES = {
    "ours": DTYPES,
    "ours float32": ("bfloat16",),
    "transformers": ("bfloat16", "float32"),
    "llama.cpp": DTYPES,
}
"""The dtypes in which each engine is compared. In int8, llama.cpp runs Q8_0, and transformers would need a
further package. "ours float32" is our engine with the same weights in float32, which should not be faster than in
bfloat16."""
PACKAGES = ("torch", "transformers", "llama-cpp-python", "numpy")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an engine that a user can set; the benchmark keeps the fastest for each engine and figure.

    `threads` applies to everything in torch's engines, and to decoding in llama.cpp, which reads prompts with one
    thread per core. `has_flash` selects llama.cpp's fused attention.
    """

    threads: int
    has_flash: bool = True


@dataclass(frozen=True, slots=True)
class BestOptions:
    """The fastest options for prompts and for decoding."""

    prefill: Options
    decode: Options


@dataclass(frozen=True, slots=True)
class Job:
    """`batch` prompts of `prompt` random tokens, each followed by `new` greedily decoded tokens."""

    prompt: int
    batch: int
    new: int
    seed: int
    setting: Options

    def prompts(self, vocab_size: int) -> list[list[int]]:
        """Return the prompts, the same for every engine; they have no control ids."""
        rng = Random(self.seed)
        return [[rng.randrange(259, vocab_size) for _ in range(self.prompt)] for _ in range(self.batch)]


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a job: `prefill_s` until every sequence has its first token, then `decode_s` for `n_decoded` further
    tokens of all sequences together."""

    prefill_s: float
    decode_s: float
    n_decoded: int


class ComparedEngine(Protocol):
    """One engine with one model in one dtype."""

    vocab_size: int

    def run(self, job: Job) -> Timing: ...

    def last_logits(self, ids: list[int]) -> list[float]:
        """Return the logits after the last of `ids`."""

    def isa(self) -> str:
        """Return what its own libraries report about the instructions that they use."""
