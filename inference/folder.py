"""A model folder's shape, tokenizer and chat layout, without its weights.

Commands open folders first, so a missing file is reported at once, before torch is imported or a port is open.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference import hub
from inference.demo import shipped
from inference.model.checkpoint.files import ADAPTER_FILE, read_checkpoint, weight_files
from inference.model.config import CheckpointError, ModelConfig
from inference.text.chat import layouts
from inference.text.chat.conversation import Ends
from inference.text.chat.jinja_template import JinjaTemplate
from inference.text.chat.recognition import Choice, Template, choose, name_of
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import FAST_FILE, Tokenizer, TokenizerError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a checkpoint in one of the two layouts and a tokenizer. The weights are not read."""

    path: Path
    config: ModelConfig
    tokenizer: Tokenizer
    template: Template
    chat_stop: tuple[str, ...] = ()
    """Marks in plain text that end an answer in a chat."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The usable folders of several models and, by name, why the others cannot be used."""

    folders: Mapping[str, ModelFolder]
    failures: Mapping[str, str]


def locate(text: str) -> Path:
    """The folder that a command line or a settings file names: DIR; hf:ORG/NAME, downloaded once; or demo:NAME.

    Raises CheckpointError where the hub or the demo models have no such name. Does not check that a DIR exists.
    """
    if text.startswith(hub.PREFIX):
        return hub.fetch(text.removeprefix(hub.PREFIX))
    if text.startswith(shipped.PREFIX):
        return shipped.folder_of(text.removeprefix(shipped.PREFIX))
    return Path(text)


def open_folders(texts: Mapping[str, str], *, template: Mapping[str, Choice] | None = None) -> Opened:
    """Locate and open the folders of several models, by name, and leave out those that cannot be used.

    `template` has the chosen chat layouts by name.

    Raises the first error when none can be used.
    """
    folders: dict[str, ModelFolder] = {}
    errors: dict[str, ValueError] = {}
    for name, text in texts.items():
        try:
            folders[name] = open_folder(locate(text), template=(template or {}).get(name))
            logger.info("%s: chat layout %s", name, name_of(folders[name].template))
        except ValueError as error:
            errors[name] = error
    if errors and not folders:
        raise next(iter(errors.values()))
    failures = {name: str(error) for name, error in errors.items()}
    for name, reason in failures.items():
        logger.error("%s: left out: %s", name, reason)
    return Opened(folders, failures)


def open_folder(path: Path, *, template: Choice | None = None) -> ModelFolder:
    """Read all of a folder except its weights. With `template` None the chat layout is detected.

    The tokenizer's `eos_ids` get the ends of answers of that layout.

    Raises CheckpointError, TokenizerError or ChatError, all of them ValueError, that name what is missing or wrong.
    """
    checkpoint = read_checkpoint(path)
    config = checkpoint.config
    weight_files(checkpoint)
    tokenizer = open_tokenizer(path, n_ids=config.vocab_size)
    if tokenizer.vocab_size > config.vocab_size:
        if not _is_padding(tokenizer, config.vocab_size):
            raise CheckpointError(
                f"{path}: the tokenizer has {tokenizer.vocab_size:,} pieces, and {checkpoint.shape_file.name} a "
                f"vocabulary of {config.vocab_size:,}; the tokenizer of this model was expected"
            )
        tokenizer.vocab_size = config.vocab_size
    if (path / ADAPTER_FILE).is_file():
        logger.warning("%s has a LoRA adapter beside its weights, which is not used: only convert merges one", path)
    chat = choose(tokenizer, template, family=checkpoint.family, folder=path)
    if isinstance(chat, JinjaTemplate):
        tokenizer = _as_transformers(tokenizer, path, config)
        ends = chat.ends(tokenizer)
    else:
        ends = Ends() if chat == "none" else layouts.ends_of(chat, tokenizer)
    tokenizer.eos_ids |= ends.ids
    return ModelFolder(path, config, tokenizer, chat, ends.texts)


def _is_padding(tokenizer: Tokenizer, start: int) -> bool:
    """Whether all pieces from id `start` on are control tokens for padding. Fine-tuning adds one, often without an
    embedding; no text contains it."""
    if max(tokenizer.bos_id, *tokenizer.eos_ids) >= start:
        return False
    added = range(start, tokenizer.vocab_size)
    return all(tokenizer.is_control(token_id) and "pad" in tokenizer.piece(token_id).lower() for token_id in added)


def _as_transformers(tokenizer: Tokenizer, path: Path, config: ModelConfig) -> Tokenizer:
    """Return the tokenizer of tokenizer.json if it can be used: transformers encodes a rendered template with it."""
    if not (path / FAST_FILE).is_file():
        return tokenizer
    try:
        fast = open_tokenizer(path, prefers_fast=True)
    except TokenizerError as error:
        logger.warning("%s; using the other tokenizer of the folder", error)
        return tokenizer
    if fast.vocab_size > config.vocab_size and _is_padding(fast, config.vocab_size):
        fast.vocab_size = config.vocab_size
    return fast if fast.vocab_size <= config.vocab_size else tokenizer
