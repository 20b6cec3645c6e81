# ruff: noqa: SIM905 - grammar lines and word lists read best whole
"""Questions about common facts, in English.

Each skill also meets made-up keys ("the capital of Bolodan") and answers that it does not know, so that it does not
invent a city.
"""

from collections.abc import Callable, Sequence
from random import Random

from inference.demo.corpus.grammar import Wordings, expand, wordings
from inference.demo.corpus.skill import Item, Skill, Task, quoted
from inference.demo.corpus.skills.letters import made_up_word
from inference.demo.corpus.words import BABIES, CAPITALS, COLOURS, DAYS, FACTS, LEGS, MONTHS, OPPOSITES, SOUNDS, UNITS

_OPPOSITE = wordings(
    "opposites",
    things="""
        the opposite of {q}
        the opposite of the word {q}
        the [contrary|antonym] of {q}
    """,
    deeds="""
        [name|say|find|give|write] the opposite of {q}
        [name|give] [an antonym|the antonym] of {q}
    """,
    lines="""
        What is the opposite of {q}?
        What's the opposite of {q}?
        What is the opposite of the word {q}?
        Opposite of {q}
        Opposite: {q}
        {q}: opposite?
        What is not {q} but the opposite?
        Which word [means the opposite of|is the opposite of] {q}?
        What word is the opposite of {q}?
        {q} and its opposite?
        If it is not {q}, it is?
        What [is|do you call] the [contrary|antonym] of {q}?
    """,
    held="""
        Which word is opposite to {q}?
        Name a word that means the opposite of {q}
        The opposite of {q} is what word?
        What word means the opposite of {q}?
        Say the opposite of the word {q}
    """,
)
_CAPITAL = wordings(
    "capitals",
    things="""
        the capital of {k}
        the capital city of {k}
        {k}'s capital
    """,
    deeds="""
        [name|say|find|give|write] the capital [of|city of] {k}
    """,
    lines="""
        What is the capital of {k}?
        What's the capital of {k}?
        What is the capital city of {k}?
        Which city is the capital of {k}?
        What city is the capital of {k}?
        Capital of {k}?
        capital of {k}
        Capital: {k}
        {k}: capital?
        {k} has which capital?
        What is {k}'s capital?
        Which is the capital of {k}?
        Which capital [does {k} have|belongs to {k}]?
        What is the main city of {k}?
        The capital of {k} is?
    """,
    held="""
        What capital does {k} have?
        Which city is {k}'s capital?
        Name {k}'s capital city
        What is the name of the capital of {k}?
        In {k}, which city is the capital?
        Do you remember the capital of {k}?
    """,
)
_COLOUR = wordings(
    "colours",
    things="""
        the [colour|color] of {k}
        what [colour|color] {k} is
        what [colour|color] {k} has
    """,
    deeds="""
        [name|say] the [colour|color] of {k}
    """,
    lines="""
        What [colour|color] is {k}?
        What color is {k}?
        Which [colour|color] is {k}?
        What [colour|color] does {k} have?
        What is the [colour|color] of {k}?
        Which [colour|color] does {k} have?
        {k} has what [colour|color]?
    """,
    held="""
        Which is the colour of {k}?
        What color would you say {k} is?
        {k} is of what color?
    """,
)
_SOUND = wordings(
    "sounds",
    things="""
        the sound of a {k}
        the sound [that|] a {k} makes
        what sound a {k} makes
        what a {k} says
    """,
    lines="""
        What sound does a {k} make?
        What [sound|noise] does a {k} make?
        What [sound|noise] does the {k} make?
        What does a {k} say?
        What does the {k} say?
        How does a {k} sound?
        Which sound does a {k} make?
        What is the sound of a {k}?
        What do {k}s say?
    """,
    deeds="""
        make the sound of a {k}
        [imitate|sound like] a {k}
    """,
    held="""
        What noise comes from a {k}?
        Which noise does a {k} make?
        How does the {k} go?
        What sound do you hear from a {k}?
    """,
)
_BABY = wordings(
    "babies",
    things="""
        the name of a baby {k}
        the name for a [baby|young] {k}
        what a baby {k} is called
    """,
    lines="""
        What is a baby {k} called?
        What is a [baby|young] {k}?
        What do you call a [baby|young] {k}?
        What do we call a baby {k}?
        What's a baby {k} called?
        How do you call a baby {k}?
        A baby {k} is called?
        baby {k}?
        What is the [baby|child] of a {k} called?
        What is the young of a {k} called?
    """,
    deeds="""
        [name|say] what a baby {k} is called
    """,
    held="""
        A young {k} is called what?
        What is the name of a baby {k}?
        Which name does a baby {k} have?
        What are baby {k}s called?
    """,
)
_LEGS_OF = wordings(
    "legs",
    things="""
        the number of legs of a {k}
        how many legs a {k} has
        how many legs there are on a {k}
    """,
    lines="""
        How many legs does a {k} have?
        How many legs has a {k}?
        How many legs has a {k} got?
        How many legs do {k}s have?
        How many legs are on a {k}?
        A {k} has how many legs?
        How many legs does the {k} have?
        legs of a {k}?
    """,
    deeds="""
        count the legs of a {k}
        say how many legs a {k} has
    """,
    held="""
        On how many legs does a {k} walk?
        How many legs would a {k} have?
        What number of legs does a {k} have?
        How many legs can a {k} have?
    """,
)
_UNIT = wordings(
    "units",
    things="""
        the number of {m} in a {k}
        how many {m} are in a {k}
        how many {m} a {k} has
    """,
    lines="""
        How many {m} are in a {k}?
        How many {m} are there in a {k}?
        How many {m} does a {k} have?
        How many {m} has a {k}?
        How many {m} in a {k}?
        How many {m} make a {k}?
        A {k} has how many {m}?
        {m} in a {k}?
    """,
    deeds="""
        say how many {m} are in a {k}
    """,
    held="""
        How many {m} has a {k} got?
        In a {k}, how many {m} are there?
        How many {m} would you find in a {k}?
        What is the number of {m} a {k} has?
    """,
)
_FIRST = "B C D F G H K L M N P R S T V Z".split()


def made_up_country(rng: Random) -> str:
    """Return a country that does not exist: "Bolodan", "Karistan", "Monovia"."""
    if rng.random() < 0.3:
        return made_up_word(rng, 4, 9).capitalize()
    start = rng.choice(_FIRST) + made_up_word(rng, 2, 5)[1:]
    return start + rng.choice(("ia", "land", "stan", "nia", "o", "a", "ra", "via"))


def _keyed(
    facts: Sequence[tuple[str, object]], form: str, *, unknown: Callable[[Random], str] | None, is_word: bool = False
) -> Callable[[Random], Item]:
    """Draw a key with what is known of it, and sometimes a made-up key."""
    table: dict[str, list[object]] = {}
    for key, value in facts:
        table.setdefault(key, []).append(value)
    keys = list(table)

    def make(rng: Random) -> Item:
        if unknown and rng.random() < 0.12:
            key = unknown(rng)
            if key not in table:
                return Item(key, {"k": key, "q": quoted(rng, key)}, "unknown")
        key = rng.choice(keys)
        shown = key[0].upper() + key[1:]
        an = article(key)
        values = tuple({"k": key, "K": shown, "v": value, "a": an, "A": an.capitalize()} for value in table[key])
        return Item(key, {"k": key, "q": quoted(rng, key) if is_word else key}, form, values)

    return make


def article(noun: str) -> str:
    """Return the article of a noun: "an" ant, "a" horse."""
    return "an" if noun[0] in "aeio" else "a"


def _nonsense(rng: Random) -> str:
    return made_up_word(rng, 4, 9)


def _unit(rng: Random) -> Item:
    many, one, n = rng.choice(UNITS)
    one = one.replace("_", " ")
    an = article(one)
    values = {"m": many, "k": one, "n": n, "a": an, "A": an.capitalize()}
    return Item(f"{many} {one}", {"m": many, "k": one}, "unit", (values,))


_NEIGHBOUR_LINES = """
    Which {u} comes [right|] PLACE {k}?
    What {u} comes [right|] PLACE {k}?
    What {u} is PLACE {k}?
    Which {u} is PLACE {k}?
    What comes PLACE {k}?
    What is the {u} PLACE {k}?
    {u} PLACE {k}?
    PLACE {k} comes which {u}?
"""
_NEIGHBOUR = {
    "after": wordings(
        "calendar after",
        things="the {u} after {k}\nwhich {u} [comes|is] after {k}\nthe next {u} after {k}",
        deeds="[name|say|write] the {u} after {k}",
        lines=_NEIGHBOUR_LINES.replace("PLACE", "after")
        + "Which {u} follows {k}?\nWhat {u} follows {k}?\nWhat is next after {k}?",
        held="Which {u} do we have after {k}?\nWhat {u} comes next after {k}?\nOnce {k} is over, which {u} follows?",
    ),
    "before": wordings(
        "calendar before",
        things="the {u} before {k}\nwhich {u} [comes|is] before {k}",
        deeds="[name|say|write] the {u} before {k}",
        lines=_NEIGHBOUR_LINES.replace("PLACE", "before"),
        held="Which {u} do we have before {k}?\nWhat {u} comes just before {k}?",
    ),
}


def _neighbour(place: str) -> Callable[[Random], Item]:
    def make(rng: Random) -> Item:
        unit, names = ("day", DAYS) if rng.random() < 0.5 else ("month", MONTHS)
        i = rng.randrange(len(names))
        other = names[(i + (1 if place == "after" else -1)) % len(names)]
        values = {"unit": unit, "k": names[i], "place": place, "other": other}
        return Item(f"{place} {names[i]}", {"k": names[i], "u": unit}, "calendar", (values,))

    return make


def _single(questions: str, fact: str) -> Task:
    forms = [expand(line) for line in questions.splitlines()]
    flat = tuple(dict.fromkeys(form for group in forms for form in group))
    held, trained = flat[-1:], flat[:-1]
    asked = tuple((q,) for q in trained)
    extra = tuple(
        f"{lead} {q[0].lower() + q[1:]}" for q in trained if q.endswith("?") for lead in ("Do you know:", "Tell me:")
    )
    groups = (*asked, extra) if extra else asked
    return Task(
        Wordings("en", groups, tuple(1.0 for _ in groups), (held,)),
        lambda _rng: Item(fact, {}, "fact", ({"F": fact[:-1], "f": fact[0].lower() + fact[1:-1]},)),
        is_closed=True,
        weight=0.12,
    )


SKILLS = (
    Skill(
        "opposites",
        "en",
        (Task(_OPPOSITE, _keyed(OPPOSITES, "opposite", unknown=_nonsense, is_word=True), True),),
        "opposites",
    ),
    Skill(
        "capitals",
        "en",
        (Task(_CAPITAL, _keyed(CAPITALS, "capital", unknown=made_up_country), True),),
        "capital cities",
    ),
    Skill(
        "animals",
        "en",
        (
            Task(_SOUND, _keyed(SOUNDS, "sound", unknown=_nonsense), True),
            Task(_BABY, _keyed(BABIES, "baby", unknown=_nonsense), True),
            Task(_LEGS_OF, _keyed(LEGS, "legs", unknown=_nonsense), True),
        ),
        "animals",
    ),
    Skill(
        "facts",
        "en",
        (
            Task(_COLOUR, _keyed(COLOURS, "colour", unknown=None), True, weight=0.8),
            Task(_UNIT, _unit, True, weight=0.8),
            *(_single(questions, fact) for questions, fact in FACTS),
        ),
        "common facts",
    ),
    Skill(
        "days and months",
        "en",
        (Task(_NEIGHBOUR["after"], _neighbour("after"), True), Task(_NEIGHBOUR["before"], _neighbour("before"), True)),
        "days and months",
    ),
)
