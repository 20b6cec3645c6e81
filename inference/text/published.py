"""The files beside a tokenizer: special tokens and the chat template.

They name BOS, EOS and other ends of an answer. They are Hugging Face's: tokenizer_config.json, generation_config.json,
config.json, added_tokens.json and chat_template.jinja. Any of them may be missing (Mistral's own folders have none). A
template is only read as text, to recognise its layout; it is never run.
"""

import json
from pathlib import Path
from typing import Any

from inference.text.tokenizer import TokenizerError


def special_id(folder: Path, which: str, ids: dict[str, int]) -> int | None:
    """Return the id of "bos" or "eos": by name from tokenizer_config.json, else by number from config.json, else None.

    `ids` are those of the tokenizer's pieces. Of several numbers the first counts.
    """
    name = _read(folder / "tokenizer_config.json").get(f"{which}_token")
    if isinstance(name, dict):
        name = name.get("content")
    if isinstance(name, str):
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


def added_ids(folder: Path) -> tuple[int, ...]:
    """Return the ids of added_tokens.json: pieces added to a model after its tokenizer.model was made."""
    ids = _read(folder / "added_tokens.json").values()
    return tuple(token_id for token_id in ids if isinstance(token_id, int))


def chat_template(folder: Path) -> str | None:
    """Return the Jinja template of chat_template.jinja, else of tokenizer_config.json (its default of several)."""
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8", errors="replace")
    template = _read(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(template, list):
        named = [one for one in template if isinstance(one, dict)]
        template = next((one.get("template") for one in named if one.get("name") == "default"), None)
    return template if isinstance(template, str) else None


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
    except ValueError as error:
        raise TokenizerError(f"{path} is not JSON, or is damaged: {error}") from error
    if not isinstance(content, dict):
        raise TokenizerError(f"{path} is a JSON {type(content).__name__}; an object was expected")
    return content
