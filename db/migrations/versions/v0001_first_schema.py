"""The first schema: all tables of the arena, some of which later pages fill.

A migration is history: it spells its types and constraints out and imports nothing of `db`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "deck_prompts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("deck", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deck_prompts")),
        sa.UniqueConstraint("key", name=op.f("uq_deck_prompts_key")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("elo_revision", sa.BigInteger(), nullable=False),
        sa.Column("elo_name", sa.Text(), nullable=False),
        sa.CheckConstraint("elo_revision >= 0 AND elo_revision <= revision", name=op.f("ck_ledger_elo_not_ahead")),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family", sa.Text()),
        sa.Column("organisation", sa.Text()),
        sa.Column("licence", sa.Text()),
        sa.Column("parameters", sa.BigInteger()),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.Double()),
        sa.CheckConstraint("parameters > 0", name=op.f("ck_models_parameters_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("name", name=op.f("uq_models_name")),
    )
    op.create_table(
        "replicas",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replicas")),
    )
    op.create_table(
        "visitors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("consent_at", sa.Double()),
        sa.Column("banned_at", sa.Double()),
        sa.Column("ban_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_visitors_pseudonym")),
    )
    op.create_table(
        "battles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=32), nullable=False),
        sa.Column("share_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("visitor_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64)),
        sa.Column("model_a", sa.Integer(), nullable=False),
        sa.Column("model_b", sa.Integer()),
        sa.Column("deck_prompt_id", sa.Integer()),
        sa.Column("policy", sa.SmallInteger()),
        sa.Column("draw_probability", sa.Double()),
        sa.Column("settings", sa.JSON()),
        sa.Column("language", sa.Text()),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("replica", sa.String(length=64)),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double()),
        sa.CheckConstraint("(kind = 1) = (deck_prompt_id IS NOT NULL)", name=op.f("ck_battles_quick_has_a_prompt")),
        sa.CheckConstraint("(kind = 4) = (model_b IS NULL)", name=op.f("ck_battles_chat_has_one_side")),
        sa.CheckConstraint("(state IN (2, 3)) = (closed_at IS NOT NULL)", name=op.f("ck_battles_closed_when_final")),
        sa.CheckConstraint(
            "draw_probability > 0 AND draw_probability <= 1", name=op.f("ck_battles_draw_probability_range")
        ),
        sa.CheckConstraint("kind <> 2 OR model_a = model_b", name=op.f("ck_battles_control_has_one_model")),
        sa.CheckConstraint("kind IN (0, 1, 2, 3, 4)", name=op.f("ck_battles_kind_known")),
        sa.CheckConstraint("kind NOT IN (0, 1) OR model_a <> model_b", name=op.f("ck_battles_two_models")),
        sa.CheckConstraint("policy IN (0, 1, 2)", name=op.f("ck_battles_policy_known")),
        sa.CheckConstraint("state IN (0, 1, 2, 3)", name=op.f("ck_battles_state_known")),
        sa.ForeignKeyConstraint(["deck_prompt_id"], ["deck_prompts.id"], name=op.f("fk_battles_deck_prompt_id")),
        sa.ForeignKeyConstraint(["model_a"], ["models.id"], name=op.f("fk_battles_model_a")),
        sa.ForeignKeyConstraint(["model_b"], ["models.id"], name=op.f("fk_battles_model_b")),
        sa.ForeignKeyConstraint(["replica"], ["replicas.id"], name=op.f("fk_battles_replica")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitors.id"], name=op.f("fk_battles_visitor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_battles")),
        sa.UniqueConstraint("share_id", name=op.f("uq_battles_share_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_battles_uuid")),
        sa.UniqueConstraint("visitor_id", "deck_prompt_id", name=op.f("uq_battles_visitor_id_deck_prompt_id")),
    )
    op.create_index(op.f("ix_battles_address_opened_at"), "battles", ["address", "opened_at"])
    op.create_index(op.f("ix_battles_state_replica"), "battles", ["state", "replica"])
    op.create_index(op.f("ix_battles_visitor_id_opened_at"), "battles", ["visitor_id", "opened_at"])
    op.create_table(
        "deck_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deck_prompt_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("fingerprint", sa.Text()),
        sa.ForeignKeyConstraint(["deck_prompt_id"], ["deck_prompts.id"], name=op.f("fk_deck_answers_deck_prompt_id")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_deck_answers_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deck_answers")),
        sa.UniqueConstraint("deck_prompt_id", "model_id", name=op.f("uq_deck_answers_deck_prompt_id_model_id")),
    )
    op.create_table(
        "elo_state",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Double(), nullable=False),
        sa.Column("games", sa.Integer(), nullable=False),
        sa.CheckConstraint("games > 0", name=op.f("ck_elo_state_games_positive")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_elo_state_model_id")),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_elo_state")),
    )
    op.create_table(
        "scores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("low", sa.Double()),
        sa.Column("high", sa.Double()),
        sa.Column("n", sa.Integer()),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_scores_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
        sa.UniqueConstraint("model_id", "task", name=op.f("uq_scores_model_id_task")),
    )
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("battle_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("side", sa.SmallInteger()),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("moderator", sa.Text(), nullable=False),
        sa.CheckConstraint("action IN (0, 1, 2, 3)", name=op.f("ck_checks_action_known")),
        sa.CheckConstraint("side IN (0, 1)", name=op.f("ck_checks_side_known")),
        sa.ForeignKeyConstraint(["battle_id"], ["battles.id"], name=op.f("fk_checks_battle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    op.create_index(op.f("ix_checks_battle_id"), "checks", ["battle_id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("battle_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.SmallInteger()),
        sa.Column("tag", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.CheckConstraint("side IN (0, 1)", name=op.f("ck_feedback_side_known")),
        sa.CheckConstraint("tag IS NOT NULL OR comment IS NOT NULL", name=op.f("ck_feedback_says_something")),
        sa.ForeignKeyConstraint(["battle_id"], ["battles.id"], name=op.f("fk_feedback_battle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_battle_id"), "feedback", ["battle_id"])
    op.create_table(
        "turns",
        sa.Column("battle_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.CheckConstraint("n >= 1", name=op.f("ck_turns_n_counts_from_1")),
        sa.ForeignKeyConstraint(["battle_id"], ["battles.id"], name=op.f("fk_turns_battle_id")),
        sa.PrimaryKeyConstraint("battle_id", "n", name=op.f("pk_turns")),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("judge", sa.Text(), nullable=False),
        sa.Column("battle_id", sa.Integer()),
        sa.Column("deck_prompt_id", sa.Integer()),
        sa.Column("model_a", sa.Integer(), nullable=False),
        sa.Column("model_b", sa.Integer(), nullable=False),
        sa.Column("outcome_ab", sa.SmallInteger()),
        sa.Column("outcome_ba", sa.SmallInteger()),
        sa.Column("tokens", sa.Integer()),
        sa.Column("cast_at", sa.Double(), nullable=False),
        sa.CheckConstraint("(battle_id IS NULL) <> (deck_prompt_id IS NULL)", name=op.f("ck_verdicts_one_subject")),
        sa.CheckConstraint("model_a < model_b", name=op.f("ck_verdicts_pair_is_unordered")),
        sa.CheckConstraint("outcome_ab IN (0, 1, 2, 3)", name=op.f("ck_verdicts_outcome_ab_known")),
        sa.CheckConstraint("outcome_ba IN (0, 1, 2, 3)", name=op.f("ck_verdicts_outcome_ba_known")),
        sa.ForeignKeyConstraint(["battle_id"], ["battles.id"], name=op.f("fk_verdicts_battle_id")),
        sa.ForeignKeyConstraint(["deck_prompt_id"], ["deck_prompts.id"], name=op.f("fk_verdicts_deck_prompt_id")),
        sa.ForeignKeyConstraint(["model_a"], ["models.id"], name=op.f("fk_verdicts_model_a")),
        sa.ForeignKeyConstraint(["model_b"], ["models.id"], name=op.f("fk_verdicts_model_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint(
            "judge", "battle_id", "model_a", "model_b", name=op.f("uq_verdicts_judge_battle_id_model_a_model_b")
        ),
        sa.UniqueConstraint(
            "judge",
            "deck_prompt_id",
            "model_a",
            "model_b",
            name=op.f("uq_verdicts_judge_deck_prompt_id_model_a_model_b"),
        ),
    )
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("battle_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("model_a", sa.Integer(), nullable=False),
        sa.Column("model_b", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("cast_at", sa.Double(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_revision", sa.BigInteger()),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("withdrawn_at", sa.Double()),
        sa.Column("withdraw_reason", sa.Text()),
        sa.CheckConstraint("NOT counted OR model_a <> model_b", name=op.f("ck_votes_no_self_battle_counts")),
        sa.CheckConstraint("NOT counted OR withdrawn_at IS NULL", name=op.f("ck_votes_no_withdrawn_vote_counts")),
        sa.CheckConstraint("changed_revision > revision", name=op.f("ck_votes_changed_after_cast")),
        sa.CheckConstraint("kind IN (0, 1, 2, 3, 4)", name=op.f("ck_votes_kind_known")),
        sa.CheckConstraint("outcome IN (0, 1, 2, 3)", name=op.f("ck_votes_outcome_known")),
        sa.ForeignKeyConstraint(["battle_id"], ["battles.id"], name=op.f("fk_votes_battle_id")),
        sa.ForeignKeyConstraint(["model_a"], ["models.id"], name=op.f("fk_votes_model_a")),
        sa.ForeignKeyConstraint(["model_b"], ["models.id"], name=op.f("fk_votes_model_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("battle_id", name=op.f("uq_votes_battle_id")),
        sa.UniqueConstraint("revision", name=op.f("uq_votes_revision")),
    )
    op.create_index("votes_board", "votes", ["counted", "model_a", "model_b", "outcome", "kind"])
    op.create_table(
        "answers",
        sa.Column("battle_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("ttft_ms", sa.Double()),
        sa.Column("duration_ms", sa.Double()),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_answers_attempt_counts_from_1")),
        sa.CheckConstraint("side IN (0, 1)", name=op.f("ck_answers_side_known")),
        sa.ForeignKeyConstraint(
            ["battle_id", "turn"], ["turns.battle_id", "turns.n"], name=op.f("fk_answers_battle_id_turn")
        ),
        sa.PrimaryKeyConstraint("battle_id", "turn", "side", "attempt", name=op.f("pk_answers")),
    )
    op.create_table(
        "vote_reasons",
        sa.Column("vote_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "reason IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)", name=op.f("ck_vote_reasons_reason_known")
        ),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_reasons_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "reason", name=op.f("pk_vote_reasons")),
    )
    op.execute("INSERT INTO ledger (id, revision, elo_revision, elo_name) VALUES (1, 0, 0, '')")
