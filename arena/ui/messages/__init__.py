"""Every sentence that a visitor sees, in English and Korean.

The folders `en` and `ko` have the same files, one for each page or part of one, with the same keys and {numbers}. Other
layers raise and return keys with numbers; only here they become sentences. In `{n:,} {n:?vote|votes}` the first word is
for 1, the second for every other number. A request's language is that of its `lang`
cookie, else the best of its Accept-Language header, else English. The browser chooses in the same way for the sentences
that it fills in itself.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("en", "ko")


class _Formatter(string.Formatter):
    """Formats as `str.format` does, and chooses words by a number: `{n:?vote|votes}`."""

    def format_field(self, value: object, format_spec: str) -> str:
        if not format_spec.startswith("?"):
            return format(value, format_spec)
        one, _, others = format_spec[1:].partition("|")
        return one if str(value) == "1" else others


_FORMATTER = _Formatter()


@dataclass(frozen=True, slots=True)
class Messages:
    """The sentences of one language. A call fills in the numbers of a sentence: `texts("votes_so_far", votes=3214)`."""

    language: str
    texts: Mapping[str, str]
    examples: tuple[str, ...]

    def __call__(self, key: str, **numbers: object) -> str:
        """Return the sentence of `key`. Raises KeyError for an unknown key or a missing number."""
        text = self.texts[key]
        return _FORMATTER.vformat(text, (), numbers) if ":?" in text else text.format(**numbers)  # it takes 10 us

    def has(self, key: str) -> bool:
        return key in self.texts


@cache
def messages(language: str) -> Messages:
    """Return the sentences of `language`. Raises ValueError if it is not one of LANGUAGES."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    parts = [one for one in files(__name__).joinpath(language).iterdir() if one.name.endswith(".toml")]
    entries = {key: text for one in parts for key, text in tomllib.loads(one.read_text(encoding="utf-8")).items()}
    examples = tuple(entries.pop("examples"))
    return Messages(language=language, texts=MappingProxyType(entries), examples=examples)


def preferred_language(cookies: Mapping[str, str], accept_language: str | None) -> str:
    """Return the language for a request: its `lang` cookie, else the best of Accept-Language, else English.

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
