"""What can go wrong with the database: one tree, so that callers never catch SQLAlchemy's.

Each message says what came, what was expected and what to do.
"""


class DatabaseError(Exception):
    """The root: anything that this package raises for a reason outside its own code."""


class OpenError(DatabaseError):
    """The database cannot be used at all."""


class InvalidUrl(OpenError):
    """The address is not one of a SQLite file or a PostgreSQL database."""


class Missing(OpenError):
    """The caller wanted a database that exists; there is none at that address."""


class NotADatabase(OpenError):
    """Something is there, but it is no database of an arena."""


class NewerThanCode(OpenError):
    """A later version of the arena has upgraded the database."""


class Unreachable(OpenError):
    """The file cannot be opened or written, or the server cannot be reached."""


class StorageFailed(DatabaseError):
    """A transaction failed in the database (locked for too long, disk full, connection lost); nothing of it was
    stored."""


class QueryError(DatabaseError):
    """The request contradicts what is stored; nothing was changed."""


class NoSuchModel(QueryError):
    """A model of that name was never added."""


class NoSuchVisitor(QueryError):
    """No visitor has that pseudonym."""


class NoSuchBattle(QueryError):
    """No battle has that id."""


class NotYours(QueryError):
    """The battle belongs to another visitor."""


class NotAllowedNow(QueryError):
    """The battle's state does not admit that step."""


class NotVotable(NotAllowedNow):
    """The battle cannot be voted on: it is still open, it is void, or it has one side only."""


class AlreadyVoted(NotAllowedNow):
    """The battle has its vote; a battle has one."""


class NoVote(QueryError):
    """The battle has no vote to withdraw."""


class AlreadyWithdrawn(QueryError):
    """The vote was withdrawn before."""


class NoSuchPrompt(QueryError):
    """No prepared prompt has that key."""


class AlreadyDealt(QueryError):
    """The visitor has had this prepared prompt before."""


class BadRecord(QueryError):
    """A line of an import cannot be taken; nothing of the file was."""
