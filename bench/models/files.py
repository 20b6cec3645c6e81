"""Where the models are that `bench.models` writes, without anything that would weigh on an engine's memory.

DIR/15M/mistral/     params.json, consolidated.safetensors, tokenizer.model    this project
DIR/15M/hf/          config.json, model.safetensors                            transformers
DIR/15M/gguf/        bfloat16.gguf, float32.gguf                               llama.cpp
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """Where the layouts of one size are."""

    folder: Path

    @property
    def mistral(self) -> Path:
        return self.folder / "mistral"

    @property
    def hf(self) -> Path:
        return self.folder / "hf"

    def gguf(self, dtype: str) -> Path:
        """The file for a dtype by its short name, such as "float32"."""
        return self.folder / "gguf" / f"{dtype}.gguf"
