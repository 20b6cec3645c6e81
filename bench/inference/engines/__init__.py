"""The engines that are compared, each behind the same two calls, so that one worker process can run any of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

ENGINES = ("ours", "transformers", "llama.cpp")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a user of an engine can choose; the benchmark takes the fastest for each engine and figure.

    `threads` of torch's engines for everything, of llama.cpp for decoding: it reads prompts with one thread a core.
    `has_flash` is llama.cpp's fused attention, which it may do without.
    """

    threads: int
    has_flash: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """The fastest for prompts, and the fastest for decoding."""

    prefill: Setting
    decode: Setting


@dataclass(frozen=True, slots=True)
class Job:
    """`batch` prompts of `prompt` random tokens each, `new` tokens to be generated greedily after each of them."""

    prompt: int
    batch: int
    new: int
    seed: int
    setting: Setting

    def prompts(self, vocab_size: int) -> list[list[int]]:
        """Token ids, the same for every engine; control ids are left out."""
        rng = Random(self.seed)
        return [[rng.randrange(259, vocab_size) for _ in range(self.prompt)] for _ in range(self.batch)]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a job took. `prefill_s` until every sequence had its first token; then `decode_s` for `n_decoded`
    further tokens, all sequences together and in step."""

    prefill_s: float
    decode_s: float
    n_decoded: int


class Engine(Protocol):
    """One engine with one model, in the dtype it was loaded with."""

    vocab_size: int

    def run(self, job: Job) -> Timing: ...

    def last_logits(self, ids: list[int]) -> list[float]:
        """Logits after the last of `ids`, for comparing engines."""


def load(engine: str, folder: Path, dtype: str) -> Engine:
    """An engine by its name, with the files of one size (`models.Files`). Peers are imported only here."""
    loaders: dict[str, Callable[[], Callable[[Path, str], Engine]]] = {
        "ours": _ours,
        "transformers": _transformers,
        "llama.cpp": _llama_cpp,
    }
    return loaders[engine]()(folder, dtype)


def _ours() -> Callable[[Path, str], Engine]:
    from bench.inference.engines.ours import Ours

    return Ours


def _transformers() -> Callable[[Path, str], Engine]:
    from bench.inference.engines.hugging_face import Transformers

    return Transformers


def _llama_cpp() -> Callable[[Path, str], Engine]:
    from bench.inference.engines.llama_cpp import LlamaCpp

    return LlamaCpp
