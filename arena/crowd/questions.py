"""Questions that the demo models have learned, each with a check of the answer.

The models differ in manner ("17 + 25 = 42.", "The sum of 17 and 25 is 42."), so a check looks for the right value where
an answer ends or names it, not for a sentence.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

_WORDS = (
    *("planet", "garden", "silver", "window", "basket", "dragon", "rabbit", "button", "candle", "forest", "market"),
    *("number", "orange", "pencil", "purple", "river", "school", "spring", "summer", "winter", "yellow", "doctor"),
    *("flower", "hammer", "island", "kitten", "ladder", "monkey", "needle", "pocket", "rocket", "tunnel"),
)
_OPPOSITES = {"hot": "cold", "big": "small", "fast": "slow", "old": "new", "open": "closed", "early": "late"}
_OPPOSITES |= {"happy": "sad", "up": "down", "day": "night", "full": "empty", "light": "dark", "rich": "poor"}
_CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Italy": "Rome", "Spain": "Madrid", "Korea": "Seoul"}
_CAPITALS |= {"Germany": "Berlin", "Egypt": "Cairo", "Canada": "Ottawa", "China": "Beijing", "Greece": "Athens"}


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    is_right: Callable[[str], bool]


def checked(text: str) -> Question | None:
    """Return the question with its check, if it is of a kind that can be checked here; None for any other prompt."""
    for pattern, check in _READ:
        if found := pattern.search(text):
            return Question(text, check(*found.groups()))
    return None


def draw(rng: Random) -> Question:
    """Return a question of one of the kinds, each as likely as the others."""
    return rng.choice(_KINDS)(rng)


def _add(rng: Random) -> Question:
    a, b = rng.randint(2, 60), rng.randint(2, 39)
    return Question(f"What is {a} plus {b}?", _ends_with_number(a + b))


def _subtract(rng: Random) -> Question:
    a = rng.randint(12, 99)
    b = rng.randint(2, a - 1)
    return Question(f"What is {a} minus {b}?", _ends_with_number(a - b))


def _multiply(rng: Random) -> Question:
    a, b = rng.randint(2, 10), rng.randint(2, 10)
    return Question(f"What is {a} times {b}?", _ends_with_number(a * b))


def _count_letters(rng: Random) -> Question:
    word = rng.choice(_WORDS)
    return Question(f"How many letters are in {word}?", _ends_with_number(len(word)))


def _reverse(rng: Random) -> Question:
    word = rng.choice(_WORDS)
    return Question(f"Reverse the word {word}.", _ends_with_word(word[::-1]))


def _opposite(rng: Random) -> Question:
    word = rng.choice(sorted(_OPPOSITES))
    return Question(f"What is the opposite of {word}?", _ends_with_word(_OPPOSITES[word]))


def _capital(rng: Random) -> Question:
    country = rng.choice(sorted(_CAPITALS))
    return Question(f"What is the capital of {country}?", _names(_CAPITALS[country]))


def _sort(rng: Random) -> Question:
    numbers = rng.sample(range(1, 40), 3)
    in_order = r"\D+".join(str(number) for number in sorted(numbers))
    found = re.compile(rf"(?<!\d){in_order}(?!\d)\D*$")
    listed = ", ".join(str(number) for number in numbers)
    return Question(f"Sort these numbers: {listed}", lambda answer: found.search(answer) is not None)


_KINDS: Sequence[Callable[[Random], Question]] = (
    _add,
    _subtract,
    _multiply,
    _count_letters,
    _reverse,
    _opposite,
    _capital,
    _sort,
)


def _ends_with_number(value: int) -> Callable[[str], bool]:
    """The last number in the answer is the value, or the number of letters, which some manners name first."""

    def is_right(answer: str) -> bool:
        numbers = re.findall(r"\d+", answer)
        return bool(numbers) and int(numbers[-1]) == value

    return is_right


def _ends_with_word(word: str) -> Callable[[str], bool]:
    def is_right(answer: str) -> bool:
        words = re.findall(r"[^\W\d_]+", answer.lower())
        return bool(words) and words[-1] == word

    return is_right


def _names(name: str) -> Callable[[str], bool]:
    found = re.compile(rf"\b{name}\b")
    return lambda answer: found.search(answer) is not None


def _sum(a: str, b: str) -> Callable[[str], bool]:
    return _ends_with_number(int(a) + int(b))


def _difference(a: str, b: str) -> Callable[[str], bool]:
    return _ends_with_number(int(a) - int(b))


_READ: Sequence[tuple[re.Pattern[str], Callable[..., Callable[[str], bool]]]] = (
    (re.compile(r"(\d+) (?:\+|plus) (\d+)"), _sum),
    (re.compile(r"Add (\d+) and (\d+)"), _sum),
    (re.compile(r"(\d+) (?:-|minus) (\d+)"), _difference),
    (re.compile(r"Take (\d+) away from (\d+)"), lambda a, b: _difference(b, a)),
    (re.compile(r"(\d+) (?:x|times) (\d+)"), lambda a, b: _ends_with_number(int(a) * int(b))),
    (re.compile(r"(\d+) divided by (\d+)"), lambda a, b: _ends_with_number(int(a) // int(b))),
    (re.compile(r"Reverse the word (\w+)"), lambda word: _ends_with_word(word[::-1])),
    (re.compile(r"Write the word (\w+) backwards"), lambda word: _ends_with_word(word[::-1])),
    (re.compile(r"What is (\w+) spelled backwards"), lambda word: _ends_with_word(word[::-1])),
    (re.compile(r"How many letters (?:are in|does the word) (\w+)"), lambda word: _ends_with_number(len(word))),
    (re.compile(rf"opposite of ({'|'.join(_OPPOSITES)})\b"), lambda word: _ends_with_word(_OPPOSITES[word])),
    (re.compile(rf"capital of ({'|'.join(_CAPITALS)})\b"), lambda country: _names(_CAPITALS[country])),
)
"""The prompts that are recognised: a pattern, and the check of the answer from its groups."""
