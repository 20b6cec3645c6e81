"""Battles with their turns, answers, checks and feedback."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db.codes import Action, BattleKind, Policy, Side, State
from db.column_types import AnyCount, AnyJSON, AnyText, Enumeration, Key
from db.schema.base import known, metadata

battles = Table(
    "battles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Key, nullable=False, unique=True),
    Column("share_id", Key, nullable=False, unique=True),
    Column("kind", Enumeration(BattleKind), nullable=False),
    Column("visitor_id", ForeignKey("visitors.id"), nullable=False),
    Column("address", String(64)),
    Column("model_a", ForeignKey("models.id"), nullable=False),
    Column("model_b", ForeignKey("models.id")),
    Column("deck_prompt_id", ForeignKey("deck_prompts.id")),
    Column("policy", Enumeration(Policy)),
    Column("draw_probability", Double),
    Column("settings", JSON(none_as_null=True)),
    Column("language", Text),
    Column("state", Enumeration(State), nullable=False),
    Column("replica", ForeignKey("replicas.id")),
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double),
    Column("shared_at", Double),
    # Prompts and all their characters, also of a prepared prompt: they stay when the texts are deleted.
    Column("n_turns", Integer, nullable=False, server_default=text("0")),
    Column("prompt_chars", Integer, nullable=False, server_default=text("0")),
    Column("tags", JSON(none_as_null=True)),
    # The battle that took over when a side failed at the first turn.
    Column("replaced_by", ForeignKey("battles.id")),
    # Of a campaign: the pair that is judged.
    Column("campaign_pair_id", ForeignKey("campaign_pairs.id")),
    # Whether both endpoints got the same parameters, at every turn; NULL: unknown.
    Column("same_sent", Boolean),
    UniqueConstraint("campaign_pair_id", "visitor_id"),
    known("kind", BattleKind),
    known("policy", Policy),
    known("state", State),
    CheckConstraint(f"(kind = {BattleKind.CHAT:d}) = (model_b IS NULL)", name="chat_has_one_side"),
    CheckConstraint(
        f"kind NOT IN ({BattleKind.BATTLE:d}, {BattleKind.QUICK:d}) OR model_a <> model_b", name="two_models"
    ),
    CheckConstraint(f"kind <> {BattleKind.CONTROL:d} OR model_a = model_b", name="control_has_one_model"),
    CheckConstraint(f"(kind = {BattleKind.QUICK:d}) = (deck_prompt_id IS NOT NULL)", name="quick_has_a_prompt"),
    CheckConstraint("draw_probability > 0 AND draw_probability <= 1", name="draw_probability_range"),
    CheckConstraint(
        f"(state IN ({State.VOTED:d}, {State.VOID:d})) = (closed_at IS NOT NULL)", name="closed_when_final"
    ),
    CheckConstraint(f"campaign_pair_id IS NULL OR kind = {BattleKind.QUICK:d}", name="campaign_is_quick"),
    Index(None, "visitor_id", "opened_at"),
    Index(None, "address", "opened_at"),
    Index(None, "state", "replica"),
    Index(None, "opened_at"),
)
# An open deck deals each prompt to a visitor once.
_of_open_deck = battles.c.campaign_pair_id.is_(None)
Index(
    "battles_dealt",
    battles.c.visitor_id,
    battles.c.deck_prompt_id,
    unique=True,
    sqlite_where=_of_open_deck,
    postgresql_where=_of_open_deck,
)

turns = Table(
    "turns",
    metadata,
    Column("battle_id", ForeignKey("battles.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    # Empty: deleted, or left out of the export that it came from, together with the texts of its answers.
    Column("prompt", AnyText, nullable=False),
    Column("asked_at", Double),
    CheckConstraint("n >= 1", name="n_counts_from_1"),
)

answers = Table(
    "answers",
    metadata,
    Column("battle_id", Integer, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("side", Enumeration(Side), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("text", AnyText, nullable=False),
    Column("seed", BigInteger),
    Column("finish_reason", AnyText),
    Column("prompt_tokens", AnyCount),
    Column("completion_tokens", AnyCount),
    Column("ttft_ms", Double),
    Column("duration_ms", Double),
    Column("fingerprint", AnyText),
    Column("error", AnyText),
    Column("reasoning", AnyText),
    Column("sent", AnyJSON(none_as_null=True)),
    # `db.style` of the text, which they outlive; NULL: unknown.
    Column("n_chars", Integer),
    Column("n_headings", Integer),
    Column("n_list_items", Integer),
    Column("n_bold", Integer),
    ForeignKeyConstraint(["battle_id", "turn"], ["turns.battle_id", "turns.n"]),
    known("side", Side),
    CheckConstraint("attempt >= 1", name="attempt_counts_from_1"),
)

checks = Table(
    "checks",
    metadata,
    Column("id", Integer, primary_key=True),
    # NULL: the first prompt was blocked, and so there is no battle, but perhaps a visitor.
    Column("battle_id", ForeignKey("battles.id"), index=True),
    Column("visitor_id", ForeignKey("visitors.id"), index=True),
    Column("turn", Integer, nullable=False),
    Column("side", Enumeration(Side)),
    Column("category", Text, nullable=False),
    Column("action", Enumeration(Action), nullable=False),
    Column("moderator", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    known("side", Side),
    known("action", Action),
    Index(None, "created_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("battle_id", ForeignKey("battles.id"), nullable=False, index=True),
    Column("side", Enumeration(Side)),
    Column("tag", Text),
    Column("comment", AnyText),
    known("side", Side),
    CheckConstraint("tag IS NOT NULL OR comment IS NOT NULL", name="says_something"),
)
