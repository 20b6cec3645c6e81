"""The files beside a tokenizer: special tokens and the chat template.

They name BOS, EOS and other ends of an answer. They are Hugging Face's: tokenizer_config.json, generation_config.json,
special_tokens_map.json, config.json, added_tokens.json, chat_template.jinja and chat_template.json. Any of them may be
missing (Mistral's own folders have none).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.text.tokenizer import TokenizerError

TOKENIZER_CONFIG = "tokenizer_config.json"
SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A Jinja template, and the name of the file that has it."""

    source: str
    file: str


def special_id(folder: Path, which: str, ids: dict[str, int]) -> int | None:
    """Return the id of "bos" or "eos": by name from tokenizer_config.json, else by number from config.json, else None.

    `ids` are those of the tokenizer's pieces. Of several numbers the first counts.
    """
    name = _name(_read(folder / TOKENIZER_CONFIG).get(f"{which}_token"))
    if name is not None:
        if name not in ids:
            raise TokenizerError(
                f"tokenizer_config.json in {folder}: {which}_token is {name!r}; no piece has that name"
            )
        return ids[name]
    token_id = next(iter(_ids(folder / "config.json", f"{which}_token_id")), None)
    if token_id is not None and token_id not in ids.values():
        raise TokenizerError(f"config.json in {folder}: {which}_token_id is {token_id}; no piece has that id")
    return token_id


def eos_ids(folder: Path) -> tuple[int, ...]:
    """Return the ids at which generation_config.json ends an answer; () where it has none."""
    return _ids(folder / "generation_config.json", "eos_token_id")


def added_pieces(folder: Path) -> dict[str, int]:
    """Return the pieces of added_tokens.json and tokenizer_config.json (added_tokens_decoder), with their ids."""
    found: dict[str, int] = {}
    decoder = _read(folder / TOKENIZER_CONFIG).get("added_tokens_decoder")
    for number, piece in decoder.items() if isinstance(decoder, dict) else ():
        name = _name(piece)
        if name is not None and number.isdecimal():
            found[name] = int(number)
    ids = _read(folder / "added_tokens.json")
    return found | {piece: token_id for piece, token_id in ids.items() if type(token_id) is int}


def special_tokens(folder: Path) -> dict[str, str | None]:
    """Return the pieces that the files name, such as "bos_token", which chat templates know; None for a null."""
    named = {**_read(folder / "special_tokens_map.json"), **_read(folder / TOKENIZER_CONFIG)}
    return {key: _name(named[key]) for key in SPECIAL if key in named}


def has_space_after_marks(folder: Path) -> bool:
    """Whether a SentencePiece text after a control piece begins with a space; `legacy` in tokenizer_config.json."""
    return _read(folder / TOKENIZER_CONFIG).get("legacy") is not False


def chat_template(folder: Path) -> ChatTemplate | None:
    """Return the template of chat_template.jinja, tokenizer_config.json or chat_template.json, the first that has one.

    An empty one counts as missing, as in transformers. Of several templates in a file it is the one named default.
    Raises TokenizerError where none has that name, and for anything but text.
    """
    path = folder / "chat_template.jinja"
    if path.is_file() and (source := path.read_text(encoding="utf-8", errors="replace")).strip():
        return ChatTemplate(source, path.name)
    for name in (TOKENIZER_CONFIG, "chat_template.json"):
        source = _default(folder / name, _read(folder / name).get("chat_template"))
        if source.strip():
            return ChatTemplate(source, name)
    return None


def _default(path: Path, template: object) -> str:
    if isinstance(template, list) and template and all(isinstance(one, dict) for one in template):
        named = {str(one.get("name")): one.get("template") for one in template}
        if "default" not in named:
            raise TokenizerError(
                f"{path} has chat templates named {', '.join(sorted(named))}, and none named default; choose a layout "
                "with --template"
            )
        template = named["default"]
    if not template:
        return ""
    if not isinstance(template, str):
        raise TokenizerError(
            f"{path}: chat_template is a {type(template).__name__}; a string was expected, or a list of objects with "
            "name and template; choose a layout with --template"
        )
    return template


def _name(piece: object) -> str | None:
    """Return the name of a piece, which is a string, or an object with its content."""
    if isinstance(piece, dict):
        piece = piece.get("content")
    return piece if isinstance(piece, str) else None


def _ids(path: Path, key: str) -> tuple[int, ...]:
    found = _read(path).get(key)
    ids = found if isinstance(found, list) else [] if found is None else [found]
    if not all(type(token_id) is int for token_id in ids):
        raise TokenizerError(f"{path}: {key} is {found!r}; an id or a list of ids was expected")
    return tuple(ids)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise TokenizerError(f"{path} is not JSON, or is damaged: {error}") from error
    if not isinstance(content, dict):
        raise TokenizerError(f"{path} is a JSON {type(content).__name__}; an object was expected")
    return content
