"""An index of the votes that changed after they were cast, by `changed_revision`, for boards that keep their counts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    changed = sa.text("changed_revision IS NOT NULL")
    op.create_index("votes_changed", "votes", ["changed_revision"], sqlite_where=changed, postgresql_where=changed)
