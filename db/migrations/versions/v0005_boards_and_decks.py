"""Columns by which boards are filtered, decks that are live, campaigns, and checks of prompts without a battle.

Votes get copies of what their battles are filtered by, and the sums of their answers. Like the migration before, this
one imports from `db` what has to be counted as the code counts it. `battles` is rebuilt on SQLite, where a constraint
of a table cannot be dropped otherwise; `db.migrate` leaves foreign keys unchecked until the end.
"""

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.derived import digest, label_key
from db.side_sums import SUM_COLUMNS, AnswerCounts, SideSums
from db.style import StyleCounts

revision = "0005"
down_revision = "0004"

_BATTLES_AT_ONCE = 1_000
_FILTER_COLUMNS = (
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


def upgrade() -> None:
    _add_decks()
    _add_campaigns()
    _change_battles()
    _change_checks()
    _change_votes()
    _fill_votes()
    op.create_index("votes_filters", "votes", list(_FILTER_COLUMNS))


def _add_decks() -> None:
    op.create_table(
        "decks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("settings", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decks")),
        sa.UniqueConstraint("name", name=op.f("uq_decks_name")),
    )
    op.execute("INSERT INTO decks (name) SELECT DISTINCT deck FROM deck_prompts ORDER BY deck")
    op.create_index(op.f("ix_deck_prompts_deck"), "deck_prompts", ["deck"])
    op.add_column("deck_answers", sa.Column("duration_ms", sa.Double()))
    op.add_column("deck_answers", sa.Column("sent", sa.JSON()))
    op.add_column("deck_answers", sa.Column("digest", sa.String(length=16), nullable=False, server_default=""))
    tx = op.get_bind()
    digests = [{"id": row.id, "digest": digest(row.text)} for row in tx.execute(sa.text("SELECT * FROM deck_answers"))]
    if digests:
        tx.execute(sa.text("UPDATE deck_answers SET digest = :digest WHERE id = :id"), digests)


def _add_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("deck", sa.Text(), nullable=False),
        sa.Column("max_people", sa.Integer()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double()),
        sa.CheckConstraint("max_people > 0", name=op.f("ck_campaigns_max_people_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
        sa.UniqueConstraint("token", name=op.f("uq_campaigns_token")),
    )
    op.create_table(
        "campaign_pairs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("deck_prompt_id", sa.Integer(), nullable=False),
        sa.Column("model_x", sa.Integer(), nullable=False),
        sa.Column("model_y", sa.Integer(), nullable=False),
        sa.CheckConstraint("model_x < model_y", name=op.f("ck_campaign_pairs_pair_is_unordered")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_pairs_campaign_id")),
        sa.ForeignKeyConstraint(["deck_prompt_id"], ["deck_prompts.id"], name=op.f("fk_campaign_pairs_deck_prompt_id")),
        sa.ForeignKeyConstraint(["model_x"], ["models.id"], name=op.f("fk_campaign_pairs_model_x")),
        sa.ForeignKeyConstraint(["model_y"], ["models.id"], name=op.f("fk_campaign_pairs_model_y")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_pairs")),
        sa.UniqueConstraint(
            "campaign_id",
            "deck_prompt_id",
            "model_x",
            "model_y",
            name=op.f("uq_campaign_pairs_campaign_id_deck_prompt_id_model_x_model_y"),
        ),
    )


def _change_battles() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild("battles", _SQLITE_BATTLES)
        op.create_index(op.f("ix_battles_address_opened_at"), "battles", ["address", "opened_at"])
        op.create_index(op.f("ix_battles_state_replica"), "battles", ["state", "replica"])
        op.create_index(op.f("ix_battles_visitor_id_opened_at"), "battles", ["visitor_id", "opened_at"])
        op.create_index(op.f("ix_battles_opened_at"), "battles", ["opened_at"])
    else:
        op.drop_constraint(op.f("uq_battles_visitor_id_deck_prompt_id"), "battles", type_="unique")
        op.add_column("battles", sa.Column("campaign_pair_id", sa.Integer()))
        op.add_column("battles", sa.Column("same_sent", sa.Boolean()))
        op.create_foreign_key(
            op.f("fk_battles_campaign_pair_id"), "battles", "campaign_pairs", ["campaign_pair_id"], ["id"]
        )
        op.create_check_constraint(
            op.f("ck_battles_campaign_is_quick"), "battles", "campaign_pair_id IS NULL OR kind = 1"
        )
        op.create_unique_constraint(
            op.f("uq_battles_campaign_pair_id_visitor_id"), "battles", ["campaign_pair_id", "visitor_id"]
        )
    of_open_deck = sa.text("campaign_pair_id IS NULL")
    op.create_index(
        "battles_dealt",
        "battles",
        ["visitor_id", "deck_prompt_id"],
        unique=True,
        sqlite_where=of_open_deck,
        postgresql_where=of_open_deck,
    )
    op.execute(
        "UPDATE battles SET tags = (SELECT tags FROM deck_prompts WHERE id = battles.deck_prompt_id),"
        " language = coalesce(language, (SELECT language FROM deck_prompts WHERE id = battles.deck_prompt_id))"
        " WHERE deck_prompt_id IS NOT NULL"
    )


def _change_checks() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE checks ADD COLUMN created_at DOUBLE")
        op.execute("UPDATE checks SET created_at = (SELECT opened_at FROM battles WHERE id = checks.battle_id)")
        _rebuild("checks", _SQLITE_CHECKS)
        op.create_index(op.f("ix_checks_battle_id"), "checks", ["battle_id"])
    else:
        op.alter_column("checks", "battle_id", nullable=True)
        op.add_column("checks", sa.Column("visitor_id", sa.Integer()))
        op.create_foreign_key(op.f("fk_checks_visitor_id"), "checks", "visitors", ["visitor_id"], ["id"])
        op.add_column("checks", sa.Column("created_at", sa.Double()))
        op.execute("UPDATE checks SET created_at = (SELECT opened_at FROM battles WHERE id = checks.battle_id)")
        op.alter_column("checks", "created_at", nullable=False)
    op.execute("UPDATE checks SET visitor_id = (SELECT visitor_id FROM battles WHERE id = checks.battle_id)")
    op.create_index(op.f("ix_checks_visitor_id"), "checks", ["visitor_id"])
    op.create_index(op.f("ix_checks_created_at"), "checks", ["created_at"])


def _change_votes() -> None:
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("key", name=op.f("uq_labels_key")),
    )
    for column, parent in (("campaign_id", "campaigns"), ("label_id", "labels")):
        reference = op.f(f"fk_votes_{column}")
        if op.get_bind().dialect.name == "sqlite":  # which takes a new reference only inside its column
            op.execute(f"ALTER TABLE votes ADD COLUMN {column} INTEGER CONSTRAINT {reference} REFERENCES {parent} (id)")
        else:
            op.add_column("votes", sa.Column(column, sa.Integer()))
            op.create_foreign_key(reference, "votes", parent, [column], ["id"])
    op.add_column("votes", sa.Column("n_turns", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("votes", sa.Column("prompt_chars", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("votes", sa.Column("same_sent", sa.Boolean()))
    for name in SUM_COLUMNS:
        op.add_column("votes", sa.Column(name, sa.Double() if name.startswith("duration") else sa.BigInteger()))


def _rebuild(table: str, definition: str) -> None:
    """Give a table of SQLite another definition. It keeps its rows, and loses its indexes."""
    op.execute(f"CREATE TABLE new_{table} ({definition})")
    columns = ", ".join(column["name"] for column in sa.inspect(op.get_bind()).get_columns(table))
    op.execute(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table} ORDER BY id")
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE new_{table} RENAME TO {table}")


_SQLITE_BATTLES = """
    id INTEGER NOT NULL,
    uuid VARCHAR(32) NOT NULL,
    share_id VARCHAR(32) NOT NULL,
    kind SMALLINT NOT NULL,
    visitor_id INTEGER NOT NULL,
    address VARCHAR(64),
    model_a INTEGER NOT NULL,
    model_b INTEGER,
    deck_prompt_id INTEGER,
    policy SMALLINT,
    draw_probability DOUBLE,
    settings JSON,
    language TEXT,
    state SMALLINT NOT NULL,
    replica VARCHAR(64),
    opened_at DOUBLE NOT NULL,
    closed_at DOUBLE,
    shared_at DOUBLE,
    n_turns INTEGER DEFAULT 0 NOT NULL,
    prompt_chars INTEGER DEFAULT 0 NOT NULL,
    tags JSON,
    replaced_by INTEGER,
    campaign_pair_id INTEGER,
    same_sent BOOLEAN,
    CONSTRAINT pk_battles PRIMARY KEY (id),
    CONSTRAINT ck_battles_quick_has_a_prompt CHECK ((kind = 1) = (deck_prompt_id IS NOT NULL)),
    CONSTRAINT ck_battles_chat_has_one_side CHECK ((kind = 4) = (model_b IS NULL)),
    CONSTRAINT ck_battles_closed_when_final CHECK ((state IN (2, 3)) = (closed_at IS NOT NULL)),
    CONSTRAINT ck_battles_draw_probability_range CHECK (draw_probability > 0 AND draw_probability <= 1),
    CONSTRAINT ck_battles_control_has_one_model CHECK (kind <> 2 OR model_a = model_b),
    CONSTRAINT ck_battles_kind_known CHECK (kind IN (0, 1, 2, 3, 4)),
    CONSTRAINT ck_battles_two_models CHECK (kind NOT IN (0, 1) OR model_a <> model_b),
    CONSTRAINT ck_battles_policy_known CHECK (policy IN (0, 1, 2)),
    CONSTRAINT ck_battles_state_known CHECK (state IN (0, 1, 2, 3)),
    CONSTRAINT ck_battles_campaign_is_quick CHECK (campaign_pair_id IS NULL OR kind = 1),
    CONSTRAINT fk_battles_deck_prompt_id FOREIGN KEY(deck_prompt_id) REFERENCES deck_prompts (id),
    CONSTRAINT fk_battles_model_a FOREIGN KEY(model_a) REFERENCES models (id),
    CONSTRAINT fk_battles_model_b FOREIGN KEY(model_b) REFERENCES models (id),
    CONSTRAINT fk_battles_replica FOREIGN KEY(replica) REFERENCES replicas (id),
    CONSTRAINT fk_battles_visitor_id FOREIGN KEY(visitor_id) REFERENCES visitors (id),
    CONSTRAINT fk_battles_replaced_by FOREIGN KEY(replaced_by) REFERENCES battles (id),
    CONSTRAINT fk_battles_campaign_pair_id FOREIGN KEY(campaign_pair_id) REFERENCES campaign_pairs (id),
    CONSTRAINT uq_battles_share_id UNIQUE (share_id),
    CONSTRAINT uq_battles_uuid UNIQUE (uuid),
    CONSTRAINT uq_battles_campaign_pair_id_visitor_id UNIQUE (campaign_pair_id, visitor_id)
"""
_SQLITE_CHECKS = """
    id INTEGER NOT NULL,
    battle_id INTEGER,
    visitor_id INTEGER,
    turn INTEGER NOT NULL,
    side SMALLINT,
    category TEXT NOT NULL,
    action SMALLINT NOT NULL,
    moderator TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    CONSTRAINT pk_checks PRIMARY KEY (id),
    CONSTRAINT ck_checks_action_known CHECK (action IN (0, 1, 2, 3)),
    CONSTRAINT ck_checks_side_known CHECK (side IN (0, 1)),
    CONSTRAINT fk_checks_battle_id FOREIGN KEY(battle_id) REFERENCES battles (id),
    CONSTRAINT fk_checks_visitor_id FOREIGN KEY(visitor_id) REFERENCES visitors (id)
"""


def _fill_votes() -> None:
    tx = op.get_bind()
    some = sa.text(
        "SELECT battles.*, deck_prompts.text AS deck_text FROM battles LEFT JOIN deck_prompts"
        " ON deck_prompts.id = battles.deck_prompt_id WHERE battles.id > :first AND battles.id <= :last"
        " AND battles.state IN (1, 2)"
    )
    store = sa.text(
        "UPDATE votes SET label_id = :label, n_turns = :n_turns, prompt_chars = :prompt_chars, same_sent = :same_sent,"
        f" {', '.join(f'{name} = :{name}' for name in SUM_COLUMNS)} WHERE battle_id = :battle"
    )
    mark = sa.text("UPDATE battles SET same_sent = :same_sent WHERE id = :battle")
    labels: dict[str, int] = {}
    n_battles = tx.scalar(sa.text("SELECT coalesce(max(id), 0) FROM battles"))
    for first in range(0, n_battles, _BATTLES_AT_ONCE):
        span = {"first": first, "last": first + _BATTLES_AT_ONCE}
        shown, sent = _live(tx, span)
        shown |= _prepared(tx, span)
        rows = [
            {
                "battle": row.id,
                "label": _label(tx, labels, row.language, _parsed(row.tags) or []),
                "n_turns": row.n_turns,
                "prompt_chars": row.prompt_chars,
                "same_sent": sent[row.id, 0] == sent[row.id, 1] if {(row.id, 0), (row.id, 1)} <= sent.keys() else None,
                **SideSums.of(shown.get((row.id, 0), [])).columns("a"),
                **SideSums.of(shown.get((row.id, 1), [])).columns("b"),
            }
            for row in tx.execute(some, span).all()
        ]
        if rows:
            tx.execute(store, rows)
            tx.execute(mark, [{"battle": row["battle"], "same_sent": row["same_sent"]} for row in rows])


_Shown = dict[tuple[int, int], list[AnswerCounts]]


def _live(tx: sa.Connection, span: dict[str, int]) -> tuple[_Shown, dict[tuple[int, int], list[Any]]]:
    """The answers shown by battle and side, and the parameters sent: those of the last attempt of each turn."""
    last: dict[tuple[int, int, int], Any] = {}
    rows = sa.text(
        "SELECT battle_id, side, turn, attempt, n_chars, n_headings, n_list_items, n_bold, completion_tokens,"
        " duration_ms, sent FROM answers WHERE battle_id > :first AND battle_id <= :last"
        " ORDER BY battle_id, turn, side, attempt"
    )
    for row in tx.execute(rows, span):
        last[row.battle_id, row.side, row.turn] = row
    shown: _Shown = defaultdict(list)
    sent: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for (battle, side, _), row in last.items():
        counts = (row.n_chars, row.n_headings, row.n_list_items, row.n_bold)
        style = None if None in counts else StyleCounts(*counts)
        shown[battle, side].append(AnswerCounts(style, row.completion_tokens, row.duration_ms))
        sent[battle, side].append(_parsed(row.sent))
    return dict(shown), dict(sent)


def _prepared(tx: sa.Connection, span: dict[str, int]) -> _Shown:
    rows = sa.text(
        "SELECT battles.id, battles.model_a, deck_answers.model_id, deck_answers.text, deck_answers.completion_tokens"
        " FROM battles JOIN deck_answers ON deck_answers.deck_prompt_id = battles.deck_prompt_id"
        " AND deck_answers.model_id IN (battles.model_a, battles.model_b)"
        " WHERE battles.id > :first AND battles.id <= :last"
    )
    return {
        (row.id, int(row.model_id != row.model_a)): [
            AnswerCounts(StyleCounts.of(row.text), row.completion_tokens, None)
        ]
        for row in tx.execute(rows, span)
    }


def _label(tx: sa.Connection, known: dict[str, int], language: str | None, tags: list[str]) -> int | None:
    if language is None and not tags:
        return None
    key = label_key(language, tags)
    if key not in known:
        tx.execute(
            sa.text("INSERT INTO labels (language, tags, key) VALUES (:language, :tags, :key)"),
            {"language": language, "tags": json.dumps(tags), "key": key},
        )
        known[key] = tx.execute(sa.text("SELECT id FROM labels WHERE key = :key"), {"key": key}).scalar_one()
    return known[key]


def _parsed(value: Any) -> Any:
    """Return JSON as a value: one driver returns text."""
    return json.loads(value) if isinstance(value, str) else value
