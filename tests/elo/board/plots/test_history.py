"""Ratings over time: exact places, one day, hostile names."""

from xml.etree import ElementTree

from elo.board.plots import History, RatedDay, history_figure, standalone
from elo.board.plots.drawing.markup import width

DAY = 86_400.0
HOSTILE = '</text><script>alert(1)</script>&"\x00\u202e'


def test_a_curve_and_its_band_lie_at_exact_places() -> None:
    """The scale is 900 to 1100 with a margin of 12 at each end, over 64 pixels: 1000 is in the middle."""
    days = (RatedDay(DAY, 1000, 900, 1100), RatedDay(3 * DAY, 1000, 900, 1100))
    figure = history_figure([History("wren", days)])
    assert 'class="curve" d="M0.0,32.00 L1000.0,32.00"' in figure
    top, bottom = 64 * 12 / 224, 64 * 212 / 224
    assert f",{top:.2f} L" in figure
    assert f",{bottom:.2f} Z" in figure
    assert "1970-01-01" in figure
    assert "1970-01-03" in figure
    assert "1000 (900–1100)" in figure


def test_the_wide_bands_of_the_first_days_do_not_flatten_the_curves() -> None:
    later = (RatedDay(3 * DAY, 1000, 900, 1100), RatedDay(4 * DAY, 1000, 900, 1100))
    first = (RatedDay(DAY, 1000, 400, 1600), RatedDay(2 * DAY, 1000, 700, 1300))
    figure = history_figure([History("wren", first + later)])
    assert f"L1000.0,{64 * 12 / 224:.2f}" in figure  # the last band's upper end, as above
    assert f"M0.0,{64 * (1112 - 1600) / 224:.2f}" in figure  # the first one's is beyond the edge


def test_one_day_is_a_dot_with_its_interval() -> None:
    figure = history_figure([History("wren", (RatedDay(DAY, 1000, 950, 1050),))])
    assert "<path" not in figure
    assert 'class="dot" cx="50.00%"' in figure
    assert 'class="range" x1="50.00%"' in figure


def test_without_intervals_there_is_no_band_and_a_name_is_only_text() -> None:
    days = (RatedDay(DAY, 1000), RatedDay(2 * DAY, 1010))
    figure = history_figure([History(HOSTILE, days), History("ash", days)], top=1)
    assert "band" not in figure
    assert "<script" not in figure
    assert "ash" not in figure
    for text in (figure, standalone(figure)):
        names = [node.text for node in ElementTree.fromstring(text).iter() if node.text and "alert(1)" in node.text]
        assert names[0].startswith("</text><script>")


def test_a_long_name_ends_before_its_rating_on_a_phone_and_is_whole_for_a_reader() -> None:
    name = "some-organisation/some-model-of-70b-parameters-instruct"
    figure = history_figure([History(name, (RatedDay(DAY, 1000, 950, 1050),))], title=f"Ratings of {name}")
    tree = ElementTree.fromstring(figure)
    shown = [node.text or "" for node in tree.iter() if node.tag.endswith("text")]
    cut = sorted(text for text in shown if "…" in text)
    assert all(whole.startswith(text[:-1]) for text, whole in zip(cut, (f"Ratings of {name}", name), strict=True)), cut
    assert all(width(text) <= most + 1 for text, most in zip(cut, (40, 30), strict=True))
    titles = [node.text for node in tree.iter() if node.tag.endswith("title")]
    assert titles[:2] == [f"Ratings of {name}", name]
