"""Names that look the same but differ: by spaces, by how accents are encoded, by characters that cannot be seen."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_HYPHENS = re.compile("[\u2010\u2011]")
_SPACES = re.compile(r"\s+")


def folded(name: str) -> str:
    """The name without characters that cannot be seen and without spaces at its ends, with one space for several of any
    kind, with one kind of hyphen, and in Unicode's form NFC. Case stays."""
    if name.isascii() and name.isprintable() and "  " not in name and name == name.strip():
        return name
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _HYPHENS.sub("-", _UNSEEN.sub("", name))).strip())


def lookalikes(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The groups of different names that are one when folded, in the order of the names."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[folded(name)].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def spelled(name: str) -> str:
    """The name in quotes, with what cannot be seen in it as escapes: 'b ', 'Cafe\\u0301'."""
    is_composed = unicodedata.is_normalized("NFC", name)
    return "'" + "".join(one if _is_seen(one, is_composed) else ascii(one)[1:-1] for one in name) + "'"


def _is_seen(one: str, is_composed: bool) -> bool:
    if one == " " or one.isascii():
        return one.isprintable()
    is_odd = _UNSEEN.match(one) or _HYPHENS.match(one)
    return is_composed and unicodedata.category(one)[0] in "LNPS" and not is_odd
