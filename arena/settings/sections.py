"""The settings, one frozen class for each section and one for each model.

A field's type and bounds are all that reading a value needs; `tables` does it. `describe` lists the descriptions.
"""

import ipaddress
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from elo.settings import Settings as EloSettings

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
RENAMABLE_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")
OPTIONAL_PARAMETERS = (*RENAMABLE_PARAMETERS, "stream_options", "stream", "system")
"""The parameters of a chat request beside model and messages; "system" is the system role."""


def key(
    description: str,
    default: Any = MISSING,
    *,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
) -> Any:
    """A field with one sentence about it. Its number must be >= low, > above and <= high."""
    metadata = {"description": description, "ge": low, "gt": above, "le": high}
    return field(default=default, metadata=metadata)


def table(description: str) -> Any:
    """A field for a table, empty by default."""
    return field(default_factory=dict, hash=False, metadata={"description": description})


@dataclass(frozen=True, slots=True)
class ArenaSettings:
    """`[arena]`: the arena's title and where it keeps its data."""

    title: str = key("The title on every page.", "Arena")
    data: Path = key(  # noqa: RUF009, as below: a dataclass field, made by a function
        "Folder of the database and the secret, relative to the working directory.", Path("data")
    )
    database: str | None = key("SQLAlchemy URL of the database; by default arena.sqlite in the data folder.", None)
    named_pages: Literal["on", "off"] = key(
        "Whether there are pages on which models are chosen by name: side by side, and chat. Their votes do not count.",
        "on",
    )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`[web]`: where the pages listen, and which proxy is in front of them.

    Raises ValueError for a public address that is not scheme, host and path, and for a proxy that is not an address.
    """

    host: str = key("Address that the pages listen on.", "127.0.0.1")
    port: int = key("Port that the pages listen on.", 7860, low=1, high=65535)
    admin_port: int = key(
        "Loopback port of the owner's page and of /metrics; 0 turns them off.", 9860, low=0, high=65535
    )
    public_url: str | None = key(
        "Address that visitors type when a proxy is in front, such as https://example.org/arena.", None
    )
    trusted_proxies: tuple[str, ...] = key(
        'Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are trusted; "*" trusts all.',
        ("127.0.0.1",),
    )

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


@dataclass(frozen=True, slots=True)
class BattleSettings:
    """`[battle]`: what the arena asks of both sides of every battle, and how long it waits."""

    max_tokens: int = key("Most tokens of an answer.", 1024, low=1, high=32768)
    temperature: float = key("Sampling temperature.", 0.7, low=0.0, high=2.0)
    top_p: float = key("Share of the probability that tokens are sampled from.", 1.0, above=0.0, high=1.0)
    system_prompt: str = key("System prompt of both sides.", "")
    guardrails: bool = key(
        "Whether the safety prompt of the Mistral 7B paper comes before the system prompt of both sides.", False
    )
    redraw: bool = key(
        "Whether another pair is drawn, once, if a side fails on the first prompt before any text is shown.", True
    )
    pace: Literal["equal", "together", "free"] = key(
        '"equal" shows both answers while they are written, at the pace of the slower model; "together" shows'
        ' nothing until both are complete and the slower model would have had time for the longer one; "free"'
        " shows tokens as they arrive, which gives the faster model away.",
        "equal",
    )
    max_chars_per_s: float = key(
        'Most characters shown per second, except with pace "free".', 200.0, low=10.0, high=100_000.0
    )
    max_prompt_chars: int = key("Most characters of a prompt.", 4000, low=1, high=1_000_000)
    max_turns: int = key("Most prompts in one conversation.", 10, low=1, high=1000)
    first_token_timeout_s: float = key(
        "Longest wait for the first token, all tries together, in seconds.", 60.0, above=0.0, high=3600.0
    )
    stall_timeout_s: float = key("Longest silence between two tokens, in seconds.", 20.0, above=0.0, high=3600.0)
    thinking_timeout_s: float = key(
        "Longest wait, in seconds, for the first text of a model that has begun to reason, and for an answer that is"
        " not streamed.",
        300.0,
        above=0.0,
        high=3600.0,
    )
    retries: int = key("Further tries before the first token, each after a longer pause.", 2, low=0, high=10)
    abandon_after_s: float = key(
        "A battle that no page has watched for this many seconds is stopped.", 60.0, low=0.0, high=86400.0
    )


Policy = Literal["uniform", "balanced", "adaptive"]
"""How a pair of models is drawn; `arena.rounds.matchmaking` has the rules."""


@dataclass(frozen=True, slots=True)
class MatchmakingSettings:
    """`[matchmaking]`: which models are drawn for a battle."""

    policy: Policy = key(  # noqa: RUF009, as above
        '"uniform" draws every pair alike; "balanced" prefers models with fewer votes; "adaptive" prefers the pairs'
        " whose next vote narrows the intervals most.",
        "uniform",
    )
    exploration: float = key(
        'Share of the draws that are uniform with policy "adaptive", so that every pair keeps meeting.',
        0.2,
        low=0.01,
        high=1.0,
    )
    new_model_boost: float = key(
        "How many times as often a new model is drawn, until it has new_model_battles counted votes.",
        1.0,
        low=1.0,
        high=100.0,
    )
    new_model_battles: int = key("Counted votes from which a model is no longer new.", 100, low=1, high=1_000_000)
    same_family: Literal["allow", "never"] = key(
        '"never" draws no two models of one family; models without a family may meet everybody.', "allow"
    )
    control_share: float = key(
        "Share of the battles with the same model on both sides, which measure side bias. Their votes do not count.",
        0.0,
        low=0.0,
        high=0.5,
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: how much one visitor may do."""

    battles_per_hour: int = key("Most battles that a visitor may start in an hour.", 120, low=1)
    votes_per_hour: int = key("Votes of a visitor beyond this many in an hour are stored but not counted.", 60, low=1)
    min_read_s: float = key(
        "Votes sooner than this many seconds after the answers' end are stored but not counted.",
        0.0,
        low=0.0,
        high=3600.0,
    )
    screens_per_hour: int = key(
        "Most prepared prompts that a visitor is dealt in an hour, in quick rounds and campaigns. They do not count in"
        " battles_per_hour, and votes on them do not count in votes_per_hour.",
        360,
        low=1,
    )


@dataclass(frozen=True, slots=True)
class QuickSettings:
    """`[quick]`: quick rounds, on prepared prompts with prepared answers."""

    decks: tuple[str, ...] = key(
        'Decks that quick rounds are dealt from; "demo" comes with the demo models. Without any there are no rounds.',
        ("demo",),
    )
    round_length: int = key(
        "Screens of a round, which also ends when a model has won half of them.", 10, low=2, high=100
    )


ModerationAction = Literal["off", "log", "warn", "block"]


@dataclass(frozen=True, slots=True)
class ModerationSettings:
    """`[moderation]`: a model that puts prompts and answers into categories, and what follows."""

    moderator: str | None = key("Name of the model under [[models]] that judges; by default nothing is judged.", None)
    base_url: str | None = key("OpenAI-compatible address of a model that judges, instead of moderator.", None)
    model: str | None = key("What the server at base_url calls the model.", None)
    api_key_env: str | None = key("Environment variable that contains the API key for base_url.", None)
    prompts_illegal: ModerationAction = key(  # noqa: RUF009
        "What happens if a prompt is about illegal activities such as terrorism, child abuse or fraud: off does"
        " nothing, log stores the finding, warn shows it to the visitor as well, block refuses the prompt.",
        "off",
    )
    prompts_hateful: ModerationAction = key(  # noqa: RUF009
        "The same for hateful, harassing or violent prompts, such as discrimination, self-harm or bullying.", "off"
    )
    prompts_unqualified: ModerationAction = key(  # noqa: RUF009
        "The same for prompts that ask for unqualified advice, for instance legal, medical or financial.", "off"
    )
    answers_illegal: ModerationAction = key(  # noqa: RUF009
        "The same for answers about illegal activities; block withholds the answer. If any answers can be blocked, both"
        ' are shown together, as with pace = "together".',
        "off",
    )
    answers_hateful: ModerationAction = key(  # noqa: RUF009
        "The same for hateful, harassing or violent answers.", "off"
    )
    answers_unqualified: ModerationAction = key(  # noqa: RUF009
        "The same for answers that give unqualified advice.", "off"
    )
    on_failure: Literal["allow", "block"] = key(
        "What happens, where texts can be blocked, if the model does not answer in time or answers no category.",
        "allow",
    )
    timeout_s: float = key("Longest wait for one verdict, in seconds.", 10.0, above=0.0, high=300.0)

    @property
    def name(self) -> str | None:
        """What findings name as their moderator; None without one."""
        return self.moderator if self.moderator is not None else self.model

    @property
    def is_on(self) -> bool:
        """Whether anything is judged."""
        return self.name is not None and any(
            action != "off"
            for action in (
                *(self.prompts_illegal, self.prompts_hateful, self.prompts_unqualified),
                *(self.answers_illegal, self.answers_hateful, self.answers_unqualified),
            )
        )


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    """`[inference]`: the model server that the arena starts for models with a `path`."""

    port: int = key("Loopback port of the model server; 0 chooses a free one.", 0, low=0, high=65535)
    cache_gb: float | None = key("GiB for the caches of conversations; by default the server decides.", None, above=0.0)
    device: str | None = key("cpu, cuda or cuda:N; by default the first GPU, else the CPU.", None)
    threads: int | None = key("Threads that compute tokens; by default the server decides.", None, low=1, high=1024)
    budget: int | None = key(
        "Most tokens of one step, of prompts and answers together; by default the server decides.", None, low=1
    )


@dataclass(frozen=True, slots=True)
class Player:
    """One `[[models]]` table: a model that may play, and how it is reached.

    It has one of four: `path`, `hub` and `demo`, all written as `path` in the file, are served by the arena's own model
    server, `base_urls` by another server.
    """

    name: str = key("Name of the model on the leaderboard; 1 to 80 printable characters.")
    path: Path | None = key(  # noqa: RUF009
        'Folder of the weights, relative to the file; or "hf:ORG/NAME", a model of the Hugging Face hub; or'
        ' "demo:NAME", a model that comes with the arena.',
        None,
    )
    base_urls: tuple[str, ...] = key(
        "OpenAI-compatible address, or a list of them, that ends where /chat/completions begins.", ()
    )
    model: str = key("What the server at base_url calls the model; by default its name.", "")
    api_key_env: str | None = key("Environment variable that contains the API key.", None)
    hub: str | None = None
    """ORG/NAME of the Hugging Face hub, for `path = "hf:ORG/NAME"`."""
    demo: str | None = None
    """NAME of a demo model, for `path = "demo:NAME"`."""
    family: str | None = key("Family of the model, for display and for same_family of [matchmaking].", None)
    organisation: str | None = key("Organisation behind the model, for display.", None)
    licence: str | None = key("Licence of the weights, for display.", None)
    parameters: int | None = key("Number of parameters; counted for a model with a path.", None, low=1)
    price_in: float | None = key("Price of a million tokens of prompts, in US dollars, for display.", None, low=0.0)
    price_out: float | None = key("Price of a million tokens of answers, in US dollars, for display.", None, low=0.0)
    max_len: int | None = key(
        "Most tokens of prompt and answer together, for a model with a path; by default the model's own limit.",
        None,
        low=2,
    )
    dtype: Literal["float32", "bfloat16", "float16", "int8"] | None = key(
        "Data type of the weights, for a model with a path; by default the server decides.", None
    )
    template: Literal["v1", "v2", "v3", "v7", "llama-2", "zephyr", "chatml", "chatml-bos", "jinja"] | None = key(
        "Chat layout, for a model with a path; by default it is detected. jinja is the folder's own template.", None
    )
    weight: float = key("How often the model is drawn, relative to the others.", 1.0, above=0.0)
    system_prompt: str = key("System prompt of this model only, sent after the arena's.", "")
    max_tokens: int | None = key("Lowers max_tokens of [battle] for this model; never raises it.", None, low=1)
    thinking_tokens: int | None = key(
        "Tokens for reasoning, asked for in addition to the answer's; by default 4,096 for a model that has reasoned.",
        None,
        low=0,
        high=1_000_000,
    )
    first_token_timeout_s: float | None = key(
        "Replaces first_token_timeout_s of [battle] for this model.", None, above=0.0, high=3600.0
    )
    thinking_timeout_s: float | None = key(
        "Replaces thinking_timeout_s of [battle] for this model.", None, above=0.0, high=3600.0
    )
    headers: Mapping[str, str] = table('Headers of every request; a value "env:NAME" is read from the environment.')
    query: Mapping[str, str] = table("Parameters after the ? of each address.")
    extra_body: Mapping[str, Any] = table("Further fields of each request.")
    omit: tuple[str, ...] = key(
        "Parameters that are not sent: any of temperature, top_p, max_tokens, seed, stream, stream_options and system"
        " (the system role: its text is put before the first user message's).",
        (),
    )
    rename: Mapping[str, str] = table("Other names for temperature, top_p, max_tokens or seed.")
    is_active: bool = key("false retires the model: it is not drawn, and its votes stay.", True)

    @property
    def kin(self) -> str:
        """What two models of one family have in common; one without a family is alone in its own."""
        family = (self.family or "").strip().casefold()
        return f"family {family}" if family else f"model {self.name}"

    @property
    def is_native(self) -> bool:
        """Whether the arena's own model server serves it."""
        return self.path is not None or self.hub is not None or self.demo is not None


@dataclass(frozen=True, slots=True)
class Link:
    """One `[[links]]` table: a link of the owner's in the footer of every page."""

    text: str = key("Text of the link; 1 to 60 printable characters.")
    url: str = key("Address of the link; begins with https://.")
    language: Literal["en", "ko"] | None = key("Language of the pages that show the link; by default both.", None)


@dataclass(frozen=True, slots=True)
class Example:
    """One `[[examples]]` table: a prompt that the battle page offers."""

    text: str = key("The prompt; 1 to 200 printable characters in one line.")
    tags: tuple[str, ...] = key("Subjects of the prompt, stored with a battle that begins with it.", ())
    language: Literal["en", "ko"] = key("Language of the prompt; visitors see prompts in theirs first.", "en")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one arena."""

    arena: ArenaSettings = field(default_factory=ArenaSettings)
    web: WebSettings = field(default_factory=WebSettings)
    battle: BattleSettings = field(default_factory=BattleSettings)
    matchmaking: MatchmakingSettings = field(default_factory=MatchmakingSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    quick: QuickSettings = field(default_factory=QuickSettings)
    moderation: ModerationSettings = field(default_factory=ModerationSettings)
    elo: EloSettings = field(default_factory=EloSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    models: tuple[Player, ...] = ()
    links: tuple[Link, ...] = ()
    examples: tuple[Example, ...] = ()
    secret: str | None = field(default=None, repr=False)
    """From ARENA_SECRET; without it the arena keeps one in the data folder."""
    file: Path = field(default=Path("arena.toml"), compare=False)
    """The file that sections and models were read from, for messages."""

    @property
    def database_url(self) -> str:
        return self.arena.database or f"sqlite:///{self.arena.data / 'arena.sqlite'}"


SECTIONS: Mapping[str, type] = types.MappingProxyType(
    {
        "arena": ArenaSettings,
        "web": WebSettings,
        "battle": BattleSettings,
        "matchmaking": MatchmakingSettings,
        "limits": LimitSettings,
        "quick": QuickSettings,
        "moderation": ModerationSettings,
        "elo": EloSettings,
        "inference": InferenceSettings,
    }
)


def _is_public_address(url: str) -> bool:
    """Whether it is an HTTP address of a host without a password, and a path of plain segments."""
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
    """Whether it is an HTTP address with a host and without space, query or fragment."""
    if not url.isprintable() or any(character in url for character in " ?#"):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
