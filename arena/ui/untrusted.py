"""Text that others wrote, made safe to show as it is: a visitor's prompt, a model's name. What a model answered is read
as Markdown, by `markup`."""

import html
import re

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\ue003\ud800-\udfff\u2028\u2029]")


def cleaned(text: str) -> str:
    """The text with all line ends alike, and each character that cannot be shown as U+FFFD: controls, halves of
    surrogate pairs, and the four that the page takes for the beginning and the end of a formula."""
    return _UNSHOWABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(text: str) -> str:
    """The text, cleaned, within a line of HTML. `%` too, because the page's own Markdown reader takes
    `%%%LATEX_BLOCK_0%%%` for a formula that it has set aside."""
    return html.escape(cleaned(text)).replace("%", "&#37;").replace("\n", "&#10;").replace("\t", "&#9;")


def plain(text: str) -> str:
    """Text of a person or a settings file as one line of HTML that shows exactly it; line ends become `<br>`.

    One line, because Markdown ends a block of HTML at an empty line.
    """
    return escaped(text).replace("&#10;", "<br>")
