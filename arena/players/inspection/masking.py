"""Make keys and passwords unreadable in what the owner sees.

A `Mask` knows the secrets of one endpoint. It hides each of them wherever it appears, also as JSON, in an address or in
Base64; a key that a server quotes with stars ("sk-abc****wxyz"); and every value whose name says that it is a
secret.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

from arena.players.roster import Player
from arena.settings.changes import MASKED
from arena.settings.remote import FROM_ENVIRONMENT

_SECRET_NAME = re.compile(r"key|token(?!s)|secret|auth|passw|cookie|credential|signature|session", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[^\s\"',;\\]+", re.IGNORECASE)
_STARRED = re.compile(r"[^\s\"'`,;:()<>\[\]{}]*\*{2,}[^\s\"'`,;:()<>\[\]{}]*")
_MIN_CHARS = 4  # a shorter secret would be "found" in every text


def is_secret_name(name: str) -> bool:
    """Whether a header, a parameter or a field of this name has a secret, such as `x-api-key`."""
    return _SECRET_NAME.search(name) is not None


class Mask:
    """Hides these secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = {one for one in secrets if one}
        forms = {form for one in self._secrets if len(one) >= _MIN_CHARS for form in _forms(one)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(MASKED, text)
        text = _BEARER.sub(rf"\1 {MASKED}", text)
        return _STARRED.sub(self._starred, text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((name, MASKED if is_secret_name(name) else self.text(value)) for name, value in headers)

    def address(self, url: str) -> str:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        place = f"{MASKED}@{place}" if "@" in parts.netloc else place
        query = [
            (name, MASKED if is_secret_name(name) else self.text(value))
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        shown = urlencode(query).replace(quote(MASKED), MASKED)
        return urlunsplit((parts.scheme, place, self.text(parts.path), shown, ""))

    def body(self, text: str) -> str:
        """Return a JSON body in lines, with secret fields masked; other text as `text` does."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self.text(text)
        return self.text(json.dumps(_without_secrets(value), indent=2, ensure_ascii=False))

    def _starred(self, found: re.Match[str]) -> str:
        """Hide what begins as a secret does, followed by stars."""
        beginning = found[0].partition("*")[0]
        is_quote = len(beginning) >= 2 and any(one.startswith(beginning) for one in self._secrets)
        return MASKED if is_quote else found[0]


def mask_for(player: Player, api_key: str | None, headers: Mapping[str, str]) -> Mask:
    """Return the mask for a player's requests: its key, its passwords, header values from the environment, and values
    whose names say that they are secret. `headers` has the values from the environment."""
    given = [(name, headers[name]) for name, value in player.headers.items() if value.startswith(FROM_ENVIRONMENT)]
    named = [*headers.items(), *player.query.items(), *_texts_in(player.extra_body)]
    passwords = [urlsplit(url).password for url in player.base_urls]
    secrets = [value for _, value in given] + [value for name, value in named if is_secret_name(name)]
    return Mask([*filter(None, [api_key, *passwords]), *secrets])


def _texts_in(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and texts anywhere in a value of JSON."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if isinstance(one, str):
                yield name, one
            yield from _texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts_in(one)


def _forms(secret: str) -> set[str]:
    """Return how a secret may be spelled in a message."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    in_json = json.dumps(secret)[1:-1]
    return {secret, in_json, in_json.replace("/", "\\/"), quote(secret, safe=""), quote_plus(secret), encoded}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: MASKED if is_secret_name(name) and isinstance(one, str) else _without_secrets(one)
            for name, one in value.items()
        }
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value
