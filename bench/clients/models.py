"""The folders that clients talk to: a demo model in Hugging Face's layout, and a Llama with a long context."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import sentencepiece
from safetensors.torch import load_file, save_file
from torch import Tensor

from bench.models.layouts import hf_config, hf_state
from bench.models.random_weights import random_model
from inference.demo import shipped
from inference.model.checkpoint.files import HF_WEIGHTS_FILE, WEIGHTS_FILE, read_checkpoint
from inference.text.tokenizer import FAST_FILE, TOKENIZER_FILE

_DEMO = "wren-sol"
_SPACE = "\u2581"
_LONG = 131_072  # tokens, for the prompts of aider


def write_hugging_face(folder: Path) -> Path:
    """Write a demo model as transformers reads it, and return the folder."""
    demo = shipped.folder_of(_DEMO)
    config = read_checkpoint(demo).config
    return _write(folder, hf_config(config), hf_state(load_file(demo / WEIGHTS_FILE), config))


def write_long_llama(folder: Path) -> Path:
    """Write a Llama of two layers with random weights and the demo models' tokenizer, and return the folder."""
    demo = read_checkpoint(shipped.folder_of(_DEMO)).config
    config = replace(demo, n_layers=2, sliding_window=None, max_seq_len=_LONG)
    shape = hf_config(config) | {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    del shape["sliding_window"]
    return _write(folder, shape, hf_state(random_model(config).state_dict(), config))


def _write(folder: Path, shape: dict[str, object], state: dict[str, Tensor]) -> Path:
    folder.mkdir(parents=True)
    save_file(state, folder / HF_WEIGHTS_FILE, metadata={"format": "pt"})
    tokenizer_file = shipped.folder_of(_DEMO) / TOKENIZER_FILE
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    files = {
        "config.json": shape | {"bos_token_id": 1, "eos_token_id": 2},
        "tokenizer_config.json": special | {"tokenizer_class": "PreTrainedTokenizerFast"},
        FAST_FILE: fast_tokenizer(tokenizer_file),
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    shutil.copy(tokenizer_file, folder)
    return folder


def fast_tokenizer(path: Path) -> dict[str, object]:
    """Return the tokenizer.json of the demo models' tokenizer, which has single characters, bytes and whole words, and
    merges nothing. transformers' own conversion of the file loses the words."""
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    names = [pieces.id_to_piece(token_id) for token_id in range(len(pieces))]
    words = sorted((name for name in names if name.startswith(_SPACE) and len(name) > 1), key=len, reverse=True)
    special = {"special": True, "normalized": False, "single_word": False, "lstrip": False, "rstrip": False}
    begin, text = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0",
        "added_tokens": [{"id": token_id, "content": names[token_id], **special} for token_id in range(3)],
        "normalizer": _sequence("normalizers", {"type": "Prepend", "prepend": _SPACE}, _replace(" ", _SPACE)),
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": "|".join(map(re.escape, words))},
            "behavior": "Isolated",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, text],
            "pair": [begin, text, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": _sequence(
            "decoders",
            _replace(_SPACE, " "),
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ),
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": True,
            "vocab": {name: token_id for token_id, name in enumerate(names)},
            "merges": [],
        },
    }


def _sequence(parts: str, *found: dict[str, object]) -> dict[str, object]:
    return {"type": "Sequence", parts: list(found)}


def _replace(old: str, new: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}
