"""A board as text, HTML, a figure, a frame and pairs."""

import csv
import io
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import elo
from db.outcome import Outcome
from elo.board.leaderboard import board_csv
from elo.board.table import table
from elo.notebook import Figure, PairRow
from tests.elo import reference

FOOD = reference.DATA / "food.csv"
ROWS = [("lark", "wren", "a"), ("lark", "wren", "a"), ("wren", "lark", "tie"), ("robin", "wren", "b"), ("x", "y", "a")]
HOSTILE = "<script>alert(1)</script>&\"'"


class Tags(HTMLParser):
    """Counts tags, and fails where they are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data + " "


def test_a_board_prints_as_the_table_of_the_command_line() -> None:
    board = elo.rate(FOOD)
    assert str(board) == repr(board) == table(board)


def test_the_html_has_the_table_with_bars_and_the_notes() -> None:
    board = elo.rate(FOOD)
    tags = Tags(board._repr_html_())
    assert tags.seen.count("tr") == 1 + len(board.rows)
    assert tags.seen.count("svg") == 1 + len(board.rows), "the axis, and a bar for each model"
    for row in board.rows:
        assert row.model in tags.text
        assert f"{row.rating:.1f}" in tags.text
    assert "30 votes, 5 models" in tags.text


def test_a_long_board_is_cut_in_html_alone() -> None:
    board = elo.rate([(f"m{i:02}", f"m{i + 1:02}", "a") for i in range(40)], bootstrap=20)
    tags = Tags(board._repr_html_())
    assert tags.seen.count("tr") == 1 + 30
    assert "The first 30 of 41; to_frame() has all." in tags.text
    assert str(board).count("\n") > 41
    assert Tags(board.pairs()._repr_html_()).seen.count("tr") == 1 + 30


@pytest.mark.parametrize("method", ["bradley-terry", "elo"])
def test_names_of_strangers_stay_text(method: str) -> None:
    board = elo.rate([(HOSTILE, "b", "a"), ("b", HOSTILE, "tie")], method=method)
    for html in (board._repr_html_(), board.pairs()._repr_html_(), board.plot()._repr_html_()):
        tags = Tags(html)
        assert "script" not in tags.seen
        assert HOSTILE in tags.text


def test_a_figure_is_shown_and_saved(tmp_path: Path) -> None:
    figure = elo.rate(FOOD).plot()
    assert isinstance(figure, Figure)
    root = ET.fromstring(figure._repr_svg_())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = Tags(figure._repr_html_())
    assert "Tacos" in tags.text
    assert figure.save(tmp_path / "board.svg").read_text(encoding="utf-8") == figure.svg
    assert figure.save(str(tmp_path / "b.SVG")) == tmp_path / "b.SVG"
    with pytest.raises(ValueError, match=r"the figure is an SVG, and its file 'board\.png' does not end in \.svg"):
        figure.save(tmp_path / "board.png")
    with pytest.raises(FileNotFoundError):
        figure.save(tmp_path / "no folder" / "board.svg")
    assert len(repr(figure)) < len(figure.svg) + 100


def test_styles_stay_in_their_box() -> None:
    """A rule without the class would change the rest of the notebook."""
    html = elo.rate(FOOD)._repr_html_()
    css = html.partition("<style>")[2].partition("</style>")[0]
    depth, rule, selectors = 0, "", []
    for mark in css:
        if mark == "{":
            if depth == 0:
                selectors.append(rule.rpartition("*/")[2].strip())
            depth, rule = depth + 1, ""
        elif mark == "}":
            depth, rule = depth - 1, ""
        elif depth == 0:
            rule += mark
    assert depth == 0
    assert selectors
    assert all(selector.startswith(".elo-board") for selector in selectors)
    assert "prefers-color-scheme" not in css, "a notebook's theme is not the system's"


@pytest.mark.parametrize(
    ("data", "made"),
    [
        (pd.read_csv(FOOD), pd.DataFrame),
        (pl.read_csv(FOOD), pl.DataFrame),
        (pa.table(pl.read_csv(FOOD)), pa.Table),
        (FOOD, pd.DataFrame),
        (ROWS, pd.DataFrame),
    ],
)
def test_a_frame_comes_back_as_the_kind_that_went_in(data: object, made: type) -> None:
    board = elo.rate(data)
    assert isinstance(board.to_frame(), made)
    assert isinstance(board.pairs().to_frame(), made)
    assert isinstance(board.to_frame("polars"), pl.DataFrame)
    assert isinstance(board.pairs()[:1].to_frame("pyarrow"), pa.Table)


def test_a_frame_has_the_rows_of_the_csv() -> None:
    board = elo.rate(FOOD)
    expected = list(csv.DictReader(io.StringIO(board_csv(board))))
    for frame in (board.to_frame("pandas").to_dict("records"), board.to_frame("polars").to_dicts()):
        assert [{name: str(value) for name, value in row.items()} for row in frame] == expected


def test_pairs_have_counts_shares_and_chances() -> None:
    board = elo.rate(ROWS, bootstrap=200)
    pairs = board.pairs()
    order = [row.model for row in board.rows]
    assert [(row.model_a, row.model_b) for row in pairs] == [
        (a, b) for i, a in enumerate(order) for b in order[i + 1 :]
    ]
    lark = pairs.of("wren", "lark")
    assert (lark.model_a, lark.battles, lark.wins, lark.losses, lark.ties) == ("lark", 3, 2, 0, 1)
    assert lark.win_rate == pytest.approx(2.5 / 3)
    gap = next(row.rating for row in board.rows if row.model == "lark") - next(
        row.rating for row in board.rows if row.model == "wren"
    )
    assert lark.predicted == pytest.approx(1 / (1 + 10 ** (-gap / 400)))
    assert lark.better is not None
    assert 0.5 < lark.better <= 1
    never_met, apart = pairs.of("lark", "robin"), pairs.of("lark", "x")
    assert (never_met.battles, never_met.win_rate) == (0, None)
    assert never_met.predicted is not None
    assert (apart.battles, apart.win_rate, apart.predicted, apart.better) == (0, None, None, None)
    with pytest.raises(KeyError, match=r"no pair of 'lark' and 'nobody' on the board"):
        pairs.of("lark", "nobody")


def test_pairs_count_every_vote_of_a_real_file() -> None:
    data = reference.load("food")
    board = elo.rate(data.cells)
    wins = {frozenset(models): 0 for models in ((row.model_a, row.model_b) for row in board.pairs())}
    for a, b, outcome in data.votes:
        wins[frozenset((a, b))] += outcome in (Outcome.A, Outcome.B)
    for row in board.pairs():
        assert row.wins + row.losses == wins[frozenset((row.model_a, row.model_b))]
        assert row.wins + row.losses + row.ties == row.battles
    assert sum(row.battles for row in board.pairs()) == board.n_votes


def test_pairs_of_online_ratings_have_the_score_expected_by_elo() -> None:
    board = elo.rate(ROWS, method="elo")
    row = board.pairs().of("lark", "wren")
    rating = {one.model: one.rating for one in board.rows}
    expected = 1 / (1 + 10 ** ((rating[row.model_b] - rating[row.model_a]) / 400))
    assert row.predicted == pytest.approx(expected)
    assert row.better is None


def test_pairs_of_a_model_of_ties_expect_ties_too() -> None:
    board = elo.rate(ROWS[:4], ties="davidson")
    for row in board.pairs():
        assert row.predicted is not None
        assert 0.5 <= row.predicted <= 1


def test_a_table_of_pairs_prints_and_is_a_sequence() -> None:
    pairs = elo.rate(ROWS, bootstrap=50).pairs()
    lines = str(pairs).splitlines()
    assert lines[0].split() == [
        "model",
        "against",
        "battles",
        "wins",
        "losses",
        "ties",
        "win",
        "rate",
        "predicted",
        "better",
    ]
    assert len(lines) == 1 + len(pairs)
    assert repr(pairs) == str(pairs)
    assert isinstance(pairs[0], PairRow)
    assert list(pairs[:2]) == [pairs[0], pairs[1]]


def test_a_board_without_votes_has_text_and_html() -> None:
    board = elo.rate(elo.Cells.from_counts([]))
    assert "No votes." in Tags(board._repr_html_()).text
    assert list(board.pairs()) == []


def test_a_board_made_over_keeps_what_it_was_made_from() -> None:
    board = elo.rate(FOOD).sourced(revision=7)
    assert isinstance(board, elo.Board)
    assert board.revision == 7
    assert board.fitted is not None
    assert np.isfinite(board.fitted.ratings).all()
