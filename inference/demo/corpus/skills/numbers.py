# ruff: noqa: E501 - grammar lines and word lists read best whole
"""Sums and other questions about numbers, in English."""

from collections.abc import Iterable
from random import Random

from inference.demo.corpus.grammar import wordings
from inference.demo.corpus.skill import Item, Skill, Task

_ADD = wordings(
    "add",
    things="""
        {a} [+|plus] {b}
        the [sum|total] of {a} and {b}
    """,
    deeds="""
        add {a} and {b}
        [add up|sum up|sum] {a} and {b}
        [calculate|compute|work out|solve|find] {a} [+|plus] {b}
        [calculate|find|work out] the [sum|total] of {a} and {b}
    """,
    lines="""
        [What is|What's|Whats] {a} + {b}?
        [What is|What's|whats] {a} plus {b}?
        What is {a}+{b}?
        {a}+{b}
        {a} + {b}
        {a}+{b}[=|=?|?]
        {a} + {b} [=|= ?|?|equals?|is?]
        How much is {a} [+|plus|and] {b}?
        How much [do|does|would] {a} and {b} make?
        What do {a} and {b} [make|come to|add up to]?
        What [does|do] {a} [+|plus|and] {b} [make|equal|give]?
        What do you get [if|when] you add {a} [and|to] {b}?
        [Add|Put] {a} and {b} together
        {a} [and|plus] {b} [makes|is|equals] [what|how much]?
        I have {a} [apples|eggs|coins|books|marbles] and [get|find|buy] {b} more. How many [do I have|do I have now|is that]?
        If I have {a} and [add|get] {b}, how many do I have?
        {a} [added to|and then] {b}
    """,
    held="""
        How much do {a} and {b} make together?
        What number is {a} plus {b}?
        Please work out {a} and {b} added together
        {a} + {b} makes?
        What does adding {a} and {b} give?
        I have {a} apples and buy {b} more. How many apples do I have now?
    """,
)
_SUBTRACT = wordings(
    "subtract",
    things="""
        {a} [-|minus] {b}
        {a} [take away|less] {b}
        the difference [between|of] {a} and {b}
    """,
    deeds="""
        subtract {b} from {a}
        take {b} [away from|from] {a}
        [calculate|compute|work out|solve|find] {a} [-|minus] {b}
        [calculate|find|work out] the difference [between|of] {a} and {b}
    """,
    lines="""
        [What is|What's|Whats] {a} - {b}?
        [What is|What's|whats] {a} minus {b}?
        What is {a}-{b}?
        {a}-{b}
        {a} - {b}
        {a}-{b}[=|=?|?]
        {a} - {b} [=|= ?|?|equals?|is?]
        How much is {a} [-|minus|take away|less] {b}?
        What is left [if|when] [I|you] take {b} from {a}?
        What do you get [if|when] you [subtract|take] {b} from {a}?
        {a} [minus|take away] {b} [makes|is|equals] [what|how much]?
        What does {a} [-|minus] {b} [make|equal|give]?
        I have {a} [apples|eggs|coins|books|marbles] and [lose|eat|sell|give away] {b}. How many [are left|do I have|remain]?
        If I have {a} and [lose|give away] {b}, how many [are left|do I have]?
        Take {b} away from {a}
    """,
    held="""
        How much remains when you take {b} from {a}?
        What number is {a} minus {b}?
        {a} - {b} makes?
        What does subtracting {b} from {a} give?
        I have {a} apples and eat {b}. How many apples are left?
        Please work out what {a} less {b} is
    """,
)
_MULTIPLY = wordings(
    "multiply",
    things="""
        {a} [x|*|×|times|multiplied by] {b}
        {a} [times|x] {b}
        the product of {a} and {b}
    """,
    deeds="""
        multiply {a} [by|and|with] {b}
        [calculate|compute|work out|solve|find] {a} [x|*|times] {b}
        [calculate|find|work out] the product of {a} and {b}
    """,
    lines="""
        [What is|What's|Whats] {a} [x|*|×] {b}?
        [What is|What's|whats] {a} times {b}?
        What is {a}[x|*]{b}?
        {a}[x|*]{b}
        {a} [x|*|×] {b}
        {a}[x|*]{b}[=|=?|?]
        {a} [x|*] {b} [=|= ?|?|equals?|is?]
        How much is {a} [x|*|times|multiplied by] {b}?
        What do you get [if|when] you multiply {a} [and|by] {b}?
        {a} times {b} [makes|is|equals] [what|how much]?
        What does {a} [x|*|times] {b} [make|equal|give]?
        There are {a} [boxes|bags] with {b} [apples|eggs|coins|books] each. How many [is that|are there]?
    """,
    held="""
        How much do you get from {a} times {b}?
        What number is {a} times {b}?
        {a} x {b} makes?
        What does multiplying {a} by {b} give?
        There are {a} bags with {b} apples each. How many apples are there?
    """,
)
_DIVIDE = wordings(
    "divide",
    things="""
        {a} [/|÷|divided by|over] {b}
        {a} [/|divided by] {b}
    """,
    deeds="""
        divide {a} by {b}
        [calculate|compute|work out|solve|find] {a} [/|divided by] {b}
        [share|split] {a} [among|between] {b}
    """,
    lines="""
        [What is|What's|Whats] {a} [/|÷] {b}?
        [What is|What's|whats] {a} divided by {b}?
        What is {a}/{b}?
        {a}/{b}
        {a} [/|÷|:] {b}
        {a}/{b}[=|=?|?]
        {a} / {b} [=|= ?|?|equals?|is?]
        How much is {a} [/|divided by] {b}?
        What do you get [if|when] you divide {a} by {b}?
        {a} divided by {b} [makes|is|equals] [what|how much]?
        How [often|many times] does {b} [go|fit] into {a}?
        What does {a} [/|divided by] {b} [make|equal|give]?
        {a} [apples|eggs|coins] are shared by {b} [friends|children]. How many does each get?
    """,
    held="""
        What number is {a} divided by {b}?
        {a} / {b} makes?
        What does dividing {a} by {b} give?
        How many times does {b} go in {a}?
        {a} apples are shared by {b} children. How many apples does each get?
    """,
)
_COMPARE = wordings(
    "compare",
    deeds="""
        [find|pick|choose|name] the [bigger|larger|greater] [one|number] of {a} and {b}
        [tell me|say] which is [bigger|larger|greater], {a} or {b}
    """,
    things="""
        the [bigger|larger|greater] [number|one] of {a} and {b}
        the [bigger|larger|greater] of {a} and {b}
    """,
    lines="""
        Which [is|number is|one is] [bigger|larger|greater|more], {a} or {b}?
        What is [bigger|larger|greater|more], {a} or {b}?
        Is {a} or {b} [bigger|larger|greater|more]?
        Is {a} [bigger|larger|greater|more] than {b}?
        {a} or {b}, which is [bigger|larger|greater|more]?
        [Bigger|Larger|Greater]: {a} or {b}?
        {a} or {b}: which [is|one is] [bigger|larger|greater]?
    """,
    held="""
        Of {a} and {b}, which number is larger?
        Which is the bigger one, {a} or {b}?
        Is {b} less than {a} or bigger?
        Between {a} and {b}, which is greater?
        What is more, {a} or {b}, please?
    """,
)
_PARITY = wordings(
    "parity",
    lines="""
        Is {a} [even or odd|odd or even]?
        Is {a} an [even|odd] number?
        Is {a} [even|odd]?
        Is the number {a} [even or odd|odd or even|even|odd]?
        {a}: [even or odd|odd or even]?
        [Even or odd|Odd or even]: {a}?
        Would you [say|call] {a} [even or odd|odd or even]?
    """,
    deeds="""
        [say|decide|check|tell me] [if|whether] {a} is [even or odd|odd or even|even|odd]
        [say|decide|check|tell me] [if|whether] the number {a} is [even or odd|odd or even]
    """,
    held="""
        Do you know if {a} is an even number?
        {a} is even or odd?
        What is {a}, odd or even?
        Is {a} odd, or is it even?
        Tell me: even or odd, the number {a}
    """,
)
_COUNT_TO = wordings(
    "count to",
    deeds="""
        count to {b}
        count up to {b}
        [say|write|list] the numbers up to {b}
    """,
    lines="""
        Count to {b}
        Count up to {b}
        Count: 1 to {b}
        [Can|Could] you count to {b}?
    """,
    held="Do you know how to count to {b}?\nCount until {b}\nStart counting, up to {b}",
)
_COUNT_ON = wordings(
    "count on",
    deeds="""
        count from {a} to {b}
        [write|list|say|name] the numbers from {a} to {b}
        [write|list|say|name] [all|all the] numbers from {a} to {b}
        count [up from|on from] {a} to {b}
    """,
    things="""
        [the|all|all the] numbers from {a} to {b}
    """,
    lines="""
        Count from {a} [up to|to|until] {b}
        Count: {a} to {b}
        [What|Which] numbers are [there from|from] {a} to {b}?
        Start at {a} and count to {b}
    """,
    held="""
        Starting at {a}, count to {b}
        Please list numbers from {a} up to {b}
        Which are the numbers from {a} to {b}?
        From {a}, count up to {b}
    """,
)


def _number(rng: Random, top: int = 99) -> int:
    """Draw a number; small ones more often, because people ask for them more often."""
    return rng.randint(0, 20) if rng.random() < 0.3 else rng.randint(0, top)


def added(a: int, b: int) -> dict[str, object]:
    """Return the values of a sum. Its work is the sum of the tens and that of the ones, if there are any tens.

    >>> added(17, 25)["work"], added(3, 4)["work"]
    ('30 + 12 = ', '')
    """
    tens, ones = a // 10 * 10 + b // 10 * 10, a % 10 + b % 10
    return {"a": a, "b": b, "r": a + b, "work": f"{tens} + {ones} = " if tens else ""}


def taken(a: int, b: int) -> dict[str, object]:
    """Return the values of a difference. Its work takes the tens of `b` first, if `b` has both tens and ones.

    >>> taken(52, 17)["work"], taken(52, 7)["work"]
    ('42 - 7 = ', '')
    """
    tens, ones = b // 10 * 10, b % 10
    return {"a": a, "b": b, "r": a - b, "work": f"{a - tens} - {ones} = " if tens and ones and a >= b else ""}


def multiplied(a: int, b: int) -> dict[str, object]:
    return {"a": a, "b": b, "r": a * b}


def listed(parts: Iterable[object]) -> dict[str, object]:
    """Return the values of a list: `list` with commas, `bare` without."""
    texts = [str(part) for part in parts]
    return {"list": ", ".join(texts), "bare": " ".join(texts)}


def _sum(rng: Random) -> Item:
    a, b = _number(rng), _number(rng)
    slots = {"a": str(a), "b": str(b)}
    return Item(f"{a}+{b}", slots, "add", (added(a, b),), number=a + b, is_basic=a <= 20 and b <= 20)


def _difference(rng: Random) -> Item:
    a, b = _number(rng), _number(rng)
    if a < b and rng.random() < 0.9:
        a, b = b, a
    number = a - b if a >= b else None
    slots = {"a": str(a), "b": str(b)}
    return Item(f"{a}-{b}", slots, "subtract", (taken(a, b),), number=number, is_basic=a <= 20 and b <= 20)


def _product(rng: Random) -> Item:
    a, b = rng.randint(0, 12), rng.randint(0, 12)
    if rng.random() < 0.3:
        a, b = rng.randint(3, 9), rng.randint(3, 9)
    slots = {"a": str(a), "b": str(b)}
    return Item(f"{a}*{b}", slots, "multiply", (multiplied(a, b),), number=a * b)


def _quotient(rng: Random) -> Item:
    b, c = rng.randint(1, 10), rng.randint(1, 10)
    a = b * c
    slots = {"a": str(a), "b": str(b)}
    return Item(f"{a}/{b}", slots, "divide", (slots | {"r": c},), number=c)


def _pair(rng: Random) -> Item:
    a, b = rng.randint(0, 999 if rng.random() < 0.15 else 99), rng.randint(0, 99)
    if a == b:
        b = a + 1
    if rng.random() < 0.5:
        a, b = b, a
    return Item(f"{a}?{b}", {"a": str(a), "b": str(b)}, "compare", ({"big": max(a, b), "small": min(a, b)},))


def _even_or_odd(rng: Random) -> Item:
    a = rng.randint(0, 999) if rng.random() < 0.3 else rng.randint(0, 99)
    return Item(f"{a}%2", {"a": str(a)}, "parity", ({"a": a, "last": a % 10, "word": "odd" if a % 2 else "even"},))


def _count(rng: Random) -> Item:
    a = 1 if rng.random() < 0.3 else rng.randint(0, 60)
    b = a + rng.randint(2, 9)
    return Item(f"{a}..{b}", {"a": str(a), "b": str(b)}, "count on", (listed(range(a, b + 1)),))


def _count_to(rng: Random) -> Item:
    b = rng.randint(2, 15)
    return Item(f"1..{b} alone", {"b": str(b)}, "count on", (listed(range(1, b + 1)),))


SKILLS = (
    Skill("add", "en", (Task(_ADD, _sum),), "adding"),
    Skill("subtract", "en", (Task(_SUBTRACT, _difference),), "taking away"),
    Skill("multiply", "en", (Task(_MULTIPLY, _product, is_closed=True),), "times tables"),
    Skill("divide", "en", (Task(_DIVIDE, _quotient, is_closed=True),), "dividing"),
    Skill("compare", "en", (Task(_COMPARE, _pair),), "comparing numbers"),
    Skill("even or odd", "en", (Task(_PARITY, _even_or_odd),), "even and odd numbers"),
    Skill(
        "count on",
        "en",
        (Task(_COUNT_ON, _count), Task(_COUNT_TO, _count_to, weight=0.25)),
        "counting from one number to another",
    ),
)
