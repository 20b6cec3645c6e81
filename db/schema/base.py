"""What all tables share: one metadata, whose constraints have names, and the CHECK of an enumeration."""

from enum import IntEnum

from sqlalchemy import CheckConstraint, MetaData


def known(column: str, members: type[IntEnum]) -> CheckConstraint:
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
