"""A field of a section: its description, its default and the bounds of its number."""

from dataclasses import MISSING, field
from typing import Any


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
