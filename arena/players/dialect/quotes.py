"""Separate what an error states from what it quotes of the request.

`read` collects the texts of an error and the fields that name a parameter, also from JSON that a router quotes within
prose. Servers echo what they were sent: `Echo` finds the words of an error that our own messages contain.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STOPS = frozenset(".;!?")

_MAX_TEXT_CHARS = 4000
_MAX_DEPTH = 8
_MAX_NODES = 500
_ECHO_RUN = 4  # so many words in a row, also found in a message of ours, are a quote

_FIELDS = ("param", "loc", "field", "path", "keys", "property", "parameter", "additionalProperty", "argument")
_ECHOED = ("input", "body", "request", "prompt", "ctx", "messages", "content", "payload", "data", "received", "url")

_TOKEN = re.compile(r"[a-z_][a-z0-9_]*(?:-[a-z0-9_]+)*|\d+(?:\.\d+)?|[.;!?](?=\s|$)")
_SPELLINGS = {"top-p": "top_p", "topp": "top_p", "streaming": "stream", "include_usage": "stream_options"}

_PARAM = re.compile(r"\\*\"param\\*\"\s*:\s*\\*\"([\w.\[\]]+)\\*\"")


@dataclass(slots=True)
class Said:
    """The fields and texts of an error body, without quotes of the request."""

    fields: list[list[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    n_nodes: int = 0


class Echo:
    """Finds the words of an error that our own messages contain."""

    def __init__(self, messages: Sequence[str]) -> None:
        self._texts = [f" {' '.join(tokens_of(message))} " for message in messages]

    def has(self, tokens: Sequence[str]) -> bool:
        words = f" {' '.join(tokens)} "
        return any(words in text for text in self._texts)

    def covers(self, tokens: Sequence[str], first: int, name: int, last: int) -> bool:
        """Whether the words from `first` to `last` are ours, or the word at `name` is part of a run of ours."""
        if self.has(tokens[first : last + 1]):
            return True
        return any(
            self.has(tokens[start : start + _ECHO_RUN])
            for start in range(max(0, name - _ECHO_RUN + 1), name + 1)
            if start + _ECHO_RUN <= len(tokens)
        ) or any(
            self._texts.count(f" {' '.join(tokens[start:end])} ")
            for start in range(max(0, name - 2), name + 1)
            for end in range(max(name + 1, start + 2), min(len(tokens), name + 3) + 1)
        )


def tokens_of(text: str) -> list[str]:
    """Split a text into words, numbers and sentence ends, in lower case, "n't" and "cannot" as two words."""
    text = text.lower().replace("\u2019", "'").replace("n't", " not").replace("cannot", "can not")
    text = text.replace("\\n", " ").replace("\\", "")
    return [_SPELLINGS.get(token, token) for token in _TOKEN.findall(text)]


def read(body: bytes, echo: Echo) -> Said:
    """Collect what an error body states."""
    said = Said()
    text = body.decode("utf-8", errors="replace")
    try:
        _walk(json.loads(text), said, echo, 0)
    except (ValueError, RecursionError):
        said.texts.append(text[:_MAX_TEXT_CHARS])
    return said


def _walk(value: Any, said: Said, echo: Echo, depth: int) -> None:
    said.n_nodes += 1
    if depth > _MAX_DEPTH or said.n_nodes > _MAX_NODES:
        return
    if isinstance(value, str):
        _read_text(value, said, echo, depth)
    elif isinstance(value, list):
        for one in value:
            _walk(one, said, echo, depth + 1)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key in _FIELDS:
                parts = one if isinstance(one, list) else [one]
                said.fields.append([word for part in parts for word in re.findall(r"\w+", str(part)[:200])])
            if key not in _ECHOED and (key not in _FIELDS or not isinstance(one, str)):
                _walk(one, said, echo, depth + 1)


def _read_text(text: str, said: Said, echo: Echo, depth: int) -> None:
    """Read prose, or the JSON of a provider that a router quotes, alone or within prose."""
    if text.lstrip()[:1] in ("{", "[") and len(text) < 10 * _MAX_TEXT_CHARS and not echo.has(tokens_of(text)):
        try:
            _walk(json.loads(text), said, echo, depth + 1)
            return
        except (ValueError, RecursionError):
            pass
    said.texts.append(text[:_MAX_TEXT_CHARS])
    for found in _PARAM.finditer(text[:_MAX_TEXT_CHARS]):
        if not echo.has(tokens_of(found[0])):
            said.fields.append([found[1]])
