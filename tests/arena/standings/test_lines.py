"""Models in the order and for the search of a view, and the files that say the same."""

import csv
import io
from dataclasses import replace

import pytest

from arena.standings import OFFICIAL, Board, ModelCard, View, board_csv, board_json, lines, unrated
from db.queries import Score
from elo.board.leaderboard import BoardRow, Leaderboard, Source
from elo.board.leaderboard import board_csv as plain_csv
from elo.settings import Settings

ROWS = (
    BoardRow("Wren", 1, 1100.0, 1050.0, 1150.0, "bootstrap", 40, 0.6, 1, 1),
    BoardRow("Moss", 2, 1000.0, 990.0, 1010.0, "bootstrap", 400, 0.5, 1, 2),
    BoardRow("Ash", 3, 900.0, None, None, "none", 4, 0.2, 1, 3),
)
CARDS = {
    "Wren": ModelCard("Wren", "Nest", None, "MIT", 7_000_000_000, False, 0.1, 0.3, 20.0),
    "Moss": ModelCard("Moss", "forest", None, "Apache-2.0", None, False, 0.2, None, None),
    "Ash": ModelCard("Ash", None, None, None, 1_000, True),
    "Dew": ModelCard("Dew", "Forest", None, None, None, False),
}
BOARD = Board(
    leaderboard=Leaderboard(ROWS, ("Dew", "Elm"), Settings(), Source(444)),
    models=CARDS,
    revision=9,
    computed_at=5.0,
    n_counted=444,
    n_excluded=1,
    exclusions={"stopped": 1},
    average_win_rates={"Wren": 0.5, "Moss": 0.55, "Ash": 0.1},
    online={"Wren": 1010.0, "Moss": 1020.0},
    scores={"mmlu": {"Moss": Score("Moss", "mmlu", 61.5, 60.0, 63.0, 100)}},
)


def order(sort: str, order: str = "") -> str:
    return " ".join(line.row.model for line in lines(BOARD, View(sort=sort, order=order)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sort", "expected", "reverse"),
    [
        ("", "Wren Moss Ash", "Ash Moss Wren"),
        ("model", "Ash Moss Wren", "Wren Moss Ash"),
        ("votes", "Moss Wren Ash", "Ash Wren Moss"),
        ("interval", "Moss Wren Ash", "Wren Moss Ash"),
        ("online", "Moss Wren Ash", "Wren Moss Ash"),
        ("win_rate", "Moss Wren Ash", "Ash Wren Moss"),
        ("organisation", "Moss Wren Ash", "Wren Moss Ash"),
        ("licence", "Moss Wren Ash", "Wren Moss Ash"),
        ("size", "Wren Ash Moss", "Ash Wren Moss"),
        ("price", "Moss Wren Ash", "Wren Moss Ash"),
        ("speed", "Wren Moss Ash", "Wren Moss Ash"),
        ("score:mmlu", "Moss Wren Ash", "Moss Wren Ash"),
    ],
)
def test_every_column_sorts_both_ways_and_unknown_values_come_last(sort: str, expected: str, reverse: str) -> None:
    assert order(sort) == expected
    other = "desc" if sort in ("model", "interval", "organisation", "licence", "price") else "asc"
    assert order(sort, other) == reverse


def test_groups_that_no_battle_connects_stay_together() -> None:
    rows = (ROWS[0], replace(ROWS[1], component=2), ROWS[2])
    board = replace(BOARD, leaderboard=replace(BOARD.leaderboard, rows=rows))
    assert [line.row.model for line in lines(board, View(sort="votes"))] == ["Wren", "Ash", "Moss"]


@pytest.mark.parametrize(
    ("words", "rated", "others"),
    [
        ("wren", ["Wren"], []),
        ("FOREST", ["Moss"], ["Dew"]),
        ("apache forest", ["Moss"], []),
        ("elm", [], ["Elm"]),
        ("Ｗre\u200bn", ["Wren"], []),
    ],
)
def test_a_search_finds_name_licence_and_organisation(words: str, rated: list[str], others: list[str]) -> None:
    view = View(find=words)
    assert [line.row.model for line in lines(BOARD, view)] == rated
    assert list(unrated(BOARD, view)) == others


def test_without_a_view_the_files_are_the_boards_own_byte_for_byte() -> None:
    assert board_csv(BOARD, OFFICIAL, has_all=False) == plain_csv(BOARD.leaderboard)
    assert board_json(BOARD, OFFICIAL, has_all=False) == BOARD.to_json()
    assert list(board_json(BOARD, OFFICIAL, has_all=False)) == list(BOARD.to_json())


def test_the_files_have_what_the_view_shows() -> None:
    view = View(sort="votes", find="m")
    table = list(csv.DictReader(io.StringIO(board_csv(BOARD, view, has_all=True))))
    assert [row["model"] for row in table] == ["Moss", "Wren"]
    assert (table[0]["online_elo"], table[0]["score:mmlu"], table[1]["score:mmlu"]) == ("1020.0", "61.5", "")
    assert (table[0]["score:mmlu:low"], table[0]["score:mmlu:high"], table[1]["score:mmlu:low"]) == ("60.0", "63.0", "")
    found = board_json(BOARD, view, has_all=True)
    models = found["models"]
    assert isinstance(models, list)
    assert [row["parameters"] for row in models] == [None, 7_000_000_000]
    assert found["unrated"] == ["Elm"]
