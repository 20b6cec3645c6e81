"""Whether a visitor's texts may be published."""

from sqlalchemy import Connection, select, update

from db.queries.roster import visitor_row
from db.schema import visitors


def consent_at(tx: Connection, visitor: str) -> float | None:
    """Return since when the visitor agrees that texts and comments may be published; None: not, or not any more."""
    return tx.scalar(select(visitors.c.consent_at).where(visitors.c.pseudonym == visitor))


def set_consent(tx: Connection, visitor: str, *, is_given: bool, now: float) -> None:
    """Store or revoke the visitor's consent, which covers the battles opened from now on. A new visitor is created when
    it is given. Giving it again changes nothing; giving it after it was revoked covers no battle from before."""
    if is_given:
        row = visitor_row(tx, visitor, now=now)
        given = update(visitors).where(visitors.c.id == row.id, visitors.c.consent_at.is_(None))
        tx.execute(given.values(consent_at=now))
    else:
        tx.execute(update(visitors).where(visitors.c.pseudonym == visitor).values(consent_at=None))
