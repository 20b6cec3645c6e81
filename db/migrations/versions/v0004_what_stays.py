"""Columns for what stays when texts are deleted, for shared and replaced battles, and for models that an owner retired.

`battles.shared_at`, `n_turns`, `prompt_chars`, `tags` and `replaced_by`; `turns.asked_at`; the counts of style of
answers; `models.owner_retired_at`; and two indexes by time.

What can be counted is counted here, because a text may be deleted before anybody reads it again. Unlike other
migrations this one imports something of `db`: the counts have to be those of the code that reads them.
"""

import sqlalchemy as sa
from alembic import op

from db.style import StyleCounts

revision = "0004"
down_revision = "0003"

_BATTLES_AT_ONCE = 1_000


def upgrade() -> None:
    op.add_column("models", sa.Column("owner_retired_at", sa.Double()))
    op.add_column("battles", sa.Column("shared_at", sa.Double()))
    op.add_column("battles", sa.Column("n_turns", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("battles", sa.Column("prompt_chars", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("battles", sa.Column("tags", sa.JSON()))
    _add_replaced_by()
    op.add_column("turns", sa.Column("asked_at", sa.Double()))
    for name in StyleCounts._fields:
        op.add_column("answers", sa.Column(name, sa.Integer()))
    op.create_index(op.f("ix_battles_opened_at"), "battles", ["opened_at"])
    op.create_index(op.f("ix_votes_cast_at"), "votes", ["cast_at"])
    _count_prompts()
    _count_style()


def _add_replaced_by() -> None:
    name = op.f("fk_battles_replaced_by")
    if op.get_bind().dialect.name == "sqlite":  # which takes a new reference only inside its column
        op.execute(f"ALTER TABLE battles ADD COLUMN replaced_by INTEGER CONSTRAINT {name} REFERENCES battles (id)")
    else:
        op.add_column("battles", sa.Column("replaced_by", sa.Integer()))
        op.create_foreign_key(name, "battles", "battles", ["replaced_by"], ["id"])


def _count_prompts() -> None:
    op.execute(
        "UPDATE battles SET n_turns = (SELECT count(*) FROM turns WHERE battle_id = battles.id),"
        " prompt_chars = (SELECT coalesce(sum(length(prompt)), 0) FROM turns WHERE battle_id = battles.id)"
        " WHERE deck_prompt_id IS NULL"
    )
    op.execute(
        "UPDATE battles SET n_turns = 1,"
        " prompt_chars = (SELECT length(text) FROM deck_prompts WHERE deck_prompts.id = battles.deck_prompt_id)"
        " WHERE deck_prompt_id IS NOT NULL"
    )


def _count_style() -> None:
    tx = op.get_bind()
    some = sa.text(
        "SELECT battle_id, turn, side, attempt, text FROM answers WHERE battle_id > :first AND battle_id <= :last"
    )
    store = sa.text(
        f"UPDATE answers SET {', '.join(f'{name} = :{name}' for name in StyleCounts._fields)}"
        " WHERE battle_id = :battle_id AND turn = :turn AND side = :side AND attempt = :attempt"
    )
    n_battles = tx.scalar(sa.text("SELECT coalesce(max(battle_id), 0) FROM answers"))
    for first in range(0, n_battles, _BATTLES_AT_ONCE):
        rows = tx.execute(some, {"first": first, "last": first + _BATTLES_AT_ONCE}).all()
        counted = [
            {"battle_id": row.battle_id, "turn": row.turn, "side": row.side, "attempt": row.attempt}
            | StyleCounts.of(row.text)._asdict()
            for row in rows
        ]
        if counted:
            tx.execute(store, counted)
