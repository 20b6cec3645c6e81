"""Read prompts from a file: text with one prompt a line, CSV or JSONL.

    text   one prompt a line; empty lines are skipped
    .csv   a column text (or prompt), and the optional columns tags (separated by ; or ,) and language; also .tsv
    .jsonl {"text": "...", "tags": ["..."], "language": "en"} in each line; tags and language are optional

White space around a prompt is removed. A prompt that appears again is left out and counted. Other columns and
keys are ignored and named in the result; in a file that `arena decks save` wrote these are the answers, and its first
line is skipped.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.one_line import is_one_line

_TEXT = ("text", "prompt")
_KNOWN = (*_TEXT, "tags", "language")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_MAX_TAG_CHARS = 40
_MAX_BYTES = 200_000_000
_SEPARATORS = re.compile(r"[;,|]")
_FIELD_CHARS = 10_000_000
_SHOWN_CHARS = 60


class PromptFileError(ValueError):
    """The file has no prompts, or a wrong one; the message has the line, the value and what was expected."""


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    tags: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PromptFile:
    """The prompts of a file in its order. `ignored` are columns or keys without a meaning here."""

    prompts: tuple[Prompt, ...]
    n_repeated: int = 0
    ignored: tuple[str, ...] = ()


def read_prompts(path: Path, *, max_chars: int) -> PromptFile:
    """Read the prompts of `path`, each of at most `max_chars` characters. Raises `PromptFileError`."""
    text = _content(path)
    rows = _READERS.get(path.suffix.lower(), _of_lines)
    prompts: dict[str, Prompt] = {}
    ignored: dict[str, None] = {}
    n_repeated = 0
    for line, row in rows(path, text):
        prompt = _prompt(row, f"{path}, line {line}", max_chars)
        ignored |= dict.fromkeys(key for key in row if key not in _KNOWN)
        n_repeated += prompt.text in prompts
        prompts.setdefault(prompt.text, prompt)
    if not prompts:
        raise PromptFileError(f"{path}: no prompts; expected one in each line, or a column or key text")
    return PromptFile(tuple(prompts.values()), n_repeated, tuple(ignored))


def _content(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise PromptFileError(f"no file {path}; name a file of prompts with --prompts FILE") from error
    except OSError as error:
        raise PromptFileError(f"{path} cannot be read: {error.strerror}; name a file of prompts") from error
    if len(content) > _MAX_BYTES:
        raise PromptFileError(f"{path} has {len(content):,} bytes; expected at most {_MAX_BYTES:,}")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PromptFileError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from error


def _of_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, prompt in enumerate(text.split("\n"), start=1):
        if prompt.strip():
            yield line, {"text": prompt}


def _of_csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(_FIELD_CHARS)
    first, _, rest = text.partition("\n")
    n_before = 0
    if first.startswith("sep="):  # which spreadsheets write for each other
        (first, _, _), text, n_before = rest.partition("\n"), rest, 1
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = n_before + 1  # of the row that is read next
    try:
        header = [name.strip().casefold() for name in next(rows, [])]
        if not set(_TEXT) & set(header):
            raise PromptFileError(
                f"{path}, line {n_before + 1}: the columns are {_shown(', '.join(header))}; expected a first line with"
                " a column text"
            )
        for name in _KNOWN:
            if header.count(name) > 1:
                raise PromptFileError(f"{path}, line {n_before + 1}: {header.count(name)} columns {name}; expected one")
        start = n_before + rows.line_num + 1
        for row in rows:
            if len(row) > len(header):
                raise PromptFileError(
                    f"{path}, line {start}: {len(row)} fields; expected {len(header)}, as in the first line (quote a"
                    " text that contains the separator)"
                )
            if any(field.strip() for field in row):
                yield start, {name: field for name, field in zip(header, row, strict=False) if name and field.strip()}
            start = n_before + rows.line_num + 1
    except csv.Error as error:
        raise PromptFileError(f"{path}, line {start}: {error}; expected CSV with closed quotes") from error


def _of_json_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        try:
            found = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise PromptFileError(
                f'{path}, line {line}: {_shown(row)} is not JSON; expected an object such as {{"text": "Hello"}}'
            ) from error
        if not isinstance(found, dict):
            raise PromptFileError(
                f'{path}, line {line}: {_shown(row)} is not an object; expected one such as {{"text": "Hello"}}'
            )
        if line > 1 or "settings" not in found:
            yield line, found


_READERS = {
    **dict.fromkeys((".csv", ".tsv"), _of_csv),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), _of_json_lines),
}


def _prompt(row: Mapping[str, Any], where: str, max_chars: int) -> Prompt:
    if all(row.get(key) for key in _TEXT):
        raise PromptFileError(f"{where}: both text and prompt; expected one of them, or another name for one")
    text = next((row[key] for key in _TEXT if key in row), None)
    if not isinstance(text, str) or not any(one.isprintable() and not one.isspace() for one in text):
        raise PromptFileError(f"{where}: text is {_shown(text)}; expected a prompt")
    text = text.strip()
    if len(text) > max_chars:
        raise PromptFileError(
            f"{where}: a prompt of {len(text):,} characters; expected at most {max_chars:,}, the max_prompt_chars of"
            " [battle]"
        )
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise PromptFileError(f"{where}: {_shown(text)} has characters that cannot be stored; expected text")
    language = row.get("language") or None
    if language is not None:
        code = language.strip().lower() if isinstance(language, str) else ""
        if not _LANGUAGE.fullmatch(code):
            raise PromptFileError(f"{where}: language is {_shown(language)}; expected a code such as en or ko")
        language = code.partition("-")[0]  # visitors have a language, and no region
    return Prompt(text, _tags(row.get("tags"), where), language)


def _tags(tags: Any, where: str) -> tuple[str, ...]:
    if tags is None:
        return ()
    found = _SEPARATORS.split(tags) if isinstance(tags, str) else tags
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise PromptFileError(f"{where}: tags is {_shown(tags)}; expected a list of texts")
    stripped = [tag.strip() for tag in found]
    for tag in stripped:
        if len(tag) > _MAX_TAG_CHARS or not is_one_line(tag):
            raise PromptFileError(
                f"{where}: the tag {_shown(tag)}; expected at most {_MAX_TAG_CHARS} printable characters"
            )
    return tuple(dict.fromkeys(tag for tag in stripped if tag))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
