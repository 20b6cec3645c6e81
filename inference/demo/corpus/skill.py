"""A skill: questions with right answers, some for training and some held out.

Held out are *items* (operand pairs, words, heads of lists), or, where a skill is a closed list of facts, *pairs* of an
item and a wording. Full wordings are held out too (see `grammar`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from inference.demo.corpus.grammar import Language, Wordings, dress, share, skeleton, trained_alike
from inference.demo.corpus.manners import Manner

Split = Literal["train", "items", "wordings"]

HELD_SHARE_OF_ITEMS = 0.06
HELD_SHARE_OF_PAIRS = 0.10


@dataclass(frozen=True, slots=True)
class Item:
    """One question without its wording. `slots` fill the wording; `form` is the kind of answer that a manner words, and
    `values` fill that. Where several answers are right, there are several `values`.
    """

    key: str
    slots: Mapping[str, str]
    form: str
    values: tuple[Mapping[str, object], ...] = ({},)
    word: str = ""  # the word of a follow-up such as "and backwards?"
    number: int | None = None  # the number to which "now add 5" adds
    is_basic: bool = False  # 10 - 4, the letters of a single-piece word: never held out, since nothing else teaches it


@dataclass(frozen=True, slots=True)
class Task:
    """`wordings` ask for the items that `make` draws. `is_closed`: items are a short list of facts, so pairs are held
    out. `judges` are for values that cannot be listed (stories). No exam asks `always_trained`.
    """

    wordings: Wordings
    make: Callable[[Random], Item]
    is_closed: bool = False
    weight: float = 1.0
    judges: Mapping[str, Callable[[Item, str], bool]] = field(default_factory=dict)
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
    """One turn: the user's prompt, the answer to learn in one manner, and how an answer is judged."""

    skill: str
    language: Language
    prompt: str
    item: Item
    manner: Manner = field(repr=False)
    answer: str
    judges: Mapping[str, Callable[[Item, str], bool]] = field(default_factory=dict, repr=False)

    def accepts(self, answer: str) -> bool:
        """Whether the answer is right, word for word, in this manner."""
        if answer in self.manner.answers(self.item.form, self.item.values):
            return True
        return any(self._is_judged_right(sentence, answer) for sentence in self.manner.forms[self.item.form])

    def _is_judged_right(self, sentence: str, answer: str) -> bool:
        for value, judge in self.judges.items():
            before, slot, after = sentence.partition("{" + value + "}")
            if slot and answer.startswith(before) and answer.endswith(after):
                return judge(self.item, answer[len(before) : len(answer) - len(after)])
        return False


@dataclass(frozen=True, slots=True)
class Skill:
    name: str
    language: Language
    tasks: tuple[Task, ...]
    label: str  # the skill's name in an answer: "I have not learned {label} yet."

    def draw(self, rng: Random, split: Split, manner: Manner) -> Example:
        """Draw an example of the split, answered in a manner. "items" are held-out items in trained wordings,
        "wordings" are unseen wordings (with held-out items, where the task has any).
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
                answer = rng.choice(manner.answers(item.form, item.values))
                return Example(self.name, self.language, prompt, item, manner, answer, task.judges)
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
