"""Every sentence that a visitor sees, in English and Korean: `en.toml` and `ko.toml`, same keys, same {numbers}.

Other layers raise and return keys with numbers; only here do they become sentences. The language of a request is the
`lang` cookie's, else the first language of its Accept-Language header that is here, else English: what the browser
does with the sentences that it fills in itself.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("en", "ko")


@dataclass(frozen=True, slots=True)
class Messages:
    """The sentences of one language. Calling it fills a sentence's numbers in: `texts("votes_so_far", votes=3214)`."""

    language: str
    texts: Mapping[str, str]
    examples: tuple[str, ...]

    def __call__(self, key: str, **numbers: object) -> str:
        """The sentence of `key`; raises KeyError for a key that no language has, or for a number that is missing."""
        return self.texts[key].format(**numbers)

    def has(self, key: str) -> bool:
        return key in self.texts


@cache
def messages(language: str) -> Messages:
    """The sentences of `language`, one of LANGUAGES (ValueError otherwise)."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    entries = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    examples = tuple(entries.pop("examples"))
    return Messages(language=language, texts=MappingProxyType(entries), examples=examples)


def preferred_language(cookies: Mapping[str, str], accept_language: str | None) -> str:
    """The language for a request: its `lang` cookie, else the best of Accept-Language that is here, else English.

    >>> preferred_language({}, "de, ko-KR;q=0.8, en;q=0.5")
    'ko'
    """
    chosen = cookies.get("lang")
    if chosen in LANGUAGES:
        return chosen
    wishes: list[tuple[float, str]] = []
    for wish in (accept_language or "").split(","):
        tag, _, parameters = wish.strip().partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            wishes.append((float(quality) if quality else 1.0, tag.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    for _, language in sorted(wishes, key=lambda wish: -wish[0]):
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]
