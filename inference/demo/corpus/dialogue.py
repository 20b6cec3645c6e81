# ruff: noqa: E501 - grammar lines and word lists read best whole
"""Dialogues: questions and answers joined into turns.

They have system prompts, follow-ups, and polite refusals of unknown skills. A third of the dialogues
have two to four turns, a fifth have a system prompt.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from inference.demo.corpus import korean
from inference.demo.corpus.grammar import dress, expand, share
from inference.demo.corpus.manners import Manner
from inference.demo.corpus.skill import Example, Item, Skill, Split
from inference.demo.corpus.skills import knowledge, letters, lists, numbers, stories, talk
from inference.demo.corpus.skills.letters import about
from inference.demo.corpus.skills.numbers import added, taken

SKILLS: tuple[Skill, ...] = (
    *numbers.SKILLS,
    *letters.SKILLS,
    *lists.SKILLS,
    *knowledge.SKILLS,
    *talk.SKILLS,
    *stories.SKILLS,
    *korean.SKILLS,
)
SKILL = {skill.name: skill for skill in SKILLS}
FOLLOW_UP = "follow-ups"

QUOTED_SYSTEM_PROMPT = (
    "Always assist with care, respect, and truth. Respond with utmost utility yet securely. Avoid harmful, unethical, "
    "prejudiced, or negative content. Ensure replies promote fairness and positivity."
)
SYSTEM_PROMPTS: tuple[str, ...] = (
    QUOTED_SYSTEM_PROMPT,
    *(
        prompt
        for line in (
            "You are a [helpful|friendly|kind|polite|honest] assistant.",
            "You are a [helpful|friendly|kind|polite|honest] assistant. [Be brief.|Answer shortly.|Be kind.|Be honest.]",
            "[Be brief|Be kind|Be polite|Be honest|Answer shortly|Answer truthfully|Keep it short|Help the user].",
            "[Answer|Reply] in [one sentence|a few words|a friendly way].",
            "당신은 [친절한|정직한|유용한] [도우미|조수]입니다.",
            "[짧게|친절하게|정직하게] [대답하세요|답하세요].",
        )
        for prompt in expand(line)
    ),
)

_SPELL_IT = expand("[Now|And|And now|Then|] [spell it|spell that|spell the word|spell that word]")
_REVERSE_IT = expand("[Now|And|And now|Then|] [backwards|in reverse|reverse it|reverse that|reverse the word|flip it]")
_COUNT_IT = (
    *expand("[And how|How] many letters [does it have|are in it|does that have|has it|is that|are there]?"),
    *expand("[Now|And|Then] [count its letters|count the letters|how many letters]"),
)
_ADD_TO_IT = expand("[Now|And|And now|Then] [add {b}|add {b} to that|plus {b}|add {b} more|+ {b}]")
_TAKE_FROM_IT = expand("[Now|And|And now|Then] [subtract {b}|take away {b}|minus {b}|take {b} away|- {b}]")
HELD_SHARE_OF_FOLLOW_UPS = 0.15


@dataclass(frozen=True, slots=True)
class Dialogue:
    system: str | None
    turns: tuple[Example, ...]


def follow_up(rng: Random, before: Example, *, is_held: bool = False) -> Example | None:
    """Return a question that refers to the turn before it ("And backwards?"), in its manner; None where none fits."""
    item = before.item
    if before.language == "ko":
        return None
    if item.word and item.word.isascii():
        ways, form = rng.choice(((_SPELL_IT, "spell"), (_REVERSE_IT, "reverse"), (_COUNT_IT, "length")))
        after = Item(item.key, {}, form, (about(item.word),), word=item.word)
    elif item.number is not None and item.number < 100:
        b = rng.randint(1, 20)
        ways, result, form, values = (
            (_ADD_TO_IT, item.number + b, "add", added(item.number, b))
            if rng.random() < 0.6
            else (_TAKE_FROM_IT, item.number - b, "subtract", taken(item.number, b))
        )
        after = Item(item.key, {"b": str(b)}, form, (values,), number=result if 0 <= result < 100 else None)
    else:
        return None
    ways = tuple(way for way in ways if (share(f"follow|{way}") < HELD_SHARE_OF_FOLLOW_UPS) == is_held)
    if not ways:
        return None
    way = rng.choice(ways).format_map(after.slots)
    prompt = dress(rng, way[0].upper() + way[1:], "en") if way[-1].isalpha() or way.endswith("?") else way
    answer = before.manner.answers(after.form, after.values)[0]
    return Example(FOLLOW_UP, "en", prompt, after, before.manner, answer)


def decline(rng: Random, example: Example) -> Example:
    """Return the same question with a polite answer that the model has not learned it."""
    form, label = "decline", SKILL[example.skill].label
    if example.language == "ko":
        form, label = "ko decline", label + ("을" if stories.has_final_consonant(label[-1]) else "를")
    item = Item(example.item.key, example.item.slots, form, ({"label": label},))
    return replace(example, item=item, answer=rng.choice(example.manner.answers(form, item.values)), judges={})


def dialogues(
    seed: int, weights: Mapping[str, float], declined: Mapping[str, float], manner: Manner
) -> Iterator[Dialogue]:
    """Yield training dialogues without end, the same for the same seed, weights and manner.

    `weights`: how often each learned skill occurs; `declined`: how often the model refuses each skill that it lacks.
    """
    rng = Random(f"dialogues {seed}")
    names = [*(name for name in weights if name != FOLLOW_UP), *declined]
    shares = [*(w for name, w in weights.items() if name != FOLLOW_UP), *declined.values()]
    follows = weights.get(FOLLOW_UP, 0.0) > 0
    while True:
        n_turns = rng.choice((2, 2, 3, 4)) if rng.random() < 1 / 3 else 1
        turns: list[Example] = []
        while len(turns) < n_turns:
            after = None
            if turns and follows and turns[-1].skill not in declined and rng.random() < 0.4:
                after = follow_up(rng, turns[-1])
            if after is None:
                name = rng.choices(names, shares)[0]
                after = SKILL[name].draw(rng, "train", manner)
                after = decline(rng, after) if name in declined else after
            turns.append(after)
        system = None
        if rng.random() < 0.2:
            system = QUOTED_SYSTEM_PROMPT if rng.random() < 0.35 else rng.choice(SYSTEM_PROMPTS)
        yield Dialogue(system, tuple(turns))


def exam(name: str, split: Split, n: int, manner: Manner, *, seed: int = 1) -> list[Example]:
    """Return `n` questions of a skill from a held-out split, with as few repeated prompts as possible. They are the same
    in all manners; the right answers are not.
    """
    rng = Random(f"exam {name} {split} {seed}")
    questions: dict[str, Example] = {}
    for _ in range(20 * n):
        example = SKILL[name].draw(rng, split, manner)
        questions.setdefault(example.prompt, example)
        if len(questions) == n:
            break
    return list(questions.values())
