"""Models, visitors and replicas."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Integer,
    String,
    Table,
    Text,
)

from db.schema.base import metadata

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("family", Text),
    Column("organisation", Text),
    Column("licence", Text),
    Column("parameters", BigInteger),
    Column("added_at", Double, nullable=False),
    Column("retired_at", Double),
    Column("owner_retired_at", Double),
    CheckConstraint("parameters > 0", name="parameters_positive"),
)

visitors = Table(
    "visitors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("consent_at", Double),
    Column("banned_at", Double),
    Column("ban_reason", Text),
)

replicas = Table(
    "replicas",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seen_at", Double, nullable=False),
)
