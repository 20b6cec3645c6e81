"""Decks of prepared prompts and answers, and campaigns, in which a few people judge a fixed list of pairs."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from db.column_types import AnyCount, AnyJSON, AnyText, Key
from db.schema.base import metadata

decks = Table(
    "decks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    # Quick rounds deal from it, and exports leave its texts out.
    Column("is_live", Boolean, nullable=False, server_default=false()),
    # The parameters that every model was asked with.
    Column("settings", JSON(none_as_null=True)),
)

deck_prompts = Table(
    "deck_prompts",
    metadata,
    Column("id", Integer, primary_key=True),
    # 16 hex digits of the SHA-256 of deck and text: the prompt's name in exports, unique in place of the text, which
    # may be too long for an index.
    Column("key", String(16), nullable=False, unique=True),
    Column("deck", Text, nullable=False, index=True),
    # Empty: left out of the export that it came from.
    Column("text", AnyText, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("language", Text),
)

deck_answers = Table(
    "deck_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("deck_prompt_id", ForeignKey("deck_prompts.id"), nullable=False),
    Column("model_id", ForeignKey("models.id"), nullable=False),
    Column("text", AnyText, nullable=False),
    Column("seed", BigInteger),
    Column("finish_reason", AnyText),
    Column("prompt_tokens", AnyCount),
    Column("completion_tokens", AnyCount),
    Column("fingerprint", AnyText),
    Column("duration_ms", Double),
    Column("sent", AnyJSON(none_as_null=True)),
    # 16 hex digits of the SHA-256 of the text without the white space around it: equal answers have the same.
    Column("digest", String(16), nullable=False, server_default=""),
    UniqueConstraint("deck_prompt_id", "model_id"),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Integer, primary_key=True),
    # Its link: whoever has it may judge.
    Column("token", Key, nullable=False, unique=True),
    # Its name in exports.
    Column("name", Text, nullable=False, unique=True),
    Column("deck", Text, nullable=False),
    Column("max_people", Integer),
    Column("created_at", Double, nullable=False),
    Column("closed_at", Double),
    CheckConstraint("max_people > 0", name="max_people_positive"),
)

campaign_pairs = Table(
    "campaign_pairs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id"), nullable=False),
    Column("deck_prompt_id", ForeignKey("deck_prompts.id"), nullable=False),
    Column("model_x", ForeignKey("models.id"), nullable=False),
    Column("model_y", ForeignKey("models.id"), nullable=False),
    UniqueConstraint("campaign_id", "deck_prompt_id", "model_x", "model_y"),
    CheckConstraint("model_x < model_y", name="pair_is_unordered"),
)
