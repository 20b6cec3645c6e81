# ruff: noqa: E501 - grammar lines and word lists read best whole
"""Questions about a list that the user gives, in English: sort it, count it."""

from random import Random

from inference.demo.corpus.grammar import wordings
from inference.demo.corpus.skill import Item, Skill, Task
from inference.demo.corpus.skills.letters import is_held_word
from inference.demo.corpus.skills.numbers import listed
from inference.demo.corpus.words import WORDS

_SORT_NUMBERS = wordings(
    "sort numbers",
    deeds="""
        sort [these numbers:|the numbers|the numbers:|] {l}
        [put|bring] [these numbers|the numbers|] [in order:|in order from small to big:|into order:] {l}
        [order|arrange] [these numbers:|the numbers|the numbers:|] {l}
        [order|sort|arrange] [these numbers|the numbers|] from [small to big:|smallest to biggest:|smallest to largest:|low to high:] {l}
    """,
    things="""
        the numbers {l} [in order|sorted]
        {l} [in order|sorted|in order from small to big]
    """,
    lines="""
        Sort: {l}
        Sort {l}
        Sort {l} from [small to big|smallest to biggest|smallest to largest|low to high|smallest to greatest]
        Put {l} in [order|the right order|ascending order]
        [Order|Arrange] {l} from [small to big|smallest to biggest|low to high]
        What is the [right|correct] order of {l}?
        Numbers: {l}. Sort them.
        [Here are numbers|I have these numbers]: {l}. [Sort them|Put them in order|Order them]
    """,
    held="""
        Sort the following numbers: {l}
        Please arrange {l} in order
        Write {l} in order from smallest to biggest
        Can you sort this list of numbers: {l}?
        Put these in order: {l}
    """,
)
_SORT_WORDS = wordings(
    "sort words",
    deeds="""
        sort [these words:|the words|the words:] {l}
        [put|bring] [these words|the words] [in alphabetical order:|into alphabetical order:|in order:] {l}
        [order|arrange] [these words|the words] [alphabetically:|by the alphabet:|from a to z:] {l}
        [alphabetize|sort alphabetically:] {l}
    """,
    things="""
        the words {l} [in alphabetical order|sorted|in order]
        {l} in alphabetical order
    """,
    lines="""
        Sort words: {l}
        Sort {l}
        Sort: {l}
        Sort {l} [alphabetically|by the alphabet|from a to z]
        Put {l} in [alphabetical order|order from a to z]
        [Order|Arrange] {l} [alphabetically|by the alphabet]
        What is the alphabetical order of {l}?
        Words: {l}. Sort them.
        [Here are words|I have these words]: {l}. [Sort them|Put them in alphabetical order]
    """,
    held="""
        Sort the following words: {l}
        Please arrange {l} alphabetically
        Write {l} in alphabetical order
        Can you sort this list of words: {l}?
        Put these words from a to z: {l}
    """,
)
_COUNT_ITEMS = wordings(
    "count items",
    deeds="""
        count [these words:|the words:|the words in:|these:] {l}
        count [the things|the items|how many words are] in [this list:|the list:] {l}
        count [the things|the items]: {l}
    """,
    things="""
        the number of [words|things|items] in [this list:|the list:] {l}
        how many [words|things|items] [are in this list:|there are:|are here:|I wrote:] {l}
    """,
    lines="""
        How many [words|things|items] [are in this list|are here|are there|are these|do you see]: {l}?
        How many [words|things|items]: {l}?
        {l}: how many [words|things|items] [is that|are there|are these]?
        {l}. How many [words|things|items] [is that|are there|did I write]?
        Count: {l}
        How long is [this|the] list: {l}?
    """,
    held="""
        How many words did I write: {l}?
        Count all the words: {l}
        How many items does this list have: {l}?
        In this list, how many things are there: {l}?
        Count the items here: {l}
    """,
)


def _joined(rng: Random, parts: list[str]) -> str:
    way = rng.random()
    if way < 0.6:
        return ", ".join(parts)
    if way < 0.75:
        return " ".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def _numbers(rng: Random) -> Item:
    numbers = rng.sample(range(100), rng.randint(3, 5))
    slots = {"l": _joined(rng, list(map(str, numbers)))}
    return Item(f"sort {numbers[0]} {numbers[1]}", slots, "sort numbers", (listed(sorted(numbers)),))


def _words(rng: Random, n: int) -> list[str]:
    """Return distinct words. Only the first may be held out, so that it decides for the list."""
    free = [word for word in rng.sample(WORDS, 3 * n) if not is_held_word(word)]
    words = list(dict.fromkeys(free))[:n]
    if rng.random() < 0.08:
        held = [word for word in WORDS if is_held_word(word)]
        words[0] = rng.choice(held)
    return words


def _sorted(rng: Random) -> Item:
    words = _words(rng, rng.randint(3, 4))
    if rng.random() < 0.25:  # the same first letter, so the second decides
        alike = [word for word in WORDS if word[0] == words[0][0] and word not in words and not is_held_word(word)]
        if alike:
            words[1] = rng.choice(alike)
    head = words[0]
    rng.shuffle(words)
    return Item(head, {"l": _joined(rng, words)}, "sort words", (listed(sorted(words)),))


def _counted(rng: Random) -> Item:
    words = _words(rng, rng.randint(2, 6))
    numbered = ", ".join(f"{i} {word}" for i, word in enumerate(words, 1))
    return Item(words[0], {"l": _joined(rng, words)}, "count items", ({"numbered": numbered, "n": len(words)},))


SKILLS = (
    Skill("sort numbers", "en", (Task(_SORT_NUMBERS, _numbers),), "sorting numbers"),
    Skill("sort words", "en", (Task(_SORT_WORDS, _sorted),), "sorting words"),
    Skill("count items", "en", (Task(_COUNT_ITEMS, _counted),), "counting the words of a list"),
)
