"""The compared engines, behind one interface."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

ENGINES = ("ours", "transformers", "llama.cpp")
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


def load(engine: str, folder: Path, dtype: str) -> ComparedEngine:
    """Load an engine by name, with the files of one size (`Files`). The peers' packages are imported only here."""
    loaders: dict[str, Callable[[], Callable[[Path, str], ComparedEngine]]] = {
        "ours": _ours,
        "transformers": _transformers,
        "llama.cpp": _llama_cpp,
    }
    return loaders[engine]()(folder, dtype)


def _ours() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.ours import Ours

    return Ours


def _transformers() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.hugging_face import Transformers

    return Transformers


def _llama_cpp() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.llama_cpp import LlamaCpp

    return LlamaCpp
