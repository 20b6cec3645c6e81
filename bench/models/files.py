"""Where `bench.models` writes its models. Importing this module adds nothing to the memory that is measured.

DIR/15M/mistral/     params.json, consolidated.safetensors, tokenizer.model    this project
DIR/15M/hf/          config.json, model.safetensors                            transformers
DIR/15M/gguf/        bfloat16.gguf, float32.gguf, int8.gguf                    llama.cpp
"""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(".cache/bench")


@dataclass(frozen=True, slots=True)
class Files:
    """The folders of one size."""

    folder: Path

    @property
    def mistral(self) -> Path:
        return self.folder / "mistral"

    @property
    def hf(self) -> Path:
        return self.folder / "hf"

    def gguf(self, dtype: str) -> Path:
        """Return the file of a dtype such as "float32"."""
        return self.folder / "gguf" / f"{dtype}.gguf"
