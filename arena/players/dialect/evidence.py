"""Find the parameter that a refusal names, so that the request can be sent again without it.

`refused(status, body, names, sent)` reads the body of a 400 or 422 (or of a 500: chat templates fail with one) and
returns the parameter to leave out, or None. Evidence is:

    a field      `param`, FastAPI's `detail[].loc`, and the names that other validators use
    a phrase     "unsupported", "unrecognised", "unknown", "unexpected", "extra", "deprecated", "not allowed" or "not
                 permitted" beside the name, with only words such as "parameter", "is" or "on this model" between
    both         temperature and top_p exclude each other: top_p is left out
    no system    the wordings of chat templates that have no system role

Words that our own messages contain are not evidence (`quotes`). A prompt that is too long is ruled out first:
"max_tokens is too large" is about a length.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from arena.players.dialect.quotes import STOPS, Echo, Said, read, tokens_of
from arena.players.dialect.refusals import parsed_error, too_long_of

STATUSES = (400, 422, 500)

_BAD = re.compile(
    r"(?:unsupported|unrecogni[sz]ed|unknown|unexpected|extra|extraneous|deprecated|disallowed|forbidden)"
    r"(?:_(?:parameter|value|argument|field|keys?|inputs?))?"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT = _words(
    "supported support allowed allow permitted permit accepted accept recognized recognised recognize enabled available"
    " implemented configurable adjustable expected"
)
_NOT_BE = _words("set used specified provided passed sent changed modified included present configured")
_FILLERS = _words(
    "parameter parameters param params argument arguments field fields key keys property properties option options"
    " value values input inputs name names keyword request body json payload object supplied found provided given"
    " passed received set in the a an s on with by for this these that which of is are was were be been being has have"
    " currently yet explicitly to at from following got it its and or nor not allowed permitted supported chat"
    " completion completions true false type loc msg"
)
_ROLE_FILLERS = _FILLERS | _words("role roles message messages prompt prompts instruction instructions first")
_MODEL_BEFORE = _words("this the that selected chosen your")
_MAX_FILLERS = 10
_BAD_WORDS = re.compile(rf"\b{_BAD.pattern}\b|not (?:supported|allowed|permitted)")
_SIZES = re.compile(r"too (?:large|high|big|long)|exceed|at most|(?:less|greater) than|maximum|between|must be")

_EXCLUSIVE = re.compile(
    r"\bboth\b|only one|(?:specify|use|set|provide|choose) one|mutually exclusive|at the same time|simultaneously"
    r"|together|\beither\b|not .{0,20}\bwith\b"
)
_NO_SYSTEM = tuple(
    re.compile(pattern)
    for pattern in (
        r"roles? (?:must|should|need to|have to) (?:strictly )?alternate",
        r"must alternate between",
        r"only (?:the )?user,? (?:and|or|/)? ?(?:assistant|model)",
        r"only (?:the )?(?:user|assistant) [a-z ,]{0,40}roles? (?:are|is) (?:supported|allowed)",
        r"(?:should be|must be|one of|permitted|expected|valid role|valid roles|are) (?:one of |either )?"
        r"(?:the )?(?:user|human)(?: or| and)? (?:assistant|model)",
        r"(?:must|should|has to) (?:start|begin) with (?:a |an )?(?:user|human)",
        r"first message (?:must|should|has to) (?:be|have|come)[a-z ]{0,20} user",
        r"(?:invalid|bad|illegal|wrong) (?:message )?role system",
        r"system (?:is|was) not (?:a|an|one of)[a-z ]{0,20} role",
    )
)


def refused(status: int, body: bytes, names: Mapping[str, str], sent: Mapping[str, Any]) -> str | None:
    """Return the parameter of ours that a refusal names, or None.

    `names` maps the optional parameters of the body that was `sent`, as spelled there, to our names. "system" is the
    system role of the messages.
    """
    if status not in STATUSES or too_long_of(parsed_error(body)) is not None:
        return None
    messages: Sequence[Mapping[str, Any]] = sent["messages"]
    has_system = bool(messages) and messages[0].get("role") == "system"
    echo = Echo([str(message.get("content", "")) for message in messages])
    said = read(body, echo)
    texts = [tokens_of(text) for text in said.texts]
    ours = {**names, **({"system": "system", "developer": "system"} if has_system else {})}
    found = (
        _exclusive(texts, names, echo)
        or _named_by_field(said, ours, has_system)
        or (_no_system(texts, echo) if has_system else None)
        or next((found for tokens in texts if (found := _named_by_phrase(tokens, ours, echo))), None)
        or _no_whole_top_p(texts, names, sent, echo)
    )
    return None if found == "max_tokens" and _is_about_size(texts) else found


def _named_by_field(said: Said, ours: Mapping[str, str], has_system: bool) -> str | None:
    for words in said.fields:
        if (
            has_system
            and {"messages", "role"} <= set(words)
            and all(int(word) == 0 for word in words if word.isdecimal())
        ):
            return "system"
        for word in words:
            if word == "messages":
                break
            if word in ours:
                return ours[word]
    return None


def _exclusive(texts: Sequence[list[str]], names: Mapping[str, str], echo: Echo) -> str | None:
    if not {"temperature", "top_p"} <= set(names.values()):
        return None
    theirs = {ours: name for name, ours in names.items()}
    for tokens in texts:
        places = [[at for at, token in enumerate(tokens) if token == theirs[ours]] for ours in ("temperature", "top_p")]
        for first in places[0]:
            for second in places[1]:
                low, high = min(first, second), max(first, second)
                around = tokens[max(0, low - 8) : high + 12]
                is_near = high - low <= 6
                if is_near and _EXCLUSIVE.search(" ".join(around)) and not echo.covers(tokens, low, low, high):
                    return "top_p"
    return None


def _no_whole_top_p(
    texts: Sequence[list[str]], names: Mapping[str, str], sent: Mapping[str, Any], echo: Echo
) -> str | None:
    """TGI accepts only a top_p below 1. Leaving out 1 means the same."""
    for name, ours in names.items():
        if ours == "top_p" and sent.get(name) == 1.0:
            for tokens in texts:
                for at, token in enumerate(tokens):
                    if (
                        token == name
                        and tokens[at + 1 : at + 3] == ["must", "be"]
                        and not echo.covers(tokens, at, at, at)
                    ):
                        return "top_p"
    return None


def _no_system(texts: Sequence[list[str]], echo: Echo) -> str | None:
    for tokens in texts:
        words = " ".join(token for token in tokens if token not in STOPS)
        if "optional system message" in words:  # as in Mistral's published templates, which have a system role
            continue
        for pattern in _NO_SYSTEM:
            if (found := pattern.search(words)) and not echo.has(found[0].split()):
                return "system"
    return None


def _named_by_phrase(tokens: list[str], ours: Mapping[str, str], echo: Echo) -> str | None:
    for at, token in enumerate(tokens):
        if (name := ours.get(token)) is None:
            continue
        fillers = (_ROLE_FILLERS if name == "system" else _FILLERS) | set(ours)
        left, right = _to_the_left(tokens, at, fillers), _to_the_right(tokens, at, fillers)
        if left is not None and not echo.covers(tokens, left, at, at):
            return name
        if right is not None and not echo.covers(tokens, at, at, right):
            return name
    return None


def _to_the_left(tokens: list[str], at: int, fillers: frozenset[str] | set[str]) -> int | None:
    """Return where a phrase begins that calls the name after it unsupported."""
    for place in range(at - 1, max(-1, at - 2 - _MAX_FILLERS), -1):
        word = tokens[place]
        if _BAD.fullmatch(word) or (word == "not" and tokens[place + 1] in _NOT):
            return place
        if word == "model" and tokens[place - 1 : place] and tokens[place - 1] in _MODEL_BEFORE:
            continue
        if word not in fillers and word not in _NOT and not word[0].isdigit():
            return None
    return None


def _to_the_right(tokens: list[str], at: int, fillers: frozenset[str] | set[str]) -> int | None:
    """Return where a phrase ends that calls the name before it unsupported."""
    for place in range(at + 1, min(len(tokens), at + 2 + _MAX_FILLERS)):
        word = tokens[place]
        after = tokens[place + 1 : place + 3]
        if _BAD.fullmatch(word):
            return place
        if word == "not" and after:
            if after[0] in ("yet", "currently", "longer") and after[1:] and after[1] in _NOT:
                return place + 2
            if after[0] in _NOT:
                return place + 1
            if after[0] == "be" and after[1:] and after[1] in _NOT_BE:
                return place + 2
        if word == "no" and after[:1] == ["longer"]:
            return place + 1
        if word == "only" and _only_one_value(tokens[place : place + 8]):
            return place + 1
        if word in ("can", "must", "should", "may", "does", "do"):
            continue
        if word in STOPS or (word not in fillers and not word[0].isdigit()):
            return None
    return None


def _only_one_value(tokens: list[str]) -> bool:
    """Whether the words begin like "only 1 is allowed", "only supports 1" or "only the default value is supported"."""
    words = " ".join(tokens)
    number = r"(?:the )?(?:default(?: value)?|\d[\d.]*)(?: \d[\d.]*)?(?: value)?"
    return bool(
        re.match(
            rf"only (?:supports? |accepts? |allows? ){number}|only {number} (?:is |are )?(?:allowed|supported)", words
        )
    )


def _is_about_size(texts: Sequence[list[str]]) -> bool:
    """Whether a refusal that names max_tokens is about its value."""
    words = " ".join(token for tokens in texts for token in tokens)
    if "max_completion_tokens" in words or _BAD_WORDS.search(words):
        return False
    return bool(_SIZES.search(words))
