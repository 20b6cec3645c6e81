"""Models, visitors and replicas: who may appear in a battle's row."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from db.queries.records import ModelInfo, StoredModel, Visitor


def upsert_models(tx: Connection, models: Iterable[ModelInfo], *, now: float) -> None:
    """Adds the models, or updates those of the same name; a retired model comes back."""
    raise NotImplementedError


def retire_models(tx: Connection, *, keep: Collection[str], now: float) -> tuple[str, ...]:
    """Retires every model that is not in `keep` and returns those retired now. Their votes go on counting."""
    raise NotImplementedError


def list_models(tx: Connection) -> tuple[StoredModel, ...]:
    """All models, retired ones too, by name."""
    raise NotImplementedError


def get_or_create_visitor(tx: Connection, pseudonym: str, *, now: float) -> Visitor:
    """The visitor of that pseudonym, created if this is the first time."""
    raise NotImplementedError


def get_visitor(tx: Connection, pseudonym: str) -> Visitor | None:
    """For read transactions; None before the visitor's first battle."""
    raise NotImplementedError


def touch_replica(tx: Connection, replica: str, *, now: float) -> None:
    """Says that the app process of that name is alive; adds it if it is new. Names have at most 64 characters."""
    raise NotImplementedError
