"""Text from visitors and settings files, made safe to show.

Answers of models are Markdown, which `markup` reads.
"""

import html
import re

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\ue003\ud800-\udfff\u2028\u2029]")


def cleaned(text: str) -> str:
    """Return the text with uniform line ends, and U+FFFD for each character that cannot be shown: controls, halves of
    surrogate pairs, and the four that mark the start and end of a formula on the page."""
    return _UNSHOWABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped(text: str) -> str:
    """Return the cleaned text for a line of HTML. `%` is escaped too, because the page's own Markdown reader takes
    `%%%LATEX_BLOCK_0%%%` for a formula that it has set aside."""
    return html.escape(cleaned(text)).replace("%", "&#37;").replace("\n", "&#10;").replace("\t", "&#9;")


def plain(text: str) -> str:
    """Return one line of HTML that shows exactly this text; line ends become `<br>`.

    It is one line because Markdown ends a block of HTML at an empty line.
    """
    return escaped(text).replace("&#10;", "<br>")
