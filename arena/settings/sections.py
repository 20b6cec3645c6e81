"""What the settings are: a frozen class for each section of the file, one for each model, with defaults and bounds.

A field's type and its `number` bounds are all that reading a value needs; how that is done is for `tables`.
"""

from __future__ import annotations

import ipaddress
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from elo.settings import Settings as EloSettings

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
RENAMABLE_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")
OPTIONAL_PARAMETERS = (*RENAMABLE_PARAMETERS, "stream_options", "stream", "system")
"""What a chat request has beside its model and messages; "system" is the system role."""


def number(
    default: float | None, *, low: float | None = None, above: float | None = None, high: float | None = None
) -> Any:
    """A field whose number must be >= low, > above and <= high."""
    return field(default=default, metadata={"low": low, "above": above, "high": high})


@dataclass(frozen=True, slots=True)
class ArenaSettings:
    """`[arena]`: what it is called and where it keeps its data."""

    title: str = "Arena"
    data: Path = Path("data")
    """Folder of the database and the secret; relative to the working directory."""
    database: str | None = None
    """SQLAlchemy URL; without one, `arena.sqlite` in the data folder."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`[web]`: where the pages listen and what stands in front of them.

    Raises ValueError for a public address that is more, or less, than scheme, host and path, and for a proxy that is
    not an address.
    """

    host: str = "127.0.0.1"
    port: int = number(7860, low=1, high=65535)
    public_url: str | None = None
    """The address that visitors type when a proxy stands in front, such as https://arena.example.org or
    https://example.org/arena; kept without a slash at its end."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed; "*" is everybody."""

    def __post_init__(self) -> None:
        if self.public_url is not None:
            if not _is_public_address(self.public_url):
                raise ValueError(
                    f"public_url {self.public_url!r}; expected scheme, host and, for a sub-path, a path,"
                    " such as https://arena.example.org or https://example.org/arena"
                )
            object.__setattr__(self, "public_url", self.public_url.removesuffix("/"))
        for proxy in self.trusted_proxies:
            if not _is_network(proxy):
                raise ValueError(
                    f"trusted_proxies: {proxy!r} is not an address; expected one such as 127.0.0.1,"
                    ' or a network such as 172.16.0.0/12 ("*" trusts everybody)'
                )

    @property
    def public_path(self) -> str:
        """The path of the public address: `/arena`, or nothing where the arena has the whole host."""
        return urlsplit(self.public_url or "").path


@dataclass(frozen=True, slots=True)
class BattleSettings:
    """`[battle]`: what both sides of every battle are asked for, and how long the arena waits."""

    max_tokens: int = number(1024, low=1, high=32768)
    temperature: float = number(0.7, low=0.0, high=2.0)
    top_p: float = number(1.0, above=0.0, high=1.0)
    system_prompt: str = ""
    pace: Literal["equal", "together", "free"] = "equal"
    """`equal` shows both answers while they are written, at the pace of the slower model; `together` shows nothing
    until both are complete; `free` shows tokens as they come, which gives fast models away. What each costs and hides:
    `arena.rounds.pacing`."""
    max_chars_per_s: float = number(200.0, low=10.0, high=100_000.0)
    """The most characters shown a second, with every pace but `free`."""
    max_prompt_chars: int = number(4000, low=1, high=1_000_000)
    max_turns: int = number(10, low=1, high=1000)
    first_token_timeout_s: float = number(60.0, above=0.0, high=3600.0)
    stall_timeout_s: float = number(20.0, above=0.0, high=3600.0)
    """Longest silence between two tokens."""
    thinking_timeout_s: float = number(300.0, above=0.0, high=3600.0)
    """Longest wait for the first text of a model that has begun to reason, and for an answer that comes whole."""
    retries: int = number(2, low=0, high=10)
    """Further tries before the first token, each after a longer pause."""
    abandon_after_s: float = number(60.0, low=0.0, high=86400.0)
    """A battle that no page has watched for so long is stopped."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: how much one visitor may do."""

    battles_per_hour: int = number(120, low=1)
    votes_per_hour: int = number(60, low=1)
    """Votes beyond this are kept but do not count."""
    min_read_s: float = number(0.0, low=0.0, high=3600.0)
    """Votes sooner after the answers' end are kept but do not count."""


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    """`[inference]`: the model server that the arena starts for models with a `path`."""

    port: int = number(0, low=0, high=65535)
    """Loopback port of the model server; 0 takes a free one."""
    cache_gb: float | None = number(None, above=0.0)
    """Memory for the key-value caches; without a number the server decides."""
    threads: int | None = number(None, low=1, high=1024)
    """Threads of the token loop; without a number the server decides."""
    budget: int | None = number(None, low=1)
    """Tokens of one step, of prompts and of answers together; without a number the server decides."""


@dataclass(frozen=True, slots=True)
class Player:
    """One `[[models]]` table: a model that may play, and how it is reached.

    It has one of three: `path` and `hub` (both written as `path` in the file) are served by the arena's own model
    server, `base_urls` by somebody else's.
    """

    name: str
    path: Path | None = None
    base_urls: tuple[str, ...] = ()
    """OpenAI-compatible addresses that end where `/chat/completions` begins, such as http://127.0.0.1:8000/v1."""
    model: str = ""
    """What the endpoint calls the model; the name where the file says nothing."""
    api_key_env: str | None = None
    hub: str | None = None
    """ORG/NAME of the Hugging Face hub, for `path = "hf:ORG/NAME"`."""
    family: str | None = None
    organisation: str | None = None
    licence: str | None = None
    parameters: int | None = number(None, low=1)
    max_len: int | None = number(None, low=2)
    """Tokens of prompt and answer together, where the arena serves the model; without a number the checkpoint's own."""
    dtype: Literal["float32", "bfloat16", "int8"] | None = None
    """Of the weights, where the arena serves the model; without one the server decides."""
    weight: float = number(1.0, above=0.0)
    """How often the model is drawn, relative to the others."""
    max_tokens: int | None = number(None, low=1)
    """Lowers [battle] max_tokens for this model; never raises it."""
    thinking_tokens: int | None = number(None, low=0, high=1_000_000)
    """What a model that reasons is asked for beside the answer's tokens; without a number the arena learns whether it
    does."""
    first_token_timeout_s: float | None = number(None, above=0.0, high=3600.0)
    thinking_timeout_s: float | None = number(None, above=0.0, high=3600.0)
    """Both in place of those of [battle]."""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Sent with every request. A value "env:NAME" is the environment's, and is not in here."""
    query: Mapping[str, str] = field(default_factory=dict, hash=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    omit: tuple[str, ...] = ()
    """Which of `OPTIONAL_PARAMETERS` are not sent."""
    rename: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Other names for some of `RENAMABLE_PARAMETERS`."""
    is_active: bool = True
    """Retired models (`active = false`) are not drawn and keep their row on the leaderboard."""

    @property
    def is_native(self) -> bool:
        return self.path is not None or self.hub is not None


@dataclass(frozen=True, slots=True)
class Settings:
    arena: ArenaSettings = field(default_factory=ArenaSettings)
    web: WebSettings = field(default_factory=WebSettings)
    battle: BattleSettings = field(default_factory=BattleSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    elo: EloSettings = field(default_factory=EloSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    models: tuple[Player, ...] = ()
    secret: str | None = field(default=None, repr=False)
    """Of ARENA_SECRET; without it `app.py` keeps one in the data folder."""
    file: Path = field(default=Path("arena.toml"), compare=False)
    """Where the sections and the models were read, for messages."""

    @property
    def database_url(self) -> str:
        return self.arena.database or f"sqlite:///{self.arena.data / 'arena.sqlite'}"


SECTIONS: Mapping[str, type] = types.MappingProxyType(
    {
        "arena": ArenaSettings,
        "web": WebSettings,
        "battle": BattleSettings,
        "limits": LimitSettings,
        "elo": EloSettings,
        "inference": InferenceSettings,
    }
)


def _is_public_address(url: str) -> bool:
    """Whether pages can be reached at it: HTTP, a host without a password, and a path of plain segments."""
    if not is_address(url):
        return False
    parts = urlsplit(url)
    segments = parts.path.removesuffix("/").split("/")[1:]
    is_plain = all(_SEGMENT.fullmatch(segment) and segment.strip(".") for segment in segments)
    return "@" not in parts.netloc and is_plain


def _is_network(text: str) -> bool:
    if text == "*":
        return True
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def is_address(url: str) -> bool:
    """Whether it is an HTTP address with a host, and without space, query or fragment."""
    if not url.isprintable() or any(character in url for character in " ?#"):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
