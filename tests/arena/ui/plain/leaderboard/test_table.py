"""The leaderboard's table and the lines below it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from arena.service import OFFICIAL, Board, View
from arena.ui.messages import LANGUAGES, Messages, messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard import summary
from arena.ui.plain.leaderboard import table as tables
from arena.ui.plain.leaderboard.summary import settings_line
from elo.board.fragility import Fragility
from elo.board.leaderboard import BoardRow
from elo.board.wording import ENGLISH
from elo.chance.intervals import IntervalKind
from elo.settings import Settings
from tests.arena.ui.fake_arena import empty_board, full_board

EN = messages("en")


def place_in(texts: Messages) -> Place:
    return Place("/leaderboard", "./", texts, "", (), "system", "hidden")


def table(board: Board, texts: Messages, view: View = OFFICIAL) -> str:
    return tables.table(board, view, place_in(texts))


def computed_line(board: Board, now: float, texts: Messages) -> str:
    return summary.computed_line(board, now, place_in(texts))


class _Table(HTMLParser):
    """Reads the cells of the table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def _text(html: str) -> str:
    return re.sub("<[^>]*>", "", html)


def _with_rows(*rows: BoardRow) -> Board:
    board = full_board()
    return replace(board, leaderboard=replace(board.leaderboard, rows=rows))


def test_the_rows_are_the_boards_in_its_order_with_ranks_as_spans() -> None:
    head, *rows = _Table(table(full_board(), EN)).rows
    assert [head[0], head[1], head[2], head[4]] == ["Rank", "Model", "Rating ↓", "95% interval"]
    assert [row[0] for row in rows] == ["1–2", "1–2", "3–4", "4"]
    assert rows[0][1] == "Wren Sol"
    assert rows[0][2] == "1087"
    assert rows[0][4] == "1061–1114"
    assert rows[0][5:] == ["Votes 412", "Avg. win rate 64%", "This project", "Apache-2.0", "Size 1M"]


def test_a_rare_kind_of_interval_is_marked_and_explained() -> None:
    html = table(full_board(), EN)
    assert _Table(html).rows[-1][4] == "802–940†"
    assert "† Approximate interval: the model has won or lost few points" in html


def test_the_first_place_hangs_on_a_number_of_votes() -> None:
    board = full_board()
    assert "Without 17 of the 812 votes, Moss Tarn would be first." in table(board, EN)
    assert "전체 812표 가운데 17표를 빼면 1위 모델은 Moss Tarn입니다." in table(board, messages("ko"))
    one = replace(board.leaderboard, fragility=Fragility("Wren Sol", "<b>", 1, ()))
    assert "Without 1 of the 812 votes, &lt;b&gt; would be first." in table(replace(board, leaderboard=one), EN)
    none = replace(board.leaderboard, fragility=None)
    assert "First place" not in table(replace(board, leaderboard=none), EN)
    first, second, *_ = board.leaderboard.rows
    assert "First place" not in table(_with_rows(first, replace(second, component=2)), EN)


def test_only_short_records_are_marked_whatever_the_kind_of_the_board() -> None:
    """The kind of all other intervals is in the line below the table; marks repeated it in every row."""
    first, *rest = full_board().leaderboard.rows
    commons: tuple[IntervalKind, ...] = ("bootstrap", "sandwich", "jackknife")
    for common in commons:
        rows = [replace(first, interval="hessian"), *(replace(row, interval=common) for row in rest)]
        html = table(_with_rows(*rows), EN)
        assert [row[4][-1] == "†" for row in _Table(html).rows[1:]] == [True, *(False for _ in rest)]
        assert "† Approximate interval: the model has won or lost few points" in html
        assert html.count('class="note"') == 2


def test_names_are_shown_as_text() -> None:
    evil = replace(full_board().leaderboard.rows[0], model="<img src=x onerror=alert(1)>")
    assert "<img" not in table(_with_rows(evil), EN)


def test_every_bar_lies_within_the_width_of_its_cell() -> None:
    places = [float(at) for at in re.findall(r'(?:x1|x2|cx)="([\d.]+)%"', table(full_board(), EN))]
    assert places
    assert all(0 < at < 100 for at in places)


def test_a_model_without_an_interval_shows_its_rating_alone() -> None:
    html = table(_with_rows(BoardRow("Lone", 1, 1000.0, None, None, "none", 1, 0.5, 1, 1)), EN)
    assert _Table(html).rows[1][4] == "no interval"
    assert 'class="range' not in html


def test_models_without_connecting_battles_are_in_groups_and_the_page_says_why() -> None:
    first, second, *_ = full_board().leaderboard.rows
    html = table(_with_rows(first, replace(second, component=2)), EN)
    assert "Group 1" in html
    assert "Group 2" in html
    assert "cannot be compared" in html


def test_an_empty_board_says_so_and_lists_its_models() -> None:
    html = table(empty_board(), EN)
    assert "No vote has been counted yet" in html
    assert "<table" not in html
    assert "Models: Wren Sol, Moss Tarn, Fen Quill, Ash Lark" in _text(html)


def test_models_without_votes_are_listed_below_with_possible_reasons() -> None:
    board = full_board()
    waiting = replace(board, leaderboard=replace(board.leaderboard, unrated=("Dew Finch",)))
    assert "new or unavailable: Dew Finch" in _text(table(waiting, EN))


def test_the_line_under_the_table_has_votes_reasons_and_age() -> None:
    board = full_board()
    line = computed_line(board, board.computed_at + 130, EN)
    assert "Computed from 812 votes (31 more not counted: 18 stopped, 9 identical, 4 named their model)" in line
    computed, how = line.split("</p>")[:2]
    assert "2 min ago" in computed
    assert "revision" not in computed
    assert how.endswith('seed 0. <a href="./about">How ratings are computed</a>')


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(1.9, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")],
)
def test_the_age_is_in_its_largest_unit(seconds: float, age: str) -> None:
    board = full_board()
    assert f"· {age}<" in computed_line(board, board.computed_at + seconds, EN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_about_the_settings_has_its_translation(language: str) -> None:
    texts = messages(language)
    names = {key: set(re.findall(r"{(\w+)}", phrase)) for key, phrase in ENGLISH.items()}
    assert names == {key: set(re.findall(r"{(\w+)}", texts.texts[key])) for key in ENGLISH}


def test_the_settings_are_the_phrases_of_the_printed_table() -> None:
    usual = settings_line(Settings(), (), EN)
    assert usual.startswith("Bradley-Terry fit; ties and “neither” are half a win each; prior: 1 virtual tie")
    assert usual.endswith("95% intervals: percentile bootstrap, 1,000 rounds, seed 0.")
    assert "400 points are odds of 10 to 1" in usual
    online = settings_line(Settings(method="elo", k=16), (), EN)
    assert online.startswith("Online Elo in the order of the votes, K = 16, start 1000; ")


def test_the_settings_say_how_the_boards_own_intervals_are_made() -> None:
    assert "95% intervals: sandwich" in settings_line(Settings(), frozenset({"sandwich", "hessian"}), EN)
    rows = [replace(row, interval="sandwich") for row in full_board().leaderboard.rows]
    assert "intervals: sandwich" in computed_line(_with_rows(*rows), 0.0, EN)


def test_reasons_that_add_up_to_more_than_the_votes_left_out_are_explained() -> None:
    once = computed_line(replace(full_board(), exclusions={"stopped": 18, "no_answer": 2}, n_excluded=20), 0.0, EN)
    assert "several reasons" not in once
    twice = computed_line(replace(full_board(), exclusions={"stopped": 18, "no_answer": 2}, n_excluded=19), 0.0, EN)
    assert "(19 more not counted: 18 stopped, 2 empty; a vote can have several reasons)" in twice
