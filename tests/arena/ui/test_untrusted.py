"""Text from visitors is shown as text."""

from html.parser import HTMLParser

import pytest

from arena.ui.untrusted import cleaned, plain


def test_plain_text_is_one_line_of_html_that_reads_back_the_same() -> None:
    text = "a <b> & \"quoted\"\r\n\n  # not a heading\n'x'"
    line = plain(text)
    assert "\n" not in line

    class Reader(HTMLParser):
        read = ""

        def handle_data(self, data: str) -> None:
            self.read += data

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "br"
            self.read += "\n"

    reader = Reader()
    reader.feed(line)
    reader.close()
    assert reader.read == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x00", "\ufffd[31mred\ufffd"),
        ("\ud83d alone", "\ufffd alone"),
        ("\ue000x\ue001", "\ufffdx\ufffd"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\ufffdd"),
        ("\U0001f469\u200d\U0001f467 \u05d0\u202e", "\U0001f469\u200d\U0001f467 \u05d0\u202e"),
    ],
)
def test_characters_that_cannot_be_shown_are_replaced(text: str, shown: str) -> None:
    assert cleaned(text) == shown


def test_no_text_can_pose_as_a_formula_that_the_page_has_set_aside() -> None:
    assert "%" not in plain("%%%LATEX_BLOCK_0%%%")
