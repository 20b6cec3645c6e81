"""Votes, the ledger of what counts, and what is computed from them or stands beside them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db.codes import BattleKind, Reason
from db.column_types import AnyText, Enumeration
from db.outcome import Outcome
from db.schema.base import known, metadata
from db.side_sums import SUMS

# The different combinations of language and tags, which are few.
labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("language", Text),
    Column("tags", JSON, nullable=False),
    # Both, as JSON.
    Column("key", Text, nullable=False, unique=True),
)

votes = Table(
    "votes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("battle_id", ForeignKey("battles.id"), nullable=False, unique=True),
    Column("kind", Enumeration(BattleKind), nullable=False),
    Column("model_a", ForeignKey("models.id"), nullable=False),
    Column("model_b", ForeignKey("models.id"), nullable=False),
    Column("outcome", Enumeration(Outcome), nullable=False),
    Column("cast_at", Double, nullable=False),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("changed_revision", BigInteger),
    Column("counted", Boolean, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("withdrawn_at", Double),
    Column("withdraw_reason", AnyText),
    # Copies of the battle's, as the models and the kind are, so that an index answers a filter.
    Column("campaign_id", ForeignKey("campaigns.id")),
    Column("label_id", ForeignKey("labels.id")),  # NULL: no language and no tags
    Column("n_turns", Integer, nullable=False, server_default=text("0")),
    Column("prompt_chars", Integer, nullable=False, server_default=text("0")),
    Column("same_sent", Boolean),
    # `db.side_sums` of the answers that the voter saw; NULL: unknown.
    *(Column(f"{name}_{side}", Double if name == "duration_ms" else BigInteger) for side in "ab" for name in SUMS),
    known("kind", BattleKind),
    known("outcome", Outcome),
    CheckConstraint("NOT counted OR model_a <> model_b", name="no_self_battle_counts"),
    CheckConstraint("NOT counted OR withdrawn_at IS NULL", name="no_withdrawn_vote_counts"),
    CheckConstraint("changed_revision > revision", name="changed_after_cast"),
    Index(None, "cast_at"),
)
# The few votes that changed after they were cast: a board that keeps its counts reads them by revision.
Index(
    "votes_changed",
    votes.c.changed_revision,
    sqlite_where=votes.c.changed_revision.is_not(None),
    postgresql_where=votes.c.changed_revision.is_not(None),
)
FILTER_COLUMNS = (
    "counted",
    "model_a",
    "model_b",
    "outcome",
    "kind",
    "campaign_id",
    "label_id",
    "n_turns",
    "prompt_chars",
    "same_sent",
    "cast_at",
    "battle_id",
)
"""Those of the index that answers a board under a filter."""
Index("votes_filters", *(votes.c[name] for name in FILTER_COLUMNS))
Index("votes_board", *(votes.c[name] for name in ("counted", "model_a", "model_b", "outcome", "kind")))

vote_reasons = Table(
    "vote_reasons",
    metadata,
    Column("vote_id", ForeignKey("votes.id"), primary_key=True),
    Column("reason", Enumeration(Reason), primary_key=True),
    known("reason", Reason),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("elo_revision", BigInteger, nullable=False),
    # The arithmetic that made elo_state: another K or start makes the state wrong too.
    Column("elo_name", Text, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("elo_revision >= 0 AND elo_revision <= revision", name="elo_not_ahead"),
)

elo_state = Table(
    "elo_state",
    metadata,
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("rating", Double, nullable=False),
    Column("games", Integer, nullable=False),
    CheckConstraint("games > 0", name="games_positive"),
)

scores = Table(
    "scores",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model_id", ForeignKey("models.id"), nullable=False),
    Column("task", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("n", Integer),
    Column("settings", JSON, nullable=False),
    UniqueConstraint("model_id", "task"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("judge", Text, nullable=False),
    Column("battle_id", ForeignKey("battles.id")),
    Column("deck_prompt_id", ForeignKey("deck_prompts.id")),
    Column("model_a", ForeignKey("models.id"), nullable=False),
    Column("model_b", ForeignKey("models.id"), nullable=False),
    # The judge's verdicts with model_a shown first and with model_b shown first, both seen from model_a; NULL: none.
    Column("outcome_ab", Enumeration(Outcome)),
    Column("outcome_ba", Enumeration(Outcome)),
    Column("tokens", Integer),
    Column("cast_at", Double, nullable=False),
    # NULLs are distinct, so each constraint applies to its own kind of subject.
    UniqueConstraint("judge", "battle_id", "model_a", "model_b"),
    UniqueConstraint("judge", "deck_prompt_id", "model_a", "model_b"),
    known("outcome_ab", Outcome),
    known("outcome_ba", Outcome),
    CheckConstraint("(battle_id IS NULL) <> (deck_prompt_id IS NULL)", name="one_subject"),
    CheckConstraint("model_a < model_b", name="pair_is_unordered"),
)
