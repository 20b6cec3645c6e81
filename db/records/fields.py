"""Types of the fields that an import reads from a file.

pydantic checks them. A record that the arena itself makes is not checked.
"""

import math
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""The `__pydantic_config__` of a record that a file contains: no conversion of types, and no unknown key."""

T = TypeVar("T")


def _storable(value: T) -> T:
    """Return text or JSON unchanged. Raises ValueError for what a database cannot store."""
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for part in parts:
        _storable(part)
    if (isinstance(value, str) and "\0" in value) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("contains a NUL or a number that is not finite")
    return value


StoredText = Annotated[str, AfterValidator(_storable)]
DeletableText = Annotated[StoredText, BeforeValidator(lambda text: "" if text is None else text)]
"""A text that is null in a file where it was deleted or left out, and then empty in the record."""
StoredCount = Annotated[int, Field(ge=0, lt=2**31)]
StoredInteger = Annotated[int, Field(ge=-(2**63), lt=2**63)]
StoredJson = Annotated[Mapping[str, object], AfterValidator(_storable)]
