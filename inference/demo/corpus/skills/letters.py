# ruff: noqa: E501, SIM905 - grammar lines and word lists read best whole
"""Questions about the letters of a word, in English. Answers list the letters first, so that each step is small."""

from collections.abc import Mapping
from random import Random

from inference.demo.corpus.grammar import share, wordings
from inference.demo.corpus.pieces import WHOLE_WORDS
from inference.demo.corpus.skill import HELD_SHARE_OF_ITEMS, Item, Skill, Task, quoted
from inference.demo.corpus.words import IRREGULAR_PLURALS, NOUNS, REQUEST_WORDS, WORDS

_SPELL = wordings(
    "spell",
    deeds="""
        spell {q}
        spell [the word|out] {q}
        spell out the word {q}
        [write|say] {q} letter by letter
        [write|say] the word {q} letter by letter
        [list|name|give] the letters [of|in] {q}
    """,
    things="""
        the spelling of [the word|] {q}
        the letters [of|in] [the word|] {q}
    """,
    lines="""
        How do you spell {q}?
        How do you spell the word {q}?
        How would you spell {q}?
        How is [the word|] {q} [spelled|spelt]?
        How do I spell {q}?
        What letters [are in|make up] {q}?
        {q} letter by letter
        Spell: {q}
        Spelling of {q}
    """,
    held="""
        Say how {q} is spelled
        How can I spell the word {q}?
        Which letters are in the word {q}?
        Spell this word: {q}
        How should I spell {q}?
        What are the letters in {q}?
    """,
)
_REVERSE = wordings(
    "reverse",
    deeds="""
        reverse {q}
        reverse [the word|the letters of|the letters in] {q}
        [flip|turn around|turn] [the word|the letters of|] {q}
        [write|say|spell] [the word|] {q} backwards
        [write|say|spell|type] [the word|] {q} [in reverse|back to front|from back to front|from the end|from right to left]
    """,
    things="""
        the reverse of [the word|] {q}
        [the word|] {q} backwards
        [the word|] {q} [in reverse|reversed|written backwards|spelled backwards]
    """,
    lines="""
        How do you [write|spell|say] {q} backwards?
        How is {q} [written|spelled] backwards?
        What is {q} [spelled|written] backwards?
        What is {q} [backwards|backward|in reverse|reversed]?
        What [do you get|do I get|is it] [if|when] you reverse {q}?
        What does {q} look like backwards?
        {q} backwards
        Reverse: {q}
        Backwards: {q}
        Reverse this word: {q}
    """,
    held="""
        Say the word {q} in reverse
        What would {q} be backwards?
        Can you turn {q} around?
        Read {q} backwards
        Write this word backwards: {q}
        How does {q} look in reverse?
        Put the letters of {q} in reverse
    """,
)
_LENGTH = wordings(
    "count letters",
    things="""
        the number of letters in [the word|] {q}
        how many letters {q} has
        how many letters [are|there are] in {q}
        the length of [the word|] {q}
    """,
    deeds="""
        count the letters [in|of] [the word|] {q}
        count how many letters {q} has
        count the number of letters in {q}
    """,
    lines="""
        How many letters [are in|are there in] {q}?
        How many letters are in the word {q}?
        How many letters in {q}?
        How many letters does {q} have?
        How many letters does the word {q} have?
        How many letters has {q} got?
        How long is [the word|] {q}?
        {q} has how many letters?
        Letters in {q}?
        Count letters: {q}
        In {q}, how many letters are there?
    """,
    held="""
        How many letters can you count in {q}?
        Count all letters of {q}
        The word {q} has how many letters?
        How many letters make up {q}?
        Do you know how many letters are in {q}?
        What is the letter count of {q}?
    """,
)
_OCCURRENCES = wordings(
    "count one letter",
    things="""
        the number of {c}'s in [the word|] {q}
        how [often|many times] [the letter|] {c} [is|comes|appears|occurs] in {q}
        how many {c}'s [are|there are] in {q}
        how many [times|times the letter] {c} is in {q}
    """,
    deeds="""
        count the letter {c} in [the word|] {q}
        count the {c}'s in [the word|] {q}
        count how [often|many times] [the letter|] {c} [is|comes|appears] in {q}
        count every {c} in {q}
    """,
    lines="""
        How many {c}'s are in {q}?
        How many {c}'s in {q}?
        How many {c} in {q}?
        Count {c} in {q}
        How many {c}'s are there in {q}?
        How many {c} are in {q}?
        How many {c}'s are in the word {q}?
        How many {c}'s does {q} have?
        How many times does [the letter|] {c} [appear|occur|come up] in {q}?
        How many times is [the letter|] {c} in {q}?
        How often is [the letter|] {c} in {q}?
        How many letters {c} [are|are there|do you see] in {q}?
        In {q}, how many {c}'s are there?
        How often does {c} [appear|come up|occur] in {q}?
    """,
    held="""
        How many of the letter {c} are in {q}?
        How many times do you see {c} in {q}?
        The word {q} has how many {c}'s?
        How many {c}s are in {q}?
        Count the number of {c} in {q}
    """,
)
_FIRST_LAST = wordings(
    "first or last letter",
    things="""
        the {p} letter [of|in] [the word|] {q}
    """,
    deeds="""
        [name|write|say|give] the {p} letter of [the word|] {q}
    """,
    lines="""
        What is the {p} letter [of|in] {q}?
        Which letter [is|comes] {p} in {q}?
        What letter [is|comes] {p} in {q}?
        {p} letter of {q}?
        Which is the {p} letter [of|in] {q}?
        The {p} letter of {q} is?
    """,
    held="""
        In the word {q}, what is the {p} letter?
        {q}: which letter is {p}?
        Which letter of {q} is the {p} one?
        What is the {p} letter in the word {q}?
    """,
)
_PLURAL = wordings(
    "plurals",
    things="""
        the plural of {q}
        the plural [form of|of the word|for] {q}
    """,
    deeds="""
        make {q} plural
        [put|write] {q} in the plural
        turn {q} into a plural
        [form|write|name|give] the plural of {q}
    """,
    lines="""
        What is the plural of {q}?
        What's the plural of {q}?
        One {w}, two?
        One {w}, many?
        one {w}, two [what|...]?
        Plural of {q}
        Plural: {q}
        {q} in the plural
        How do you [say|write] {q} in the plural?
        How do you [form|make] the plural of {q}?
        What do you call [two|more than one|many] {w}?
        What is more than one {w} called?
        One {w} and another {w} are two?
    """,
    held="""
        What is {q} in the plural?
        Say the plural form of {q}
        Which word is the plural of {q}?
        If there is one {w}, then there are two?
        How is the plural of {q} written?
        What do you call three of a {w}?
    """,
)

_VOWELS = "aeiou"
_CONSONANTS = "bcdfghjklmnprstvwz"
_NAMES_KEPT_OUT = frozenset("wren sol moss tarn fen quill larch umber".split())


def made_up_word(rng: Random, shortest: int = 3, longest: int = 10) -> str:
    """Return a word without meaning: syllables, sometimes repeated ("nanana") or with double letters."""
    while True:
        if rng.random() < 0.2:
            word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(shortest, longest)))
        else:
            word = ""
            while len(word) < shortest or (len(word) < longest and rng.random() < 0.6):
                syllable = rng.choice(_CONSONANTS) + rng.choice(_VOWELS) + rng.choice(("", "", rng.choice(_CONSONANTS)))
                word += word[-2:] if word and rng.random() < 0.15 else syllable
                if rng.random() < 0.15:
                    word += word[-1]
            word = word[:longest]
        if word not in _NAMES_KEPT_OUT:
            return word


_ONE_PIECE = frozenset(word.lower() for word in WHOLE_WORDS)


def is_held_word(word: str) -> bool:
    """Whether training never spells, counts, sorts or reverses this word."""
    return word not in _ONE_PIECE and share(f"item|{word}") < HELD_SHARE_OF_ITEMS


def _word(rng: Random, longest: int = 10) -> str:
    way = rng.random()
    if way < 0.36:
        return rng.choice(WORDS)
    if way < 0.44:
        return rng.choice(REQUEST_WORDS)
    return made_up_word(rng, longest=longest)


def _dashed(word: str) -> str:
    return "-".join(word)


def about(word: str) -> dict[str, object]:
    """Return what the answers to "spell", "reverse" and "length" say of a word."""
    return {"letters": _dashed(word), "r": word[::-1], "n": len(word)}


def _item(rng: Random, form: str, word: str, slots: Mapping[str, str] | None = None, **values: object) -> Item:
    slots = {"q": quoted(rng, word), **(slots or {})}
    return Item(word, slots, form, (about(word) | values,), word=word, is_basic=word in _ONE_PIECE)


def marked(word: str, letter: str) -> str:
    """Return the letters with each hit numbered.

    >>> marked("banana", "a")
    'b-a1-n-a2-n-a3'
    """
    shown, n = [], 0
    for c in word:
        n += c == letter
        shown.append(f"{c}{n}" if c == letter else c)
    return "-".join(shown)


def _letter_counted(rng: Random) -> Item:
    word = _word(rng)
    most = max(word, key=word.count)
    letter = (
        most if rng.random() < 0.45 else rng.choice(word) if rng.random() < 0.8 else rng.choice("abcdefghijklmnoprstuw")
    )
    n = word.count(letter)
    times = "1 time" if n == 1 else f"{n} times"
    return _item(rng, "occurrences", word, {"c": letter}, c=letter, marked=marked(word, letter), n=n, times=times)


def _edge(rng: Random) -> Item:
    word = _word(rng)
    place = rng.choice(("first", "last"))
    letter, begins = (word[0], "begins") if place == "first" else (word[-1], "ends")
    return _item(rng, "edge", word, {"p": place}, c=letter, place=place, begins=begins)


def plural(noun: str) -> str:
    """Return the plural: boxes, cities, books.

    >>> plural("bench"), plural("baby"), plural("day")
    ('benches', 'babies', 'days')
    """
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


def _pluralised(rng: Random) -> Item:
    noun = rng.choice(NOUNS) if rng.random() < 0.6 else made_up_word(rng, 3, 8)
    while noun in IRREGULAR_PLURALS or (noun not in NOUNS and noun[-1] in "sxzofi"):
        noun = rng.choice(NOUNS)
    return Item(noun, {"q": quoted(rng, noun), "w": noun}, "plural", ({"one": noun, "many": plural(noun)},))


def _irregular(rng: Random) -> Item:
    noun, many = rng.choice(list(IRREGULAR_PLURALS.items()))
    return Item(f"plural {noun}", {"q": quoted(rng, noun), "w": noun}, "plural", ({"one": noun, "many": many},))


SKILLS = (
    Skill("spell", "en", (Task(_SPELL, lambda rng: _item(rng, "spell", _word(rng, 12))),), "spelling"),
    Skill("reverse", "en", (Task(_REVERSE, lambda rng: _item(rng, "reverse", _word(rng))),), "writing words backwards"),
    Skill(
        "count letters", "en", (Task(_LENGTH, lambda rng: _item(rng, "length", _word(rng, 12))),), "counting letters"
    ),
    Skill("count one letter", "en", (Task(_OCCURRENCES, _letter_counted),), "finding one letter in a word"),
    Skill("first or last letter", "en", (Task(_FIRST_LAST, _edge),), "first and last letters"),
    Skill(
        "plurals", "en", (Task(_PLURAL, _pluralised), Task(_PLURAL, _irregular, is_closed=True, weight=0.5)), "plurals"
    ),
)
