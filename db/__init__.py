"""The arena's memory: who battled, what was said, who voted what, and which votes count.

    outcome     the four outcomes of a vote: codes and spellings (imports nothing)
    codes       every other enumeration that is stored
    errors      one error tree
    schema      the tables · migrations/ how a database gets there, by Alembic
    session     open_database(url) -> Database; read() and write() transactions on SQLite and PostgreSQL
    queries     every read and write, one named function each
    exchange    votes as JSON lines, out and in
    __main__    export, import, backup, check

`import db` loads none of it, so a program that only wants `db.outcome` never pays for SQLAlchemy.
The package knows no rule of the arena and no rating formula: verdicts and arithmetic are handed in.
"""

__version__ = "0.2.0"
