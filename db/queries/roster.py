"""Models, visitors and replicas, which a battle's row refers to."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, Row, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from db import errors
from db.column_types import clean_text
from db.records.roster import ModelInfo, StoredModel
from db.records.visitors import Visitor
from db.schema import models, replicas, visitors


def upsert_models(tx: Connection, infos: Iterable[ModelInfo], *, now: float) -> None:
    """Add the models, or update those of the same name. A retired model becomes active again, but not one that the
    owner has retired."""
    for info in infos:
        display = {
            "family": info.family,
            "organisation": info.organisation,
            "licence": info.licence,
            "parameters": info.parameters,
        }
        new = insert(tx, models).values(name=info.name, added_at=now, **display)
        tx.execute(new.on_conflict_do_update(index_elements=["name"], set_={**display, "retired_at": None}))


def retire_models(tx: Connection, names: Collection[str], *, now: float) -> tuple[str, ...]:
    """Retire the models of these names; return those retired now, by name. Unknown names are ignored. The votes of
    retired models still count."""
    named = models.c.retired_at.is_(None) & models.c.name.in_(set(names))
    leaving = tuple(tx.scalars(select(models.c.name).where(named).order_by(models.c.name)))
    tx.execute(update(models).where(models.c.name.in_(leaving)).values(retired_at=now))
    return leaving


def retire_by_owner(tx: Connection, name: str, now: float) -> None:
    """Retire a model until it is brought back, whatever the settings say. Raises NoSuchModel."""
    model_id = model_ids(tx, [name])[name]
    active = update(models).where(models.c.id == model_id, models.c.owner_retired_at.is_(None))
    tx.execute(active.values(owner_retired_at=now))


def bring_back(tx: Connection, name: str) -> None:
    """Undo `retire_by_owner`. A model that is retired by the settings stays retired. Raises NoSuchModel."""
    model_id = model_ids(tx, [name])[name]
    tx.execute(update(models).where(models.c.id == model_id).values(owner_retired_at=None))


def list_models(tx: Connection) -> tuple[StoredModel, ...]:
    """Return all models, retired ones too, by name."""
    return tuple(
        StoredModel(
            info=ModelInfo(row.name, row.family, row.organisation, row.licence, row.parameters),
            added_at=row.added_at,
            retired_at=row.retired_at,
            owner_retired_at=row.owner_retired_at,
        )
        for row in tx.execute(select(models).order_by(models.c.name))
    )


def get_or_create_visitor(tx: Connection, pseudonym: str, *, now: float) -> Visitor:
    """Return the visitor with a pseudonym; a new one is created."""
    return _visitor(visitor_row(tx, pseudonym, now=now))


def get_visitor(tx: Connection, pseudonym: str) -> Visitor | None:
    """Return the visitor with a pseudonym, or None before the first battle or consent."""
    row = tx.execute(select(visitors).where(visitors.c.pseudonym == pseudonym)).one_or_none()
    return None if row is None else _visitor(row)


def touch_replica(tx: Connection, replica: str, *, now: float) -> None:
    """Note that the process of that name is alive; add it if it is new. Names have at most 64 characters."""
    new = insert(tx, replicas).values(id=replica, seen_at=now)
    tx.execute(new.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))


def visitor_row(tx: Connection, pseudonym: str, *, now: float) -> Row[tuple[object, ...]]:
    """Return a row of `visitors`; a new one is created (for other queries)."""
    query = select(visitors).where(visitors.c.pseudonym == pseudonym)
    row = tx.execute(query).one_or_none()
    if row is None:
        tx.execute(insert(tx, visitors).values(pseudonym=pseudonym, created_at=now).on_conflict_do_nothing())
        row = tx.execute(query).one()
    return row


def model_names(tx: Connection) -> dict[int, str]:
    """Return all models' names by row number."""
    return dict(tx.execute(select(models.c.id, models.c.name)).all())


def lock_visitor(tx: Connection, pseudonym: str, *, now: float) -> None:
    """Make other transactions that lock this visitor wait; a new visitor is created."""
    row_id = visitor_row(tx, pseudonym, now=now).id
    tx.execute(select(visitors.c.id).where(visitors.c.id == row_id).with_for_update(key_share=True))


def model_ids(tx: Connection, names: Collection[str]) -> dict[str, int]:
    """Return row numbers by name (for other queries). Raises NoSuchModel."""
    rows = tx.execute(select(models.c.name, models.c.id).where(models.c.name.in_({clean_text(name) for name in names})))
    ids = {row.name: row.id for row in rows}
    for name in names:
        if name not in ids:
            raise errors.NoSuchModel(f"model {name!r} is not in the database; add it with upsert_models first")
    return ids


def insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT with ON CONFLICT: the same SQL in both databases, but two classes in SQLAlchemy."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def _visitor(row: Row[tuple[object, ...]]) -> Visitor:
    return Visitor(row.pseudonym, row.created_at, row.consent_at, row.banned_at, row.ban_reason)
