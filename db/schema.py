"""The tables, as the newest migration leaves them.

A test compares the two. Votes copy the models and the kind of their battle, so that one index, `votes_board`, answers a
board's queries without reading a row. Rows refer to each other by integers and are known outside by random ids.
Enumerations are small integers with a CHECK. Times are seconds since 1970 in UTC, in double precision, the same number
in every database. There is no query and no rule here.
"""

from enum import IntEnum

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
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from db.codes import Action, BattleKind, Policy, Reason, Side, State
from db.column_types import AnyCount, AnyJSON, AnyText, Enumeration
from db.outcome import Outcome


def _known(column: str, members: type[IntEnum]) -> CheckConstraint:
    """Return the CHECK of an enumeration. NULL passes, as in every CHECK."""
    return CheckConstraint(f"{column} IN ({', '.join(str(int(member)) for member in members)})", name=f"{column}_known")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

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

deck_prompts = Table(
    "deck_prompts",
    metadata,
    Column("id", Integer, primary_key=True),
    # 16 hex digits of the SHA-256 of deck and text: the prompt's name in exports, unique in place of the text, which
    # may be too long for an index.
    Column("key", String(16), nullable=False, unique=True),
    Column("deck", Text, nullable=False),
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
    UniqueConstraint("deck_prompt_id", "model_id"),
)

battles = Table(
    "battles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(32), nullable=False, unique=True),
    Column("share_id", String(32), nullable=False, unique=True),
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
    UniqueConstraint("visitor_id", "deck_prompt_id"),
    _known("kind", BattleKind),
    _known("policy", Policy),
    _known("state", State),
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
    Index(None, "visitor_id", "opened_at"),
    Index(None, "address", "opened_at"),
    Index(None, "state", "replica"),
)

turns = Table(
    "turns",
    metadata,
    Column("battle_id", ForeignKey("battles.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("prompt", AnyText, nullable=False),
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
    ForeignKeyConstraint(["battle_id", "turn"], ["turns.battle_id", "turns.n"]),
    _known("side", Side),
    CheckConstraint("attempt >= 1", name="attempt_counts_from_1"),
)

checks = Table(
    "checks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("battle_id", ForeignKey("battles.id"), nullable=False, index=True),
    Column("turn", Integer, nullable=False),
    Column("side", Enumeration(Side)),
    Column("category", Text, nullable=False),
    Column("action", Enumeration(Action), nullable=False),
    Column("moderator", Text, nullable=False),
    _known("side", Side),
    _known("action", Action),
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
    _known("kind", BattleKind),
    _known("outcome", Outcome),
    CheckConstraint("NOT counted OR model_a <> model_b", name="no_self_battle_counts"),
    CheckConstraint("NOT counted OR withdrawn_at IS NULL", name="no_withdrawn_vote_counts"),
    CheckConstraint("changed_revision > revision", name="changed_after_cast"),
)
# The few votes that changed after they were cast: a board that keeps its counts reads them by revision.
Index(
    "votes_changed",
    votes.c.changed_revision,
    sqlite_where=votes.c.changed_revision.is_not(None),
    postgresql_where=votes.c.changed_revision.is_not(None),
)
Index("votes_board", *(votes.c[name] for name in ("counted", "model_a", "model_b", "outcome", "kind")))

vote_reasons = Table(
    "vote_reasons",
    metadata,
    Column("vote_id", ForeignKey("votes.id"), primary_key=True),
    Column("reason", Enumeration(Reason), primary_key=True),
    _known("reason", Reason),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("battle_id", ForeignKey("battles.id"), nullable=False, index=True),
    Column("side", Enumeration(Side)),
    Column("tag", Text),
    Column("comment", AnyText),
    _known("side", Side),
    CheckConstraint("tag IS NOT NULL OR comment IS NOT NULL", name="says_something"),
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
    _known("outcome_ab", Outcome),
    _known("outcome_ba", Outcome),
    CheckConstraint("(battle_id IS NULL) <> (deck_prompt_id IS NULL)", name="one_subject"),
    CheckConstraint("model_a < model_b", name="pair_is_unordered"),
)
