"""Column types for text, counts, JSON and enumerations."""

import math
from collections.abc import Mapping
from enum import IntEnum

from sqlalchemy import JSON, BigInteger, Dialect, SmallInteger, String, Text
from sqlalchemy.types import TypeDecorator


def clean_text(text: str) -> str:
    """Replace NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 cannot encode, by U+FFFD.

    A model can answer anything, and no answer may make its battle impossible to store.
    """
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class AnyText(TypeDecorator[str]):
    """Text of any length from visitors, models and their servers, cleaned by `clean_text`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class Key(TypeDecorator[str]):
    """An id or a token of at most 32 characters, also as an address or a form names it: a query with characters that no
    database can store finds no row, as with any other unknown id."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class AnyCount(TypeDecorator[int]):
    """A count from a model's server. Below 0 or beyond 64 bits it is stored as NULL."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None or not 0 <= value < 2**63 else value


class AnyJSON(TypeDecorator[object]):
    """JSON from a settings file. Texts are cleaned by `clean_text`; a number that JSON cannot express becomes null."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        return _clean_json(value)


def _clean_json(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {clean_text(str(key)): _clean_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(one) for one in value]
    return value


class Enumeration(TypeDecorator[IntEnum]):
    """A member of an IntEnum, stored as its number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, members: type[IntEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: IntEnum | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> IntEnum | None:
        return None if value is None else self.members(value)
