"""Models, as queries take and return them. Times are seconds since 1970 (UTC)."""

from collections.abc import Mapping
from dataclasses import dataclass

from db.codes import Reason


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
    """A model, and since when it is retired, if it is."""

    info: ModelInfo
    added_at: float
    retired_at: float | None
    """When `active = false` in the settings retired it."""
    owner_retired_at: float | None = None
    """When the owner retired it on the owner's page, until it is brought back there."""

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None or self.owner_retired_at is not None


@dataclass(frozen=True, slots=True)
class ModelActivity:
    """A model's battles and votes since a time, and how many of these votes each reason excludes (a vote with two
    reasons is counted for both)."""

    name: str
    battles: int
    votes: int
    excluded: Mapping[Reason, int]
