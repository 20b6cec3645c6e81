"""The arena's database of battles, answers and votes.

    outcome     the four outcomes of a vote: codes and spellings (imports nothing)
    style       the counts of an answer's length and Markdown (imports nothing)
    codes       the other enumerations that are stored
    errors      one tree of errors
    schema/     the tables; `column_types`: types of columns; migrations/: how a database is upgraded, by Alembic
    session     open_database(url) -> Database; read() and write() transactions on SQLite and PostgreSQL
    queries/    every read and write, one named function each; they take and return `records/`
    exchange    votes as JSON lines, exported and imported; `vote_line`: one such line
    integrity   what `python -m db check` checks
    __main__    export, import, backup, check

`import db` loads none of these, so a program that only needs `db.outcome` does not load SQLAlchemy. The package has no
rule of the arena and no rating formula: verdicts and arithmetic are passed in.
"""

__version__ = "0.2.0"
