"""Simulated votes in every measured form: index arrays, CSV, a database. They are written once and kept.

DIR/1000000x100.npz   .csv   .sqlite
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.codes import BattleKind, Policy, State
from db.outcome import Outcome
from db.session import open_database
from elo.battles import Votes
from elo.simulate import Scenario, simulate


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A number of votes and a number of models."""

    n_votes: int
    n_models: int

    def __str__(self) -> str:
        return f"{self.n_votes}x{self.n_models}"

    @classmethod
    def parse(cls, text: str) -> "Cell":
        """ "1e6x100" -> Cell(1000000, 100). ValueError for anything else."""
        votes, _, models = text.partition("x")
        try:
            return cls(round(float(votes)), int(models))
        except ValueError:
            raise ValueError(f"{text!r} is not votes and models, such as 1e6x100") from None


def arrays(cell: Cell, folder: Path) -> Path:
    path = folder / f"{cell}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        votes = simulate(Scenario(votes=cell.n_votes, models=cell.n_models)).votes
        part = path.with_suffix(".part.npz")
        np.savez(part, models=np.array(votes.models), a=votes.a, b=votes.b, outcome=votes.outcome)
        part.replace(path)
    return path


def load(path: Path) -> Votes:
    with np.load(path) as found:
        return Votes(tuple(found["models"].tolist()), found["a"], found["b"], found["outcome"])


def csv(cell: Cell, folder: Path) -> Path:
    """model_a, model_b, winner: the spellings that arena-rank expects, which ours reads too."""
    path = folder / f"{cell}.csv"
    if not path.exists():
        votes = load(arrays(cell, folder))  # makes the folder
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write("model_a,model_b,winner\n")
            file.writelines(f"{a},{b},{winner}\n" for a, b, winner in named(votes))
        part.replace(path)
    return path


def named(votes: Votes) -> Iterator[tuple[str, str, str]]:
    winners = {Outcome.A: "model_a", Outcome.B: "model_b", Outcome.TIE: "tie", Outcome.BOTH_BAD: "both_bad"}
    for a, b, outcome in votes:
        yield a, b, winners[outcome]


def database(cell: Cell, folder: Path) -> Path:
    """The database of an arena with one battle for each vote, all by one visitor."""
    path = folder / f"{cell}.sqlite"
    if path.exists():
        return path
    votes = load(arrays(cell, folder))
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    open_database(f"sqlite:///{part.absolute()}", create=True).close()
    connection = sqlite3.connect(part)
    with connection:
        connection.execute("INSERT INTO visitors (id, pseudonym, created_at) VALUES (1, 'somebody', 0)")
        connection.executemany(
            "INSERT INTO models (id, name, added_at) VALUES (?, ?, 0)", enumerate(votes.models, start=1)
        )
        sides = list(zip((votes.a + 1).tolist(), (votes.b + 1).tolist(), votes.outcome.tolist(), strict=True))
        connection.executemany(
            "INSERT INTO battles (id, uuid, share_id, kind, visitor_id, model_a, model_b, policy,"
            f" draw_probability, state, opened_at, closed_at) VALUES (?1, printf('%032x', ?1), printf('%032x', ?1),"
            f" {BattleKind.BATTLE:d}, 1, ?2, ?3, {Policy.UNIFORM:d}, 0.0001, {State.VOTED:d}, ?1, ?1)",
            ((i, a, b) for i, (a, b, _) in enumerate(sides, start=1)),
        )
        connection.executemany(
            "INSERT INTO votes (id, battle_id, kind, model_a, model_b, outcome, cast_at, revision, counted,"
            f" rules_version, facts) VALUES (?1, ?1, {BattleKind.BATTLE:d}, ?2, ?3, ?4, ?1, ?1, 1, 1, '{{}}')",
            ((i, a, b, outcome) for i, (a, b, outcome) in enumerate(sides, start=1)),
        )
        connection.execute("UPDATE ledger SET revision = ?", (cell.n_votes,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    part.replace(path)
    return path
