"""Find answers that name their own model.

Only answers are read, never prompts. There are two ways to leak, both at word boundaries ("bard" is not in "bombard"):

1. *The own name*: the answer contains its model's name as the roster spells it; spaces, hyphens, dots and underscores
   are equivalent ("wren sol" for `Wren-Sol`). A name that is one plain word (`Gemini`, `Falcon`) may be an ordinary
   word, so only the second way applies to it.
2. *A claim*: it says to be X or to come from X ("I'm X", "my name is X", "as X, I", "trained by X", "X made me",
   "you are talking to X", and the Korean for these), where X is a name, family or organisation of the roster or a
   well-known name. A false claim ("I am ChatGPT" by another model) counts too, because voters believe it.

Not a leak: the name of *another* model without such words, well-known names in passing ("google it", "Claude Monet
painted"), negations ("I am not ChatGPT"), and what is quoted: within quotation marks, code, or lines that begin with >.
`claims` has the patterns; docs/battles.md states precision and recall on answers of our own
(tests/data/self_naming.csv).
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from arena.rules.claims import CLOSE, KNOWN_NAMES, NAME, OPEN, SEPARATORS, any_of, claims, mention

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff]")
_QUOTATION = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`|^[ ]{0,3}>[^\n]*$"
    r'|"[^"\n]{1,300}"|“[^“”\n]{1,300}”|‘[^‘’\n]{1,300}’|「[^「」\n]{1,300}」|『[^『』\n]{1,300}』'
    r"|(?<!\w)'[^'\n]{1,300}'(?![a-zA-Z])",
    re.DOTALL | re.MULTILINE,
)
"""Code, quoted lines, and text in quotation marks."""
_OURS = str.maketrans("", "", OPEN + CLOSE + NAME)
_MARKS = "`“”‘’「」『』> '\""
_QUOTED = re.compile(f"{OPEN}[^{CLOSE}]*{CLOSE}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one model."""

    name: str
    family: str | None = None
    organisation: str | None = None

    def all(self) -> tuple[str, ...]:
        return tuple(term for term in (self.name, self.family, self.organisation) if term)


def names_itself(answers: Iterable[str], own: Names, roster: Iterable[Names]) -> bool:
    """Whether one of a side's answers names the model `own`, or claims to be any known model."""
    known = frozenset(term for names in (own, *roster) for term in names.all()) | frozenset(KNOWN_NAMES)
    names = any_of(tuple(sorted({_normal(term) for term in known})))
    own_name = _mention(own.name)
    return any(
        _claims_a_name(names, text) or (own_name is not None and _is_said(own_name, text))
        for text in (_normal(answer) for answer in answers)
    )


def _claims_a_name(names: re.Pattern[str], text: str) -> bool:
    named, n_names = names.subn(NAME, text)
    return n_names > 0 and _is_said(claims(), named)


def _is_said(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern matches outside of quotations. A quotation that has nothing but the match says it too
    (`I'm "Wren Sol"`), and so does an answer that is one quotation."""
    quotations = list(_QUOTED.finditer(text))
    n_alnum = [_n_alnum(quotation[0]) for quotation in quotations]
    n_all = _n_alnum(text)
    starts = [quotation.start() for quotation in quotations]

    def is_quoted(found: re.Match[str]) -> bool:
        last = bisect_left(starts, found.start()) - 1  # the last quotation that begins before the match
        return last >= 0 and n_all > n_alnum[last] and _is_quoted(found, quotations[last])

    return any(not is_quoted(found) for found in pattern.finditer(text))


def _is_quoted(found: re.Match[str], quotation: re.Match[str]) -> bool:
    is_inside = quotation.start() < found.start() and found.end() <= quotation.end()
    others = quotation[0].replace(found[0], "", 1)
    return is_inside and ((" " in found[0].strip() and found.re.groups > 0) or _has_word(others))


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _n_alnum(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _normal(text: str) -> str:
    """Normalise compatibility forms, case, apostrophes and the marks of quotations; remove invisible characters and
    Markdown's emphasis."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_OURS)))
    text = _QUOTATION.sub(lambda found: f"{OPEN}{found[0].strip(_MARKS)}{CLOSE}", text)
    return text.replace("’", "'").replace("*", "").replace("`", "").casefold()


@lru_cache(maxsize=1024)
def _mention(name: str) -> re.Pattern[str] | None:
    """Match the name anywhere in a text; None for a name that is one plain word."""
    words = SEPARATORS.split(_normal(name))
    if len(words) == 1 and words[0].isalpha():
        return None
    return mention(words)
