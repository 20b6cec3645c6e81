import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Settings, rate, rate_online
from elo.board.leaderboard import Leaderboard
from elo.board.matrices import Matrices
from elo.board.plots import (
    Axis,
    axis_strip,
    board_figure,
    document,
    interval_bar,
    matrix_table,
    standalone,
    style,
    write_figures,
)
from elo.board.plots import win_rates_figure as win_rates
from elo.board.plots.drawing.markup import cut

SVG = "{http://www.w3.org/2000/svg}"
NASTY = """<script>alert(1)</script> & "quotes" 'single'\x07\ud800"""
QUICK = Settings(bootstrap=50)


def board_of(*counts: tuple[str, str, Outcome, int]) -> tuple[Leaderboard, Matrices]:
    cells = Cells.from_counts(counts)
    K = len(cells.models)
    rounds = np.random.default_rng(0).normal(size=(40, K))
    return rate(cells, QUICK), Matrices.of(cells.pairs(), np.linspace(-1, 1, K), rounds=rounds)


PLAIN = board_of(
    ("lark", "wren", Outcome.A, 30),
    ("wren", "lark", Outcome.A, 10),
    ("wren", "owl", Outcome.B, 8),
    ("owl", "wren", Outcome.B, 4),
)


def texts(chart: str) -> list[str]:
    return [" ".join("".join(text.itertext()).split()) for text in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def percents(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.attrib[name].removesuffix("%")) for name in names]


def test_the_board_shows_every_model_with_rank_rating_and_interval_in_order() -> None:
    board, _ = PLAIN
    found = texts(board_figure(board))
    expected = [
        text
        for row in board.rows
        for text in (f"{row.rank_span} {row.model}", f"{row.rating:.0f} ({row.low:.0f} to {row.high:.0f})")
    ]
    assert [text for text in found if text in expected] == expected
    assert "95 % intervals." in found


def test_positions_are_proportional_to_ratings() -> None:
    board, _ = PLAIN
    chart = ElementTree.fromstring(board_figure(board))
    dots = [percents(dot, "cx")[0] for dot in chart.iter(f"{SVG}circle")]
    bars = [
        percents(line, "x1", "x2") for line in chart.iter(f"{SVG}line") if line.get("class") in ("range", "range wide")
    ]
    ticks = {
        float(text.text or ""): percents(text, "x")[0]
        for text in chart.findall(f"{SVG}text")
        if re.fullmatch(r"-?\d+", text.text or "")
    }
    (low, at_low), (high, at_high) = min(ticks.items()), max(ticks.items())
    per_point = (at_high - at_low) / (high - low)
    for row, dot, (left, right) in zip(board.rows, dots, bars, strict=True):
        assert row.low is not None
        assert row.high is not None
        for value, place in ((row.rating, dot), (row.low, left), (row.high, right)):
            assert place == pytest.approx(at_low + per_point * (value - low), abs=0.05)
            assert 0 < place < 100
    assert 3 <= len(ticks) <= 7


def test_a_bar_in_a_table_row_is_where_the_chart_has_it() -> None:
    board, _ = PLAIN
    axis = Axis.of_rows(board.rows)
    chart = ElementTree.fromstring(board_figure(board))
    for row, dot in zip(board.rows, chart.iter(f"{SVG}circle"), strict=True):
        bar = ElementTree.fromstring(interval_bar(row, axis))
        assert [circle.get("cx") for circle in bar.iter("circle")] == [dot.get("cx")]
        (interval,) = [line for line in bar.iter("line") if "range" in line.get("class", "")]
        assert row.low is not None
        assert row.high is not None
        assert (interval.get("x1"), interval.get("x2")) == (axis.at(row.low), axis.at(row.high))
        assert [line.get("x1") for line in bar.iter("line") if line.get("class") == "grid"] == [
            number.get("x") for number in ElementTree.fromstring(axis_strip(axis)).iter("text")
        ]


def test_an_axis_has_some_width_around_one_rating_and_few_round_ticks() -> None:
    board = rate_online([("lark", "wren", Outcome.TIE)], Settings(method="elo"))
    axis = Axis.of_rows(board.rows)
    assert axis.low < 1000 < axis.high
    assert axis.at(1000) == "50.00%"
    assert Axis.of([980, 1190]).ticks() == [1000, 1050, 1100, 1150, 1200]
    assert "range" not in interval_bar(board.rows[0], axis)


def test_wide_intervals_are_dashed_and_explained() -> None:
    chart = board_figure(board_of(("lark", "wren", Outcome.A, 5), ("owl", "wren", Outcome.TIE, 9))[0])
    assert 'class="range wide"' in chart
    assert 'class="hollow"' in chart
    assert "95 % intervals. Dashed: few points won or lost." in texts(chart)


def test_models_that_cannot_be_compared_are_in_groups() -> None:
    board, matrices = board_of(("lark", "wren", Outcome.A, 5), ("owl", "rook", Outcome.B, 9))
    found = texts(board_figure(board))
    assert found.index("Group 1") < found.index("1–2 lark") < found.index("Group 2, cannot be compared with the others")
    assert "Group" not in board_figure(PLAIN[0])
    assert "·" in matrix_table("predicted", matrices), "no prediction between groups"


def test_a_board_without_intervals_has_dots_only() -> None:
    board = rate_online([("lark", "wren", Outcome.A)], Settings(method="elo"))
    chart = board_figure(board)
    assert "Without intervals." in texts(chart)
    assert 'class="range' not in chart
    assert chart.count("<circle") == 2


def test_equal_ratings_and_an_empty_board_have_a_figure() -> None:
    board = rate_online([("lark", "wren", Outcome.TIE)], Settings(method="elo"))
    assert "1000" in texts(board_figure(board))
    empty = rate(Cells.from_counts([]), Settings())
    ElementTree.fromstring(board_figure(empty))


def test_win_rate_bars_are_as_long_as_the_rate_and_marks_are_the_observed_mean() -> None:
    _, matrices = PLAIN
    chart = ElementTree.fromstring(win_rates(matrices))
    bars = [percents(bar, "width")[0] for bar in chart.iter(f"{SVG}rect") if bar.get("class") == "bar"]
    marks = [percents(line, "x1")[0] for line in chart.iter(f"{SVG}line") if line.get("class") == "ink"]
    assert bars == pytest.approx(100 * matrices.average_win_rate, abs=0.006)
    assert marks == pytest.approx(100 * matrices.average_observed, abs=0.006)


class Cell(HTMLParser):
    """Collects (class, text) of every td."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[list[str]] = []
        self.is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.cells.append([dict(attrs).get("class") or "", ""])
            self.is_open = True

    def handle_data(self, data: str) -> None:
        if self.is_open:
            self.cells[-1][1] += data

    def handle_endtag(self, tag: str) -> None:
        self.is_open = False


def cells_of(table: str) -> list[list[str]]:
    parser = Cell()
    parser.feed(table)
    return parser.cells


def test_cells_are_shaded_by_how_far_they_are_from_even() -> None:
    matrices = Matrices(
        ("a", "b", "c"),
        np.array([[0, 4, 1], [4, 0, 0], [1, 0, 0]]),
        np.array([[np.nan, 0.999, 0.5], [0.001, np.nan, np.nan], [0.5, 0.25, np.nan]]),
        np.zeros((3, 3)),
        np.array([[np.nan, 1.0, 0.75], [0.0, np.nan, 0.5], [0.25, 0.5, np.nan]]),
        np.zeros(3),
        np.zeros(3),
    )
    assert cells_of(matrix_table("observed", matrices)) == [
        ["", ""], ["u8", ">99"], ["", "50"], ["d8", "<1"], ["", ""], ["none", "·"], ["", "50"], ["d4", "25"], ["", ""],
    ]  # fmt: skip
    assert cells_of(matrix_table("better", matrices))[1:4] == [["u8", "100"], ["u4", "75"], ["d8", "0"]]
    assert cells_of(matrix_table("battles", matrices))[1:4] == [["u8", "4"], ["u4", "1"], ["u8", "4"]]
    shades = {shade for name in ("u", "d") for shade in re.findall(rf"\.{name}(\d) ", style())}
    assert shades == set("12345678"), "every level has a colour"


def test_better_without_a_bootstrap_is_refused() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.A, 1)])
    with pytest.raises(ValueError, match="no bootstrap"):
        matrix_table("better", Matrices.of(cells.pairs(), np.zeros(2)))


def test_names_of_strangers_are_text_everywhere(tmp_path: Path) -> None:
    board, matrices = board_of((NASTY, "wren", Outcome.A, 5), (NASTY, "wren", Outcome.B, 4))
    for path in write_figures(tmp_path / "figures", board, matrices):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert "\x07" not in text
        if path.suffix == ".svg":
            ElementTree.fromstring(text)


def test_long_names_are_cut_on_phones_very_long_ones_everywhere_and_whole_in_their_titles() -> None:
    long = "mistral-large-2407-instruct-" + "experimental-" * 4
    board, _ = board_of((long, "wren", Outcome.A, 5), (long, "wren", Outcome.B, 4))
    chart = ElementTree.fromstring(board_figure(board))
    assert long in [title.text for title in chart.iter(f"{SVG}title")]
    shown = {part.get("class"): part.text for part in chart.iter(f"{SVG}tspan")}
    assert shown["full"] == "mistral-large-2407-instruct-experimental-exper…"
    assert shown["short"] == "mistral-large-2407-in…"


def test_names_are_cut_by_their_width() -> None:
    """48 letters of East Asia are as wide as 96 others, and ran into the rating."""
    assert cut("가" * 24, 48) == "가" * 24
    assert cut("가" * 25, 48) == "가" * 23 + "…"
    assert cut("a" * 49, 48) == "a" * 47 + "…"
    assert cut("W" * 33, 48) == "W" * 31 + "…"


MANY = [f"model-{i:02}" for i in range(41)]


def test_a_chart_of_many_models_shows_the_first_and_counts_them() -> None:
    """129 models made a figure 5,500 pixels high."""
    rounds = [(MANY[i], MANY[i + 1], outcome, 3 + i) for i in range(40) for outcome in (Outcome.A, Outcome.B)]
    board, matrices = board_of(*rounds)
    matrices = matrices.ordered([row.model for row in board.rows])
    charts = [(board_figure(board), 40), (board_figure(board, top=3), 3), (board_figure(board, top=0), 41)]
    charts += [(win_rates(matrices), 40), (win_rates(matrices, top=3), 3), (win_rates(matrices, top=0), 41)]
    for chart, n in charts:
        root = ElementTree.fromstring(chart)
        titles = [title.text for group in root.findall(f"{SVG}g") for title in group.findall(f"{SVG}title")]
        assert titles == [row.model for row in board.rows][:n]
        assert (f"The first {n} of 41 models." in chart) == (n < 41)
        assert int(root.attrib["height"]) == 50 + 42 * n + 28
    # By group, as they are drawn.
    board, _ = board_of(*rounds[:4], ("x", "y", Outcome.A, 40))
    assert texts(board_figure(board, top=4))[-2].endswith(" x")


def test_a_file_needs_no_style_sheet_and_has_a_size_with_its_margins() -> None:
    """As an <img> figures were cut at their edges, and converters called their size undefined."""
    board, matrices = board_of(
        ("lark", "wren", Outcome.A, 5), ("owl", "wren", Outcome.TIE, 9), (NASTY, "x", Outcome.A, 3)
    )
    for chart in (board_figure(board), win_rates(matrices)):
        file = standalone(chart)
        root = ElementTree.fromstring(file)
        width, height = int(root.attrib["width"]), int(root.attrib["height"])
        assert root.attrib["viewBox"] == f"0 0 {width} {height}"
        assert "var(" not in file
        assert "%" not in "".join(value for element in root.iter() for value in element.attrib.values())
        assert not [element for element in root.iter(f"{SVG}svg") if element is not root]
        for element in root.iter():
            tag = element.tag.removeprefix(SVG)
            if tag in ("line", "text", "tspan", "rect", "circle"):
                painted = {"line": "stroke", "tspan": "class"}.get(tag, "fill")
                assert painted in element.attrib, (tag, element.attrib)
            for name in ("x", "x1", "x2", "cx"):
                if name in element.attrib and element.get("class") != "ground":
                    assert 16 <= 16 + float(element.attrib[name]) <= width - 16
        assert [part.get("class") for part in root.iter(f"{SVG}tspan")].count("short") == 0
        assert sum(1 for _ in root.iter(f"{SVG}style")) == 1
        assert "prefers-color-scheme: dark" in file


def test_a_file_has_the_colours_of_the_style_sheet() -> None:
    board, _ = PLAIN
    root = ElementTree.fromstring(standalone(board_figure(board)))
    (ground,) = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "ground"]
    assert ground.get("fill") == "#FFFFFF"
    assert {line.get("stroke") for line in root.iter(f"{SVG}line") if "range" in line.get("class", "")} == {"#4338CA"}
    assert {dot.get("fill") for dot in root.iter(f"{SVG}circle") if dot.get("class") == "dot"} == {"#4338CA"}
    style = next(root.iter(f"{SVG}style")).text or ""
    assert ".ground { fill: #0E1116 }" in style
    assert ".range { stroke: #A5ABFF }" in style


def test_write_figures_writes_what_its_data_allow(tmp_path: Path) -> None:
    board, matrices = PLAIN
    names = [path.name for path in write_figures(tmp_path, board)]
    assert names == ["board.svg", "index.html"]
    names = [path.name for path in write_figures(tmp_path, board, matrices)]
    tables = ["battles.html", "observed.html", "predicted.html", "better.html"]
    assert names == ["board.svg", "win-rates.svg", *tables, "index.html"]
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert index.count('class="chart"') == 2
    assert index.count('class="matrix"') == 4
    assert "Bradley-Terry fit; ties and both-bad are half a win each" in index
    (tmp_path / "mine.html").write_text("kept")
    without = replace(matrices, better=None)
    write_figures(tmp_path, board, without)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == set(names) - {"better.html"} | {"mine.html"}, "what is there belongs together"


def test_tables_and_charts_are_in_the_order_of_the_board(tmp_path: Path) -> None:
    board, matrices = board_of(
        ("wren", "lark", Outcome.A, 9), ("wren", "owl", Outcome.A, 3), ("owl", "wren", Outcome.A, 1)
    )
    write_figures(tmp_path, board, matrices)
    order = [row.model for row in board.rows]
    assert order != sorted(order)
    shown = texts((tmp_path / "win-rates.svg").read_text(encoding="utf-8"))
    assert [text for text in shown if text in order] == order
    rows = re.findall(r'<th scope="row" title="(\w+)"', (tmp_path / "battles.html").read_text(encoding="utf-8"))
    assert rows == order


def test_a_folder_without_a_parent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_figures(tmp_path / "none" / "figures", PLAIN[0])


def test_no_number_is_shown_that_is_none() -> None:
    board, matrices = board_of(("lark", "wren", Outcome.A, 5), ("owl", "rook", Outcome.B, 9))
    alone = Matrices(
        ("lark",), np.zeros((1, 1), dtype=np.int64), np.full((1, 1), math.nan), np.full((1, 1), math.nan), None,
        np.full(1, math.nan), np.full(1, math.nan),
    )  # fmt: skip
    for text in (board_figure(board), win_rates(matrices), matrix_table("observed", matrices), win_rates(alone)):
        assert "nan" not in text
        assert "None" not in text
    assert "alone" in texts(win_rates(alone))


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api")
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Debian's Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1200])
def test_a_page_of_figures_fits_the_screen_and_follows_the_readers_colours(
    chromium: object, tmp_path: Path, width: int
) -> None:
    names = [f"a-model-with-a-rather-long-name-{i:02}" for i in range(30)]
    board, matrices = board_of(*((a, b, Outcome.A, 2) for a in names for b in names if a != b))
    write_figures(tmp_path, board, matrices)
    grounds = []
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[attr-defined]
        page.goto((tmp_path / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width, "tables scroll in their own place"
        overlaps = page.evaluate(
            """[...document.querySelectorAll('.chart > g')].filter(g => {
                 const [name, value] = [...g.querySelectorAll('text')].map(t => t.getBoundingClientRect());
                 return name.right > value.left || value.right > innerWidth || name.left < 0; }).length"""
        )
        assert overlaps == 0
        grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        page.close()
    assert grounds == ["rgb(255, 255, 255)", "rgb(14, 17, 22)"]


@pytest.mark.browser
def test_a_file_is_not_cut_as_an_image(chromium: object, tmp_path: Path) -> None:
    names = ["W" * 60, "가나다라" * 15, "a-model-with-a-rather-long-name-" * 2, "wren", "new"]
    pairs = [(a, b, Outcome.A, 9) for a in names[:4] for b in names[:4] if a != b]
    board, matrices = board_of(*pairs, ("new", "wren", Outcome.A, 2), ("x", "y", Outcome.A, 3))
    write_figures(tmp_path, board, matrices)
    page = chromium.new_page(viewport={"width": 1000, "height": 800})  # type: ignore[attr-defined]
    for name in ("board.svg", "win-rates.svg"):
        page.goto((tmp_path / name).as_uri())
        root = ElementTree.fromstring((tmp_path / name).read_text(encoding="utf-8"))
        width, height = int(root.attrib["width"]), int(root.attrib["height"])
        boxes = page.evaluate(
            "[...document.querySelectorAll('text, line, circle, g rect')].map(e => e.getBoundingClientRect().toJSON())"
        )
        assert len(boxes) > 20
        for box in boxes:
            assert 8 <= box["left"] <= box["right"] <= width - 8
            assert 8 <= box["top"] <= box["bottom"] <= height - 8
        overlaps = page.evaluate(
            """[...document.querySelectorAll('g:has(> title)')].filter(g => {
                 const [name, value] = [...g.querySelectorAll('text')].map(t => t.getBoundingClientRect());
                 return name.right > value.left; }).length"""
        )
        assert overlaps == 0
        page.goto("about:blank")
        (tmp_path / "page.html").write_text(f'<img src="{name}">')
        page.goto((tmp_path / "page.html").as_uri())
        sizes = page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
        assert sizes == [width, height]
    page.close()


def test_a_document_has_its_title_and_loads_nothing() -> None:
    page = document("A & B", "<p>x</p>")
    assert "<title>A &amp; B</title>" in page
    assert "http" not in page
    assert standalone(board_figure(PLAIN[0])).count("http") == 1, "the name space alone"
