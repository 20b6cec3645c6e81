"""`[inference]` and `[[models]]`: the model server of the arena, and the models that may play."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arena.settings.sections.keys import key, table

RENAMABLE_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")
OPTIONAL_PARAMETERS = (*RENAMABLE_PARAMETERS, "stream_options", "stream", "system")
"""The parameters of a chat request beside model and messages; "system" is the system role."""


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
