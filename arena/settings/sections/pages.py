"""`[arena]` and `[web]`: the title, the folder of the data, and where the pages listen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from arena.settings.sections.addresses import is_network, is_public_address
from arena.settings.sections.keys import key


@dataclass(frozen=True, slots=True)
class ArenaSettings:
    """`[arena]`: the arena's title and where it keeps its data."""

    title: str = key("The title on every page.", "Arena")
    data: Path = key(  # noqa: RUF009, a dataclass field, made by a function
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
            if not is_public_address(self.public_url):
                raise ValueError(
                    f"public_url {self.public_url!r}; expected scheme, host and, for a sub-path, a path,"
                    " such as https://arena.example.org or https://example.org/arena"
                )
            object.__setattr__(self, "public_url", self.public_url.removesuffix("/"))
        for proxy in self.trusted_proxies:
            if not is_network(proxy):
                raise ValueError(
                    f"trusted_proxies: {proxy!r} is not an address; expected one such as 127.0.0.1,"
                    ' or a network such as 172.16.0.0/12 ("*" trusts everybody)'
                )
