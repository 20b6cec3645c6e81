"""A model's rank is the same on the page, in the JSON, in the CSV and in the printed table."""

import csv
import io
import json
import re

import pytest

from arena.service import Board
from elo import Settings, rate
from elo.board.leaderboard import board_csv
from elo.board.table import columns
from tests.arena.ui.plain.leaderboard.test_table import EN, table
from tests.elo import reference

Spans = list[tuple[str, int, int]]


def span(model: str, shown: str, between: str) -> tuple[str, int, int]:
    best, _, worst = shown.partition(between)
    return model, int(best), int(worst or best)


@pytest.mark.parametrize("name", reference.NAMES)
@pytest.mark.parametrize("settings", [Settings(bootstrap=200), Settings(interval="sandwich"), Settings(bootstrap=0)])
def test_every_output_gives_a_model_the_same_rank(name: str, settings: Settings) -> None:
    """The JSON took places from bootstrap rounds and the page from intervals, so 153 of 178 rows differed."""
    board = rate(reference.load(name).cells, settings)
    rows = json.loads(json.dumps(board.to_json()))["models"]
    in_json: Spans = [(row["model"], row["rank"], row["rank_worst"]) for row in rows]
    lines = csv.DictReader(io.StringIO(board_csv(board)))
    assert in_json == [(line["model"], int(line["rank"]), int(line["rank_worst"])) for line in lines]
    assert in_json == [span(row[1], row[0], "-") for row in columns(board)[1:]]
    page = table(Board(board, {}, 1, 0.0, board.n_votes, 0, {}), EN)
    cells = re.findall(r'<td class="rank">(.*?)</td><th scope="row" class="model"><a[^>]*>(.*?)</a>', page)
    assert in_json == [span(model, shown, "–") for shown, model in cells]
    assert any(best < worst for _, best, worst in in_json) == bool(settings.bootstrap)
