"""A skill: questions with right answers, some for training and some held out.

Held out are *items* (operand pairs, words, heads of lists), or, where a skill is a closed list of facts, *pairs* of an
item and a wording. Full wordings are held out too (see `grammar`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from inference.demo.corpus.grammar import Language, Wordings, dress, share, skeleton, trained_alike

Split = Literal["train", "items", "wordings"]

HELD_SHARE_OF_ITEMS = 0.06
HELD_SHARE_OF_PAIRS = 0.10


@dataclass(frozen=True, slots=True)
class Item:
    """One question without its wording. `slots` fill the wording; all `answers` are right, and training draws one."""

    key: str
    slots: Mapping[str, str]
    answers: tuple[str, ...]
    word: str = ""  # the word of a follow-up such as "and backwards?"
    number: int | None = None  # the number to which "now add 5" adds
    is_basic: bool = False  # 10 - 4, the letters of a single-piece word: never held out, since nothing else teaches it


@dataclass(frozen=True, slots=True)
class Task:
    """`wordings` ask for the items that `make` draws. `is_closed`: items are a short list of facts, so pairs are held
    out. `accepts` judges an answer where the right ones cannot be listed (stories). No exam asks `always_trained`.
    """

    wordings: Wordings
    make: Callable[[Random], Item]
    is_closed: bool = False
    weight: float = 1.0
    accepts: Callable[[Item, str], bool] | None = None
    is_dressed: bool = True
    always_trained: frozenset[str] = frozenset()

    def is_held(self, item: Item, wording: str) -> bool:
        if item.is_basic or wording in self.always_trained:
            return False
        if self.is_closed:
            return share(f"pair|{item.key}|{wording}") < HELD_SHARE_OF_PAIRS
        return share(f"item|{item.key}") < HELD_SHARE_OF_ITEMS

    def is_new(self, item: Item, wording: str, split: Split) -> bool:
        """Whether no training row can have a question of an exam, also not `dress`ed ("capital of X", "Capital of X,
        please?") or in a wording without the item.
        """
        twins = trained_alike(self.wordings).get(skeleton(wording), ())
        if split == "wordings":
            return not twins
        if "{" not in wording and item.slots:
            return False
        return all(self.is_held(item, twin) for twin in twins)


@dataclass(frozen=True, slots=True)
class Example:
    """One turn: the user's prompt, the answer to learn, and how an answer is judged."""

    skill: str
    language: Language
    prompt: str
    answer: str
    item: Item
    judge: Callable[[Item, str], bool] | None = field(default=None, repr=False)

    def accepts(self, answer: str) -> bool:
        return self.judge(self.item, answer) if self.judge else answer in self.item.answers


@dataclass(frozen=True, slots=True)
class Skill:
    name: str
    language: Language
    tasks: tuple[Task, ...]
    label: str  # the skill's name in an answer: "I have not learned {label} yet."

    def draw(self, rng: Random, split: Split) -> Example:
        """Draw an example of the split. "items" are held-out items in trained wordings, "wordings" are unseen wordings
        (with held-out items, where the task has any).
        """
        tasks = [task for task in self.tasks if split != "wordings" or task.wordings.held]
        weights = [task.weight for task in tasks]
        for _ in range(10_000):
            task = rng.choices(tasks, weights)[0]
            item = task.make(rng)
            wording = task.wordings.draw(rng, is_held=split == "wordings")
            if self._belongs(task, item, wording, split):
                prompt = wording.format_map(item.slots)
                if task.is_dressed:
                    prompt = dress(rng, prompt, self.language)
                return Example(self.name, self.language, prompt, rng.choice(item.answers), item, task.accepts)
        raise RuntimeError(f"skill {self.name}: no example of the split {split!r} in 10,000 draws")

    def _belongs(self, task: Task, item: Item, wording: str, split: Split) -> bool:
        is_held = task.is_held(item, wording)
        if split == "train":
            return not is_held
        is_wanted = is_held or (split == "wordings" and task.is_closed)  # a known fact in a new wording counts as new
        return is_wanted and task.is_new(item, wording, split) and not self._is_said_elsewhere(task, wording)

    def _is_said_elsewhere(self, task: Task, wording: str) -> bool:
        """Whether another task is trained on the same sentence ("fine" and "fine, thanks")."""
        said = skeleton(wording)
        return "{" not in wording and any(t is not task and said in trained_alike(t.wordings) for t in self.tasks)


def quoted(rng: Random, word: str) -> str:
    """Return a word as people type it in a request: plain, in quotes, or capitalized."""
    way = rng.random()
    if way < 0.76:
        return word
    if way < 0.86:
        return f"'{word}'"
    if way < 0.94:
        return f'"{word}"'
    return word.capitalize()
