"""Request: what is sent to a model, and what was learned about what its server takes.

Both sides of a battle are asked for the same (`events.Request`). A server may not take all of it: `Manner` is what the
model's table in the settings says about that, `Terms` what holds at one address, as set and as learned. `body_of` is
the JSON that is sent, `sent_of` the parameters that an answer's record keeps where they differ from what was asked,
and `Terms.settled` the lines of `arena.toml` that would make a lesson unnecessary.

A model that reasons is asked for its thinking tokens on top of the answer's, since chat APIs count both in one limit;
`Bound` then holds the answer's text to the answer's part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from arena.players.events import Message, Request
from arena.settings import OPTIONAL_PARAMETERS, Player

DEFAULT_THINKING_TOKENS = 4096
MAX_LESSONS = 7  # for one request

_RENAMED = {"max_tokens": "max_completion_tokens"}  # it is only ever renamed: without it an answer has no limit
_BYTES_OF_ONE_TOKEN = 16
_BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Manner:
    """How one model is asked: the keys of its table that change what is sent."""

    max_tokens: int | None = None
    """Lowers the arena's limit; never raises it."""
    thinking_tokens: int | None = None
    """Asked for beside the answer's; 0 for none, also where the model reasons; None: it is learned whether it does."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    """Parameters that are not sent. "system" is the system role: its text goes before the first user message's."""
    rename: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, player: Player, headers: Mapping[str, str]) -> Manner:
        """As the player's table says; `headers` with the values that the environment holds."""
        return cls(
            max_tokens=player.max_tokens,
            thinking_tokens=player.thinking_tokens,
            headers=headers,
            query=player.query,
            extra_body=player.extra_body,
            omit=player.omit,
            rename=player.rename,
        )

    def terms(self) -> Terms:
        return Terms(frozenset(self.omit), dict(self.rename), self.thinking_tokens or 0)

    def limit(self, request: Request) -> int:
        """Tokens that the answer's text may have."""
        return request.max_tokens if self.max_tokens is None else min(request.max_tokens, self.max_tokens)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one address takes. `omit` and `rename` are of our names."""

    omit: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    thinking_tokens: int = 0
    max_tokens: int | None = None
    """Of one call, where the server's context is too small for more."""

    def without(self, parameter: str) -> Terms:
        """These terms after a refusal of the parameter."""
        if parameter in _RENAMED:
            return replace(self, rename={**self.rename, parameter: _RENAMED[parameter]})
        return replace(self, omit=self.omit | {parameter})

    def shorter(self, max_tokens: int, context: int | None) -> Terms:
        """These terms after a server said that prompt and answer together are too long: first without the tokens for
        thoughts, then, where the answer alone would fill more than half of its context, with half of it."""
        if self.thinking_tokens:
            return replace(self, thinking_tokens=0)
        half = (context or 0) // 2
        return replace(self, max_tokens=half) if 0 < half < max_tokens and self.max_tokens is None else self

    def name(self, parameter: str) -> str:
        return self.rename.get(parameter, parameter)

    def settled(self, before: Terms) -> tuple[str, ...]:
        """The lines that say in a [[models]] table what these terms add to others."""
        lines = []
        if self.omit != before.omit:
            names = ", ".join(f'"{name}"' for name in OPTIONAL_PARAMETERS if name in self.omit)
            lines.append(f"omit = [{names}]")
        if self.rename != before.rename:
            names = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in self.rename.items())
            lines.append(f"rename = {{ {names} }}")
        if self.thinking_tokens != before.thinking_tokens:
            lines.append(f"thinking_tokens = {self.thinking_tokens}")
        return tuple(lines)


def body_of(request: Request, model: str, manner: Manner, terms: Terms) -> dict[str, Any]:
    """The JSON of a chat request."""
    parameters = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": min(manner.limit(request), terms.max_tokens or request.max_tokens) + terms.thinking_tokens,
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    omitted = terms.omit | ({"stream_options"} if "stream" in terms.omit else set())
    messages = _folded(request.messages) if "system" in terms.omit else request.messages
    return {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        **{terms.name(name): value for name, value in parameters.items() if name not in omitted},
        **manner.extra_body,
    }


def optional_in(body: Mapping[str, Any], terms: Terms) -> dict[str, str]:
    """The optional parameters that a body has, by the name that was sent, with our name for each. A renamed max_tokens
    is not among them: there is no third name for it."""
    named = {terms.name(name): name for name in OPTIONAL_PARAMETERS if name != "system" and name not in terms.omit}
    if terms.name("max_tokens") != "max_tokens":
        named.pop(terms.name("max_tokens"), None)
    return {theirs: ours for theirs, ours in named.items() if theirs in body}


def sent_of(request: Request, body: Mapping[str, Any]) -> dict[str, object] | None:
    """The parameters in a body where they differ from the request's, None where they do not.

    All of them, so that what is missing was not sent: {"max_completion_tokens": 64, "seed": 5, "stream": True, …}. A
    system text that went into the user's message shows as {"system_role": "user"}.
    """
    asked = body_of(request, "", Manner(), Terms())
    sent = {name: value for name, value in body.items() if name not in ("model", "messages")}
    if len(body["messages"]) < len(request.messages):
        sent["system_role"] = "user"
    return None if sent == {name: asked[name] for name in asked if name not in ("model", "messages")} else sent


def _folded(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The system text at the start of the first user message, a blank line between."""
    system = [message.content for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    first = next((at for at, message in enumerate(rest) if message.role == "user"), None)
    if not system or first is None:
        return messages
    rest[first] = Message("user", "\n\n".join([*system, rest[first].content]))
    return tuple(rest)


class Bound:
    """Holds an answer's text to so many tokens where the server was asked for more, or for no limit.

    How many tokens a piece of text has, only the server knows, and it says so at the end or never. A piece of up to 16
    bytes counts as one token, which it is with most servers; a longer one as one for every 4 bytes, which is about what
    a token of English or of Korean has.
    """

    def __init__(self, n_tokens: int | None) -> None:
        self._left = n_tokens
        self.is_reached = False

    def cut(self, text: str) -> str:
        """As much of the next piece as there is room for."""
        if self._left is None:
            return text
        n_bytes = len(text.encode())
        n_tokens = 1 if n_bytes <= _BYTES_OF_ONE_TOKEN else math.ceil(n_bytes / _BYTES_A_TOKEN)
        if n_tokens <= self._left:
            self._left -= n_tokens
            return text
        left, self._left = self._left, 0
        self.is_reached = True
        return text.encode()[: left * _BYTES_A_TOKEN].decode(errors="ignore")

    def cut_whole(self, text: str, n_tokens: int | None) -> str:
        """As much of a whole answer as there is room for; `n_tokens` is the server's count of it."""
        if self._left is None or not text:
            return text
        if n_tokens is None:
            return self.cut(text)
        if n_tokens <= self._left:
            return text
        self.is_reached = True
        return text[: max(1, len(text) * self._left // n_tokens)]
