"""What a prompt is about and its language, as they are stored with a battle when the prompt arrives.

The rules for tags, which /about states in the same words (`about_labels`):

    code            text between ` or ```; a line that ends in { or } or ); or that has = and ends in ; or that begins
                    with #include, def NAME(, class Name, import NAME, from NAME import, function NAME(, an HTML tag,
                    or const, let or var NAME =; or a line of SQL: SELECT ... FROM, INSERT INTO or CREATE TABLE
    number          how many, how much, what percentage, calculate, compute, count the, or sum, product, difference,
                    average or square root of; two numbers with an operator between them, such as 12 * 7; in Korean
                    몇 (but 몇 가지), 얼마, 계산, 더하기, 빼기, 곱하기, 나누기
    long            500 characters or more
    several turns   the visitor asked the same two models again

A battle has the tags of all its prompts, and those of its example or deck. Its language is that of the first prompt
whose language can be told: code blocks and addresses are left out, and a text that is too short to tell has none. The
library is `py3langid`, among 30 languages, because with all of its 140 a short prompt is often taken for a rare one.

A tag says what a prompt looks like. It changes no rating, and no rule of `ledger` reads it.
"""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

RULE_TAGS: Final = ("code", "number", "long", "several turns")
LONG_CHARS = 500
_LANGUAGES = "ar bn cs da de el en es fa fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk vi zh"
LANGUAGES: Final = tuple(_LANGUAGES.split(" "))
"""ISO 639-1 codes."""
_READ_CHARS = 2000
"""Characters from which a language is told; reading them takes 0.2 ms."""
_LEAST_CONFIDENCE = 0.15
"""Of the library. Of the test's 60 short prompts three are below it, and for two of them its language is wrong."""

_NAME = r"[A-Za-z_$][\w$.]{0,100}"
_QUOTED = re.compile(r"```|`[^`\n]+`")
_BEGINS_AS_CODE = re.compile(
    rf"\#include\b|def {_NAME} ?\(|class [A-Z]\w{{0,100}} ?[(:{{]|import {_NAME}$|from {_NAME} import\b"
    rf"|function {_NAME} ?\(|(?:const|let|var) {_NAME} ?="
    r"|</?(?:html|head|body|div|span|p|a|img|ul|ol|li|table|script|style|form|input|button)\b[^<>]{0,200}>"
)
_SQL = ("select * from", "INSERT INTO", "CREATE TABLE")
_NUMBER = re.compile(
    r"\bhow (?:many|much)\b|\bwhat percentage\b|\b(?:calculate|compute|count the)\b"
    r"|\b(?:sum|product|difference|average|square root) of\b"
    r"|(?<![\d.,])\d[\d.,]*+(?: ?[+*×÷^] ?| [-/−x] | (?:plus|minus|times|divided by) )\d"
    r"|몇(?!몇| ?가지)|얼마|계산|더하기|빼기|곱하기|나누기",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")


@dataclass(frozen=True, slots=True)
class Labels:
    """Tags in the order of `RULE_TAGS`, then the given ones; the language, None if it cannot be told."""

    tags: tuple[str, ...]
    language: str | None


def labels_of(prompt: str, *, own: Iterable[str] = (), is_first: bool = True) -> Labels:
    """Return the labels of one prompt; `own` are the tags of its example or deck.

    >>> labels_of("How many words are in `one two three`?", own=["words"]).tags
    ('code', 'number', 'words')
    """
    found = {
        "code": _QUOTED.search(prompt) is not None or any(map(_is_code, prompt.splitlines())),
        "number": _NUMBER.search(prompt) is not None,
        "long": len(prompt) >= LONG_CHARS,
        "several turns": not is_first,
    }
    tags = [tag for tag in RULE_TAGS if found[tag]]
    return Labels(tuple(dict.fromkeys([*tags, *own])), language_of(prompt))


def _is_code(line: str) -> bool:
    """Only searches that take time in proportion to the line, which may be a million characters."""
    line = line.strip()
    return (
        line.endswith(("{", "}", ");"))
        or (line.endswith(";") and "=" in line)
        or _BEGINS_AS_CODE.match(line) is not None
        or any(part in line for part in _SQL)
        or ("SELECT " in line and " FROM " in line)
    )


def language_of(prompt: str) -> str | None:
    """Return the ISO 639-1 code of the prompt's language, None if it cannot be told. The first call of a process loads
    the library's model (0.5 s, 60 MB), unless `warm_up` has."""
    text = _ADDRESS.sub(" ", _BLOCK.sub(" ", prompt[: 2 * _READ_CHARS]))[:_READ_CHARS].strip()
    if not any(letter.isalpha() for letter in text):
        return None
    language, _ = _classifier()(text)
    return language if language in LANGUAGES else None


def warm_up() -> None:
    """Load the model, so that no visitor waits for it. Call it in a thread."""
    _classifier()("warm up")


class _Loaded:
    """The model, loaded once."""

    classify: Callable[[str], tuple[str, float]] | None = None
    lock = threading.Lock()


def _classifier() -> Callable[[str], tuple[str, float]]:
    with _Loaded.lock:
        if _Loaded.classify is None:
            _Loaded.classify = _load()
        return _Loaded.classify


def _load() -> Callable[[str], tuple[str, float]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    every = LanguageIdentifier.from_model_file(MODEL_FILE)
    every.set_languages(LANGUAGES)
    # Made anew, because `set_languages` keeps the numbers of the languages that it leaves out (20 MB).
    chosen = LanguageIdentifier(
        every.nb_ptc,
        every.nb_pc,
        every.nb_classes,
        every.tk_nextmove,
        every.tk_output,
        norm_probs=True,
        min_confidence=_LEAST_CONFIDENCE,
        tk_row=every.tk_row,
    )
    classify: Callable[[str], tuple[str, float]] = chosen.classify
    return classify
