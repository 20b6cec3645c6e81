"""What can be known of a model folder without reading its weights: shape, tokenizer, chat layout.

Commands open folders first, so that a missing file is reported at once, before torch is imported or a port answers.
"""

from dataclasses import dataclass
from pathlib import Path

from inference.model.checkpoint import read_checkpoint, weight_files
from inference.model.config import CheckpointError, ModelConfig
from inference.text.chat_template import Version, detect_version
from inference.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a checkpoint in one of the two layouts and a tokenizer, the weights not yet read."""

    path: Path
    config: ModelConfig
    tokenizer: Tokenizer
    template: Version


def open_folder(path: Path, *, template: Version | None = None) -> ModelFolder:
    """Read all of a folder but its weights; `template` None reads the chat layout from the tokenizer.

    Raises CheckpointError, TokenizerError or ChatError, all of them ValueError, with what is missing or does not fit.
    """
    checkpoint = read_checkpoint(path)
    config = checkpoint.config
    weight_files(checkpoint)
    tokenizer = Tokenizer.from_folder(path)
    if tokenizer.vocab_size > config.vocab_size:
        raise CheckpointError(
            f"{path}: the tokenizer has {tokenizer.vocab_size} pieces and {checkpoint.shape_file.name} a vocabulary of "
            f"{config.vocab_size}; the tokenizer belongs to another model"
        )
    return ModelFolder(path, config, tokenizer, template or detect_version(tokenizer))
