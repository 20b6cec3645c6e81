"""Models and visitors, as queries take and return them.

Times are seconds since 1970 (UTC). A visitor is a pseudonym.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as the roster describes it; `parameters` is the number of weights, None if unknown."""

    name: str
    family: str | None = None
    organisation: str | None = None
    licence: str | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class StoredModel:
    info: ModelInfo
    added_at: float
    retired_at: float | None


@dataclass(frozen=True, slots=True)
class Visitor:
    pseudonym: str
    created_at: float
    consent_at: float | None
    banned_at: float | None
    ban_reason: str | None


@dataclass(frozen=True, slots=True)
class Recent:
    """What a visitor has done since a time, and how many battles began from the address since then."""

    battles: int
    votes: int
    address_battles: int
