"""The request to a model, adjusted to what its server accepts.

Both sides of a battle are asked for the same (`events.Request`). A server may not accept all of it: `RequestOptions` is
what the model's table in the settings says about that, `Adjustments` how requests to one address are changed, as set
and as learned. `body_of` is the JSON that is sent, `sent_of` the parameters that an answer's record keeps where they
differ from what was asked, and `Adjustments.settled` the lines of `arena.toml` that would make a lesson unnecessary.

A model that reasons is asked for its thinking tokens on top of the answer's, since chat APIs count both in one limit;
`dialect.token_limit` then cuts the answer's text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from arena.players.events import Message, Request
from arena.settings import OPTIONAL_PARAMETERS, Player

DEFAULT_THINKING_TOKENS = 4096
MAX_LESSONS = 7  # for one request

_RENAMED = {"max_tokens": "max_completion_tokens"}  # only renamed, never omitted: without it an answer has no limit


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The keys of a model's table that change what is sent."""

    max_tokens: int | None = None
    """Lowers the arena's limit; never raises it."""
    thinking_tokens: int | None = None
    """Added to the answer's tokens. 0: never, even if the model reasons; None: once the model is seen to reason."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    """Parameters that are not sent. "system" is the system role: its text is put before the first user message's."""
    rename: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, player: Player, headers: Mapping[str, str]) -> Self:
        """Read a player's table; `headers` has the values from the environment."""
        return cls(
            max_tokens=player.max_tokens,
            thinking_tokens=player.thinking_tokens,
            headers=headers,
            query=player.query,
            extra_body=player.extra_body,
            omit=player.omit,
            rename=player.rename,
        )

    def adjustments(self) -> "Adjustments":
        return Adjustments(frozenset(self.omit), dict(self.rename), self.thinking_tokens or 0)

    def limit(self, request: Request) -> int:
        """Return how many tokens the answer's text may have."""
        return request.max_tokens if self.max_tokens is None else min(request.max_tokens, self.max_tokens)


@dataclass(frozen=True, slots=True)
class Adjustments:
    """How requests to one address are changed. `omit` and `rename` use our names."""

    omit: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    thinking_tokens: int = 0
    max_tokens: int | None = None
    """For one call, where the server's context is too small for more."""

    def without(self, parameter: str) -> Self:
        """Return the adjustments after a refusal of `parameter`."""
        if parameter in _RENAMED:
            return replace(self, rename={**self.rename, parameter: _RENAMED[parameter]})
        return replace(self, omit=self.omit | {parameter})

    def shorter(self, max_tokens: int, context: int | None) -> Self:
        """Return the adjustments after a refusal because prompt and answer together are too long.

        Thinking tokens are left out first. Then, if the answer alone would fill more than half of the server's
        `context`, it gets half.
        """
        if self.thinking_tokens:
            return replace(self, thinking_tokens=0)
        half = (context or 0) // 2
        return replace(self, max_tokens=half) if 0 < half < max_tokens and self.max_tokens is None else self

    def name(self, parameter: str) -> str:
        return self.rename.get(parameter, parameter)

    def settled(self, before: Self) -> tuple[str, ...]:
        """Return the lines of a [[models]] table that express the changes from `before`."""
        lines = []
        if self.omit != before.omit:
            names = ", ".join(f'"{name}"' for name in OPTIONAL_PARAMETERS if name in self.omit)
            lines.append(f"omit = [{names}]")
        if self.rename != before.rename:
            names = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in self.rename.items())
            lines.append(f"rename = {{ {names} }}")
        if self.thinking_tokens != before.thinking_tokens:
            lines.append(f"thinking_tokens = {self.thinking_tokens}")
        if self.max_tokens != before.max_tokens:
            lines.append(f"max_tokens = {self.max_tokens}")
        return tuple(lines)


def body_of(request: Request, model: str, options: RequestOptions, adjustments: Adjustments) -> dict[str, Any]:
    """Build the JSON of a chat request."""
    parameters = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": min(options.limit(request), adjustments.max_tokens or request.max_tokens)
        + adjustments.thinking_tokens,
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
        **({"logprobs": True, "top_logprobs": request.n_top} if request.n_top else {}),
    }
    omitted = adjustments.omit | ({"stream_options"} if "stream" in adjustments.omit else set())
    messages = _folded(request.messages) if "system" in adjustments.omit else request.messages
    return {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        **{adjustments.name(name): value for name, value in parameters.items() if name not in omitted},
        **options.extra_body,
    }


def optional_in(body: Mapping[str, Any], adjustments: Adjustments) -> dict[str, str]:
    """Map the optional parameters in a body, as spelled there, to our names, without a renamed max_tokens: it has no
    third name."""
    named = {
        adjustments.name(name): name
        for name in OPTIONAL_PARAMETERS
        if name != "system" and name not in adjustments.omit
    }
    if adjustments.name("max_tokens") != "max_tokens":
        named.pop(adjustments.name("max_tokens"), None)
    return {theirs: ours for theirs, ours in named.items() if theirs in body}


def sent_of(request: Request, body: Mapping[str, Any]) -> dict[str, object] | None:
    """Return all parameters in a body if any differs from the request's or is missing, else None.

    For example {"max_completion_tokens": 64, "seed": 5, "stream": True, …}. A system text that was put into the user's
    message shows as {"system_role": "user"}.
    """
    asked = body_of(request, "", RequestOptions(), Adjustments())
    sent = {name: value for name, value in body.items() if name not in ("model", "messages")}
    if len(body["messages"]) < len(request.messages):
        sent["system_role"] = "user"
    return None if sent == {name: asked[name] for name in asked if name not in ("model", "messages")} else sent


def _folded(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Put the system text at the start of the first user message, followed by a blank line."""
    system = [message.content for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    first = next((at for at, message in enumerate(rest) if message.role == "user"), None)
    if not system or first is None:
        return messages
    rest[first] = Message("user", "\n\n".join([*system, rest[first].content]))
    return tuple(rest)
