"""Questions in Korean and their right answers."""

from random import Random

from inference.demo.corpus.grammar import Wordings, expand
from inference.demo.corpus.skill import Item, Task
from inference.demo.corpus.skills.letters import about
from inference.demo.corpus.skills.numbers import added, multiplied, taken
from inference.demo.corpus.skills.stories import has_final_consonant
from inference.demo.corpus.words import KO_CAPITALS, KO_COLOURS, KO_OPPOSITES, KO_WORDS

SYLLABLE_POOL = "".join(
    dict.fromkeys(
        "".join(KO_WORDS) + "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추"
    )
)


def _reads_with_final_consonant(number: int) -> bool:
    """Whether the Korean reading of a number ends in a consonant: 영 일 삼 육 칠 팔 and 십, 백 do."""
    return number % 10 in (0, 1, 3, 6, 7, 8)


def _particles(has_final: bool) -> dict[str, str]:
    return {"e": "은", "o": "을", "i": "이"} if has_final else {"e": "는", "o": "를", "i": "가"}


def numbers(rng: Random, sign: str) -> Item:
    top = 9 if rng.random() < 0.3 else 99
    a, b = rng.randint(0, top), rng.randint(0, top)
    if sign == "x":
        a, b = rng.randint(0, 9), rng.randint(0, 9)
    if sign == "-" and a < b:
        a, b = b, a
    form = {"+": "ko add", "-": "ko subtract", "x": "ko multiply"}[sign]
    values = {"+": added, "-": taken, "x": multiplied}[sign](a, b)
    slots = {"a": str(a), "b": str(b), **_particles(_reads_with_final_consonant(b))}
    return Item(f"ko {a}{sign}{b}", slots, form, (values,), is_basic=sign != "x" and a <= 20 and b <= 20)


def word_item(rng: Random, form: str) -> Item:
    """Draw a word. The answer of the form may use its syllables, its reverse and their number."""
    if rng.random() < 0.5:
        word = rng.choice(KO_WORDS)
    else:
        word = "".join(rng.choice(SYLLABLE_POOL) for _ in range(rng.randint(2, 5)))
    shown = word if rng.random() < 0.8 else rng.choice((f"'{word}'", f'"{word}"'))
    slots = {"q": shown, **_particles(has_final_consonant(word[-1]))}
    return Item(f"ko {word}", slots, form, (about(word),))


def opposite(rng: Random) -> Item:
    if rng.random() < 0.06:
        word = "".join(rng.choice(SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
        return Item(f"ko opposite {word}", {"q": word}, "ko unknown")
    word, other = rng.choice(KO_OPPOSITES)
    shown = word if rng.random() < 0.8 else rng.choice((f"'{word}'", f'"{word}"'))
    return Item(f"ko opposite {word}", {"q": shown}, "ko opposite", ({"k": word, "v": other},))


def capital(rng: Random) -> Item:
    if rng.random() < 0.06:
        word = "".join(rng.choice(SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
        return Item(f"ko capital {word}", {"k": word}, "ko unknown")
    country, city = rng.choice(KO_CAPITALS)
    return Item(f"ko capital {country}", {"k": country}, "ko capital", ({"k": country, "v": city},))


def colour(rng: Random) -> Item:
    thing, colour = rng.choice(KO_COLOURS)
    particles = _particles(has_final_consonant(thing[-1]))
    return Item(f"ko colour {thing}", {"k": thing, **particles}, "ko colour", ({"k": thing, "v": colour},))


def single(questions: str, polite: str, warm: str) -> Task:
    forms = tuple(dict.fromkeys(form for line in questions.splitlines() for form in expand(line)))
    trained = tuple((form,) for form in forms[:-1])
    return Task(
        Wordings("ko", trained, tuple(1.0 for _ in trained), (forms[-1:],)),
        lambda _rng: Item(polite, {}, "ko fact", ({"polite": polite[:-1], "warm": warm[:-1]},)),
        is_closed=True,
        weight=0.15,
    )
