"""Columns for reasoning and for the parameters sent, and the reason `no_answer`.

`answers.reasoning`, `answers.sent`, and the reason `no_answer` (12) in the CHECK of `vote_reasons`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("answers", sa.Column("reasoning", sa.Text()))
    op.add_column("answers", sa.Column("sent", sa.JSON()))
    check = "ck_vote_reasons_reason_known"
    # SQLite cannot change a CHECK: there the table is copied, and has to be spelled out for that.
    as_it_was = sa.Table(
        "vote_reasons",
        sa.MetaData(),
        sa.Column("vote_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("reason IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)", name=op.f(check)),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_reasons_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "reason", name=op.f("pk_vote_reasons")),
    )
    with op.batch_alter_table("vote_reasons", copy_from=as_it_was) as table:
        table.drop_constraint(op.f(check), type_="check")
        table.create_check_constraint(op.f(check), "reason IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)")
