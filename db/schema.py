"""The tables, as the newest migration leaves them (a test holds the two equal).

Why it is laid out so: votes copy the models and the kind of their battle, so that one index, `votes_board`, answers
what a board asks without touching a row; rows are tied by integers and known to the world by random ids; enumerations
are small integers under a CHECK; times are seconds since 1970 in UTC, in double precision, the same number on every
database. No query and no rule is here.
"""

import math
from collections.abc import Mapping
from enum import IntEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
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
from sqlalchemy.types import TypeDecorator

from db.codes import Action, Kind, Policy, Reason, Side, State
from db.outcome import Outcome


def clean_text(text: str) -> str:
    """The text as every database can hold it: NUL (which PostgreSQL refuses) and lone surrogates (which no UTF-8 can
    spell) become U+FFFD. An answer of a model can be anything, and no answer may make its battle unstorable."""
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class AnyText(TypeDecorator[str]):
    """Text that visitors, models and their servers wrote: of any length, and see `clean_text`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class AnyCount(TypeDecorator[int]):
    """A count that a model's server claims: what 64 bits cannot hold, or is below 0, is stored as not known."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None or not 0 <= value < 2**63 else value


class AnyJSON(TypeDecorator[object]):
    """Plain JSON from a settings file: its texts as in `clean_text`, a number that no JSON has as null."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        return _clean_json(value)


def _clean_json(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {clean_text(str(key)): _clean_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(one) for one in value]
    return value


class Enumeration(TypeDecorator[IntEnum]):
    """A member of one IntEnum, stored as its number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, members: type[IntEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: IntEnum | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> IntEnum | None:
        return None if value is None else self.members(value)


def _known(column: str, members: type[IntEnum]) -> CheckConstraint:
    """The CHECK of an enumeration; a null passes, as in every CHECK."""
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
    # 16 hex digits of the SHA-256 of deck and text: the prompt's name in exports, and what makes it unique (a text may
    # be longer than an index admits).
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
    Column("kind", Enumeration(Kind), nullable=False),
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
    _known("kind", Kind),
    _known("policy", Policy),
    _known("state", State),
    CheckConstraint(f"(kind = {Kind.CHAT:d}) = (model_b IS NULL)", name="chat_has_one_side"),
    CheckConstraint(f"kind NOT IN ({Kind.BATTLE:d}, {Kind.QUICK:d}) OR model_a <> model_b", name="two_models"),
    CheckConstraint(f"kind <> {Kind.CONTROL:d} OR model_a = model_b", name="control_has_one_model"),
    CheckConstraint(f"(kind = {Kind.QUICK:d}) = (deck_prompt_id IS NOT NULL)", name="quick_has_a_prompt"),
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
    Column("kind", Enumeration(Kind), nullable=False),
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
    _known("kind", Kind),
    _known("outcome", Outcome),
    CheckConstraint("NOT counted OR model_a <> model_b", name="no_self_battle_counts"),
    CheckConstraint("NOT counted OR withdrawn_at IS NULL", name="no_withdrawn_vote_counts"),
    CheckConstraint("changed_revision > revision", name="changed_after_cast"),
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
    # The name of the arithmetic that made elo_state: another K or start makes it wrong, not only another vote.
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
    # What the judge said with model_a shown first and with model_b shown first, both seen from model_a; null: no
    # answer.
    Column("outcome_ab", Enumeration(Outcome)),
    Column("outcome_ba", Enumeration(Outcome)),
    Column("tokens", Integer),
    Column("cast_at", Double, nullable=False),
    # Nulls are distinct, so each of the two holds for its own sort of subject.
    UniqueConstraint("judge", "battle_id", "model_a", "model_b"),
    UniqueConstraint("judge", "deck_prompt_id", "model_a", "model_b"),
    _known("outcome_ab", Outcome),
    _known("outcome_ba", Outcome),
    CheckConstraint("(battle_id IS NULL) <> (deck_prompt_id IS NULL)", name="one_subject"),
    CheckConstraint("model_a < model_b", name="pair_is_unordered"),
)
