"""The features of the two answers of a row.

They come from the first of these columns that the file has:

    n_tokens_a, n_chars_a, ...       our exports: sums over the answers shown (`db.side_sums`)
    turns, deck_answers              older exports: counts or texts of the answers shown, their tokens and durations
    conv_metadata                    counts by side, as an object or as text
    sum_assistant_a_tokens, ...      the same counts as columns
    conversation_a, conversation_b   lists of messages; those of the role assistant count
    response_a, response_b           the answers' texts, or lists of them

`style` defines the counts.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from db.side_sums import SUM_COLUMNS, SUMS
from db.style import StyleCounts
from elo.votes.style import Features, of_metadata
from elo.votes.values import ValueProblem, number_or_nan, shown

_COUNTS = tuple(
    name.format(side)
    for name in ("sum_assistant_{}_tokens", "header_count_{}", "list_count_{}", "bold_count_{}")
    for side in "ab"
)
_TEXTS = (("conversation_a", "conversation_b"), ("response_a", "response_b"))
_OURS = ("turns", "deck_answers")
COLUMNS = (*SUM_COLUMNS, *_OURS, "conv_metadata", *_COUNTS, *(name for pair in _TEXTS for name in pair))
"""All columns about answers."""

Pair = tuple[Features, Features]


class SeenAnswer(Protocol):
    """One answer that a voter saw; None: unknown."""

    @property
    def style(self) -> StyleCounts | None: ...
    @property
    def tokens(self) -> int | None: ...
    @property
    def duration_ms(self) -> float | None: ...


class _FileAnswer(NamedTuple):
    """A `SeenAnswer` from a file."""

    style: StyleCounts | None
    tokens: int | None
    duration_ms: float | None


def of_answers(answers: Sequence[SeenAnswer]) -> Features:
    """The features of one side. A feature that is unknown for one answer is unknown for the side."""
    if not answers:
        return Features()
    tokens = [answer.tokens for answer in answers if answer.tokens is not None]
    durations = [answer.duration_ms for answer in answers if answer.duration_ms is not None]
    styles = [answer.style for answer in answers if answer.style is not None]
    return Features.of_answers(
        styles if len(styles) == len(answers) else [],
        tokens=float(sum(tokens)) if len(tokens) == len(answers) else math.nan,
        seconds=math.fsum(durations) / 1000 if len(durations) == len(answers) else math.nan,
    )


def of_row(row: Mapping[str, object], model_a: str, model_b: str) -> Pair:
    """The features of side A and side B; `row` has some of `COLUMNS`. Raises ValueProblem."""
    if any(row.get(name) not in (None, "") for name in SUM_COLUMNS):
        return _of_sums(row, "a"), _of_sums(row, "b")
    if row.get("turns"):
        return _of_turns(row["turns"])
    if row.get("deck_answers"):
        return _of_deck(row["deck_answers"], model_a, model_b)
    try:
        if row.get("conv_metadata"):
            return of_metadata(row["conv_metadata"])
        if counts := {name: row[name] for name in _COUNTS if row.get(name) not in (None, "")}:
            return of_metadata(counts)
    except ValueError as error:
        raise ValueProblem(str(error)) from error
    for name_a, name_b in _TEXTS:
        if row.get(name_a) is not None and row.get(name_b) is not None:
            return (
                Features.of_answers([*map(StyleCounts.of, _texts(name_a, row[name_a]))]),
                Features.of_answers([*map(StyleCounts.of, _texts(name_b, row[name_b]))]),
            )
    return Features(), Features()


def _of_sums(row: Mapping[str, object], side: str) -> Features:
    sums = [number_or_nan(row.get(f"{name}_{side}")) for name in SUMS]
    tokens, characters, headers, lists, bold, duration_ms = sums
    if math.isnan(characters + headers + lists + bold):  # of which all or none are known
        characters = headers = lists = bold = math.nan
    return Features(tokens, characters, headers, lists, bold, duration_ms / 1000)


def _of_turns(turns: object) -> Pair:
    sides: dict[str, list[SeenAnswer]] = {"a": [], "b": []}
    for turn in _objects("turns", turns):
        last = {answer.get("side"): answer for answer in _objects("answers", turn.get("answers") or [])}
        for side, answers in sides.items():
            if side in last:
                answers.append(_answer(last[side]))
    return of_answers(sides["a"]), of_answers(sides["b"])


def _of_deck(deck_answers: object, model_a: str, model_b: str) -> Pair:
    by_model = {answer.get("model"): _answer(answer) for answer in _objects("deck_answers", deck_answers)}
    a, b = ([by_model[model]] if model in by_model else [] for model in (model_a, model_b))
    return of_answers(a), of_answers(b)


def _answer(answer: Mapping[str, object]) -> _FileAnswer:
    tokens, duration_ms = (number_or_nan(answer.get(name)) for name in ("completion_tokens", "duration_ms"))
    return _FileAnswer(
        _style(answer),
        None if math.isnan(tokens) else int(tokens),
        None if math.isnan(duration_ms) else duration_ms,
    )


def _style(answer: Mapping[str, object]) -> StyleCounts | None:
    """The counts that the file has, because it may lack the text; else those of the text."""
    text = answer.get("text")
    counts = [answer.get(name) for name in StyleCounts._fields]
    known = [count for count in counts if isinstance(count, int) and not isinstance(count, bool)]
    if len(known) == len(counts):
        return StyleCounts(*known)
    return StyleCounts.of(text) if isinstance(text, str) else None


def _objects(column: str, value: object) -> Iterator[Mapping[str, object]]:
    value = _parsed(value)
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        raise ValueProblem(f"{column} is {shown(value)}; expected a list of objects")
    for item in value:
        if not isinstance(item, Mapping):
            raise ValueProblem(f"{column} contains {shown(item)}; expected objects")
        yield item


def _texts(column: str, value: object) -> list[str]:
    value = _parsed(value)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Sequence):
        raise ValueProblem(f"{column} is {shown(value)}; expected a text, or a list of texts or messages")
    texts: list[str] = []
    for item in value:
        if isinstance(item, Mapping):
            if item.get("role") == "assistant":
                texts.append(_content(item.get("content")))
        else:
            texts.append(_content(item))
    return texts


def _content(content: object) -> str:
    """A text, or the texts of parts such as {"type": "text", "text": "..."}; empty for anything else."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, Sequence) else []
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def _parsed(value: object) -> object:
    """A list, if the text is one in JSON, as in a CSV; else the value."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
