"""The errors of the database: one tree, so that callers never catch SQLAlchemy's.

Each message names what came, what was expected and what to do.
"""


class DatabaseError(Exception):
    """The root of all errors whose cause is outside this package's own code."""


class OpenError(DatabaseError):
    """The database cannot be used at all."""


class InvalidUrl(OpenError):
    """The address is not that of a SQLite file or a PostgreSQL database."""


class Missing(OpenError):
    """There is no database at the address, and the caller did not want to create one."""


class NotADatabase(OpenError):
    """The file or database exists, but is not an arena's."""


class NewerThanCode(OpenError):
    """A later version of the arena has upgraded the database."""


class Unreachable(OpenError):
    """The file cannot be opened or written, or the server cannot be reached."""


class StorageFailed(DatabaseError):
    """A transaction failed (locked for too long, disk full, connection lost), and nothing of it was stored."""


class QueryError(DatabaseError):
    """The request contradicts what is stored, and nothing was changed."""


class NoSuchModel(QueryError):
    """There is no model of that name."""


class NoSuchVisitor(QueryError):
    """No visitor has that pseudonym."""


class NoSuchBattle(QueryError):
    """No battle has that id."""


class NotYours(QueryError):
    """The battle belongs to another visitor."""


class NotAllowedNow(QueryError):
    """The battle's state does not allow that step."""


class NotVotable(NotAllowedNow):
    """The battle cannot be voted on: it is open or void, or has only one side."""


class AlreadyVoted(NotAllowedNow):
    """The battle already has a vote, and can have only one."""


class NoVote(QueryError):
    """The battle has no vote to withdraw."""


class AlreadyWithdrawn(QueryError):
    """The vote was withdrawn before."""


class NoSuchPrompt(QueryError):
    """No prepared prompt has that key."""


class AlreadyDealt(QueryError):
    """The visitor has already had this prepared prompt."""


class NoSuchCampaign(QueryError):
    """No campaign has that link or name."""


class CampaignClosed(NotAllowedNow):
    """The campaign takes no more votes."""


class CampaignFull(NotAllowedNow):
    """As many people as the owner allows are judging the campaign."""


class BadRecord(QueryError):
    """A line of an import is wrong, and nothing of the file was imported."""
