"""Load an engine by name. The packages of the peers are imported only for them."""

from collections.abc import Callable
from pathlib import Path

from bench.inference.engines.interface import ComparedEngine


def load(engine: str, folder: Path, dtype: str) -> ComparedEngine:
    """Load an engine with the files of one size (`Files`)."""
    loaders: dict[str, Callable[[], Callable[[Path, str], ComparedEngine]]] = {
        "ours": _ours,
        "ours float32": _ours,
        "transformers": _transformers,
        "llama.cpp": _llama_cpp,
    }
    return loaders[engine]()(folder, "float32" if engine == "ours float32" else dtype)


def _ours() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.ours import Ours

    return Ours


def _transformers() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.hugging_face import Transformers

    return Transformers


def _llama_cpp() -> Callable[[Path, str], ComparedEngine]:
    from bench.inference.engines.llama_cpp import LlamaCpp

    return LlamaCpp
