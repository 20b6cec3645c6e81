"""What can be known of a model folder without reading its weights: shape, tokenizer, chat layout.

Commands open folders first, so that a missing file is reported at once, before torch is imported or a port answers.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from inference.model.config import CheckpointError, ModelConfig, load_config
from inference.text.chat_template import Version, detect_version
from inference.text.tokenizer import Tokenizer

WEIGHTS_FILE = "consolidated.safetensors"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with params.json, consolidated.safetensors and tokenizer.model, the weights not yet read."""

    path: Path
    config: ModelConfig
    tokenizer: Tokenizer
    template: Version


def open_folder(path: Path, *, template: Version | None = None) -> ModelFolder:
    """Read all of a folder but its weights; `template` None reads the chat layout from the tokenizer.

    Raises CheckpointError, TokenizerError or ChatError, all of them ValueError, with what is missing or does not fit.
    """
    config = load_config(path)
    if not (path / WEIGHTS_FILE).is_file():
        raise CheckpointError(f"no {WEIGHTS_FILE} in {path}; put the weights there, all tensors in that one file")
    tokenizer = Tokenizer.from_folder(path)
    if tokenizer.vocab_size > config.vocab_size:
        raise CheckpointError(
            f"{path}: tokenizer.model has {tokenizer.vocab_size} pieces and params.json a vocabulary of "
            f"{config.vocab_size}; the tokenizer belongs to another model"
        )
    return ModelFolder(path, config, tokenizer, template or detect_version(tokenizer))


def fingerprint(path: Path) -> str:
    """The first 16 hex digits of the SHA-256 of the folder's weights file: which weights gave an answer."""
    with (path / WEIGHTS_FILE).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
