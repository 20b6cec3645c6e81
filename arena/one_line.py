"""One line of text as people type it: what to look for, tags, names of decks and campaigns.

It has no control character, no separator of lines or paragraphs and no half of a surrogate pair: these would break a
table, a file or a database. Format characters are text like any other: the joiner of emoji (U+200D), the non-joiner of
Persian (U+200C), marks of direction (U+200E, U+200F). So are emoji that are newer than Python's tables, which
`str.isprintable` refuses too.
"""

import re
from unicodedata import category, normalize

_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They change the direction of the text that follows, and come along with copied text."""


def is_one_line(text: str) -> bool:
    """Whether the text has only characters of one line.

    >>> is_one_line("👩‍💻"), is_one_line("می‌خواهم"), is_one_line("a\\tb")
    (True, True, False)
    """
    return text.isprintable() or not any(category(character) in _BREAKS for character in text)


def is_name(text: str, *, most: int) -> bool:
    """Whether the text can be a name: one line of at most `most` characters, some of them visible, with no space at
    its ends."""
    is_visible = any(character.isprintable() and not character.isspace() for character in text)
    return is_visible and len(text) <= most and text == text.strip() and is_one_line(text)


def without_directions(text: str) -> str:
    """Return the text without characters that turn what stands behind it."""
    return _DIRECTIONS.sub("", text)


def folded(text: str) -> str:
    """Return the text as a search compares it: small letters, full-width letters as plain ones (as East Asian keyboards
    write them), composed accents, and without invisible format characters, which copied names may have.

    >>> folded("Ｍistral\\u200b ７B")
    'mistral 7b'
    """
    whole = normalize("NFKC", text).casefold()
    return normalize("NFKC", "".join(character for character in whole if category(character) != "Cf"))
