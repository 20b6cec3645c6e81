"""What clients sent, as compact test data: one body for each set of fields that a client used, with long texts cut."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.clients.recording import Asked

_TEXT = 60  # characters of a text that are kept
_LIST = 6  # items of a list that are kept, such as token ids
_ORIGIN = (
    "What the clients of `make clients` sent to our own server, recorded by `python -m bench.clients --record`. One "
    "request of those that the server answered, for each set of fields that a client used; texts and lists are cut."
)


def write(path: Path, asked: Iterable[Asked], versions: Mapping[str, str]) -> None:
    """Write the recorded requests, a line each."""
    kept: dict[str, dict[str, Any]] = {}
    for one in asked:
        if one.method != "POST" or one.status != 200:
            continue
        body = _cut(one.body)
        found = {"client": f"{one.client} {versions[one.client]}", "path": one.path, "body": body}
        kept.setdefault(json.dumps([one.client, one.path, _shape(body)]), found)
    lines = ",\n".join(json.dumps(found, ensure_ascii=False) for found in kept.values())
    path.write_text(f'{{"origin": {json.dumps(_ORIGIN)},\n"requests": [\n{lines}\n]}}\n', encoding="utf-8")


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _TEXT else value[:_TEXT] + "…"
    if isinstance(value, list):
        is_plain = all(isinstance(item, int) for item in value)
        return [_cut(item) for item in (value[:_LIST] if is_plain else value)]
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    return value


def _shape(value: Any) -> Any:
    """Return what is asked without the texts and numbers: names of fields, roles, types and booleans."""
    if isinstance(value, dict):
        return {name: inner if name in ("role", "type") else _shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        shapes = [_shape(item) for item in value]
        return [shape for position, shape in enumerate(shapes) if shape not in shapes[:position]]
    return value if value is None or isinstance(value, bool) else type(value).__name__
