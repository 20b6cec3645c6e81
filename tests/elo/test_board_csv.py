import csv
import io

from elo.board_csv import board_csv
from elo.leaderboard import rate, rate_online
from elo.settings import Settings
from tests.elo import reference


def test_it_has_the_rows_of_the_json_and_reads_back_the_same() -> None:
    food = reference.load("food")
    for board in (rate(food.cells, Settings(bootstrap=20)), rate_online(food.votes, Settings(method="elo"))):
        text = board_csv(board)
        assert "\r" not in text
        for line, row in zip(csv.DictReader(io.StringIO(text)), board.rows, strict=True):
            assert list(line) == list(row.to_json())
            assert line["model"] == row.model
            assert float(line["rating"]) == row.rating
            assert line["low"] == ("" if row.low is None else repr(row.low))
