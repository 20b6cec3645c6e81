"""Measure a moderator on labelled texts: which categories it finds, and how many harmless texts it would refuse.

items = read_items(SHIPPED)
found = await judge_all(moderator, items)
scores_of(items, found)
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.rules.moderation import CATEGORIES, SUBJECTS, Category, Subject, Verdict
from arena.service.moderation.moderator import RESTING, Moderator
from arena.settings.tables import shown

SHIPPED = Path(__file__).with_name("items.jsonl")
"""Labelled texts of this project's own writing, in English and Korean: 48 of the three categories, and 48 harmless ones
that look as if they were."""

_AT_ONCE = 4
_MAX_CHARS = 1_000_000
_LIKE = 'one such as {"text": "Hello", "category": "none"}'


class ItemsError(ValueError):
    """A file of labelled texts cannot be read. The message is one line with the place."""


class NoModerator(RuntimeError):
    """The moderator failed several times in a row. The message is the cause."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text and the category that it belongs to. `line` is its line in the file, from 1."""

    line: int
    text: str
    category: Category
    subject: Subject


@dataclass(frozen=True, slots=True)
class Score:
    """Of one category: `n` texts belong to it, `n_found` were put into it, `n_right` of these rightly."""

    n: int
    n_found: int
    n_right: int

    @property
    def precision(self) -> float | None:
        return self.n_right / self.n_found if self.n_found else None

    @property
    def recall(self) -> float | None:
        return self.n_right / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Scores:
    """`refused`: of the harmless texts of a subject, how many were put into a category, and how many there are. `wrong`
    are the items that were put into another category."""

    by_category: Mapping[Category, Score]
    refused: Mapping[Subject, tuple[int, int]]
    n_without: int
    wrong: tuple[tuple[Item, Verdict], ...]


def read_items(path: Path) -> tuple[Item, ...]:
    """Read a JSONL file of objects with `text`, `category` and perhaps `subject` (by default a prompt).

    Raises:
        ItemsError: the file cannot be read, a line is wrong, or there is none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise ItemsError(f"{path} cannot be read: {error.strerror}; expected a JSONL file") from error
    except UnicodeDecodeError as error:
        raise ItemsError(f"{path}: byte {error.start:,} is not UTF-8; expected a JSONL file in UTF-8") from error
    items = tuple(_item(line, n, f"{path}, line {n:,}") for n, line in enumerate(lines, 1) if line.strip())
    if not items:
        raise ItemsError(f"{path} has no lines; expected at least {_LIKE}")
    return items


async def judge_all(
    moderator: Moderator, items: Sequence[Item], progress: Callable[[int], None] = lambda _: None
) -> tuple[Verdict, ...]:
    """Return the verdicts in the order of the items; `progress` gets the number of those done.

    Raises:
        NoModerator: it failed several times in a row, so that the others would only fail as well.
    """
    turns, n_done = asyncio.Semaphore(_AT_ONCE), 0

    async def judge(item: Item) -> Verdict:
        nonlocal n_done
        async with turns:
            finding = await moderator.judge(item.subject, item.text)
            state = moderator.state()
            if state.is_resting:
                raise NoModerator(next(cause for cause in state.causes if cause != RESTING))
        n_done += 1
        progress(n_done)
        return finding.category  # type: ignore[return-value]

    tasks = [asyncio.create_task(judge(item)) for item in items]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def scores_of(items: Sequence[Item], found: Sequence[Verdict]) -> Scores:
    """Compare verdicts with the categories of the items."""
    both = list(zip(items, found, strict=True))
    n, n_found = Counter(item.category for item in items), Counter(found)
    n_right = Counter(item.category for item, verdict in both if item.category == verdict)
    harmless = [(item.subject, verdict) for item, verdict in both if item.category == "none"]
    return Scores(
        {one: Score(n[one], n_found[one], n_right[one]) for one in CATEGORIES},
        {
            subject: (
                sum(verdict not in ("none", "no_verdict") for about, verdict in harmless if about == subject),
                sum(about == subject for about, _ in harmless),
            )
            for subject in SUBJECTS
        },
        n_found["no_verdict"],
        tuple((item, verdict) for item, verdict in both if verdict not in (item.category, "no_verdict")),
    )


def _item(line: str, number: int, where: str) -> Item:
    try:
        read: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ItemsError(f"{where}: {shown(line)} is not JSON; expected {_LIKE}") from error
    if not isinstance(read, dict):
        raise ItemsError(f"{where}: {shown(line)} is not an object; expected {_LIKE}")
    text, category, subject = read.get("text"), read.get("category"), read.get("subject", "prompt")
    if not isinstance(text, str) or not text.strip() or len(text) > _MAX_CHARS:
        is_long = isinstance(text, str) and bool(text.strip())
        what = f"has {len(str(text)):,} characters" if is_long else f"is {shown(text)}"
        raise ItemsError(f"{where}: text {what}; expected a text of 1 to {_MAX_CHARS:,} characters")
    if category not in CATEGORIES:
        raise ItemsError(f"{where}: category {shown(category)} is not one of {', '.join(CATEGORIES)}")
    if subject not in SUBJECTS:
        raise ItemsError(f"{where}: subject {shown(subject)} is not one of {', '.join(SUBJECTS)}")
    return Item(number, text, category, subject)
