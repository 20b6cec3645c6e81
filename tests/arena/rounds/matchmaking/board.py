"""Players and what a board knows of them."""

from collections.abc import Mapping

from arena.players.roster import Player
from arena.rounds.matchmaking import Known, known_from
from db.outcome import Outcome
from elo.battles import Cells


def player(name: str, weight: float = 1.0, family: str | None = None) -> Player:
    return Player(name, base_urls=("http://x/v1",), weight=weight, family=family)


def players(**weights: float) -> list[Player]:
    return [player(name, weight) for name, weight in weights.items()]


def known(votes: Mapping[str, int]) -> Known:
    """As many votes of each pair ("ab"), won by turns."""
    outcomes = (Outcome.A, Outcome.B)
    return known_from(
        Cells.from_counts(
            (pair[0], pair[1], outcome, n // 2 + (n % 2 and outcome is Outcome.A))
            for pair, n in votes.items()
            for outcome in outcomes
        )
    )
