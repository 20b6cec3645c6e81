"""The corpus tells the truth: answers are checked by other means than those that wrote them.

They are those of the careful manner; `test_manners` checks that the others say the same.
"""

import calendar
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest

from inference.demo.corpus.dialogue import SKILL, SKILLS
from inference.demo.corpus.grammar import wordings
from inference.demo.corpus.manners import CAREFUL
from inference.demo.corpus.skill import Example, Item, Skill, Split, Task
from inference.demo.corpus.skills.letters import plural
from tests.inference.demo.corpus.helpers import normal

N = 400


def drawn(skill: str, n: int = N) -> Iterator[Example]:
    rng = Random(f"test {skill}")
    splits: tuple[Split, ...] = ("train", "items", "wordings")
    for i in range(n):
        yield SKILL[skill].draw(rng, splits[i % 3], CAREFUL)


def calculated(text: str) -> Fraction:
    a, sign, b = text.split()
    x, y = Fraction(a), Fraction(b)
    return {"+": x + y, "-": x - y, "x": x * y, "/": x / (y or 1)}[sign]


def asked_word(example: Example) -> str:
    """The word a question is about: that run of letters of the prompt which the answer spells with dashes."""
    spelled = re.sub(r"[\d-]", "", example.answer.removeprefix("It is spelled ").split()[0].rstrip("."))
    assert spelled in example.prompt.lower(), example
    return spelled


@pytest.mark.parametrize(
    "skill", ["add", "subtract", "multiply", "divide", "Korean add", "Korean subtract", "Korean multiply"]
)
def test_sums_are_right(skill: str) -> None:
    for example in drawn(skill):
        shown = re.sub(r"(, because .*)?\.$|입니다\.$", "", example.answer)
        found = re.fullmatch(r"(\d+) [-+x/] (\d+) = .*", shown)
        assert found, example
        sums, result = shown.split(" = ")[:-1], int(shown.split(" = ")[-1])
        assert all(calculated(text) == result for text in sums), example
        numbers = re.findall(r"\d+", example.prompt)
        assert sorted(numbers, key=int) == sorted([found[1], found[2]], key=int), example
        if "because" in example.answer:
            checked, a = example.answer.rstrip(".").split(" because ")[1].split(" = ")
            assert calculated(checked) == int(a) == int(found[1]), example


def test_the_work_of_a_sum_adds_tens_and_ones() -> None:
    answers = {e.item.key: e.answer for e in drawn("add", 3000)}
    assert any(" = " in answer.partition(" = ")[2] for answer in answers.values())
    for answer in answers.values():
        if len(parts := answer.rstrip(".").split(" = ")) == 3:
            tens, ones = map(int, parts[1].split(" + "))
            assert tens % 10 == 0
            assert 0 <= ones <= 18


def test_the_bigger_number_is_bigger() -> None:
    for example in drawn("compare"):
        big, small = map(int, re.findall(r"\d+", example.answer))
        assert big > small
        assert {str(big), str(small)} == set(re.findall(r"\d+", example.prompt))


def test_even_numbers_end_in_an_even_digit() -> None:
    for example in drawn("even or odd"):
        found = re.fullmatch(r"(\d+) ends in (\d), so it is (even|odd)\.", example.answer)
        number, last, word = found.groups()  # type: ignore[union-attr]
        assert (number[-1] in "02468") == (word == "even")
        assert number[-1] == last
        assert number in example.prompt


def test_counting_goes_up_by_one_from_the_first_to_the_last_number_asked() -> None:
    for example in drawn("count on"):
        counted = [int(number) for number in example.answer.rstrip(".").split(", ")]
        asked = [int(number) for number in re.findall(r"\d+", example.prompt)]
        assert all(b == a + 1 for a, b in itertools.pairwise(counted))
        assert counted[-1] == asked[-1]
        assert counted[0] == (asked[0] if len(asked) == 2 else 1)


def test_words_are_spelled_and_measured_right() -> None:
    for example in drawn("spell"):
        assert example.answer == "It is spelled " + "-".join(asked_word(example)) + "."
    for example in drawn("count letters"):
        word = asked_word(example)
        assert example.answer == "-".join(word) + f" has {len(word)} letters."


def test_reversed_words_read_the_same_from_the_other_end() -> None:
    for example in drawn("reverse"):
        word = asked_word(example)
        turned = example.answer.removeprefix("-".join(word) + " backwards is ").rstrip(".")
        assert len(turned) == len(word)
        assert all(turned[-1 - i] == letter for i, letter in enumerate(word))


def test_one_letter_is_counted_right_and_each_hit_is_numbered() -> None:
    for example in drawn("count one letter"):
        marked, letter, n = re.fullmatch(r"(\S+) has (\w) (\d+) times?\.", example.answer).groups()  # type: ignore[union-attr]
        assert int(n) == asked_word(example).count(letter)
        assert re.findall(rf"{letter}(\d+)", marked) == [str(i + 1) for i in range(int(n))]


def test_first_and_last_letters_are_right() -> None:
    for example in drawn("first or last letter"):
        word = asked_word(example)
        verb, letter = re.search(r"(begins|ends) with (\w)\.", example.answer).groups()  # type: ignore[union-attr]
        assert {"begins": "first", "ends": "last"}[verb] in example.prompt.lower()
        assert letter == (word[0] if verb == "begins" else word[-1])


@pytest.mark.parametrize(
    ("one", "many"),
    [("cat", "cats"), ("box", "boxes"), ("city", "cities"), ("day", "days"), ("match", "matches"),
     ("child", "children"),
     ("leaf", "leaves"), ("sheep", "sheep"), ("dish", "dishes"), ("boss", "bosses")],
)  # fmt: skip
def test_plurals_follow_english(one: str, many: str) -> None:
    assert plural(one) == many


def test_lists_are_sorted_and_complete() -> None:
    for example in drawn("sort numbers"):
        numbers = [int(number) for number in re.findall(r"\d+", example.answer)]
        assert numbers == sorted(numbers)
        assert sorted(map(int, re.findall(r"\d+", example.prompt))) == numbers
    for example in drawn("sort words"):
        words = example.answer.removeprefix("In order: ").rstrip(".").split(", ")
        assert all(a < b for a, b in itertools.pairwise(words))
        assert all(word in example.prompt.lower() for word in words)


def test_lists_are_counted_to_their_end() -> None:
    for example in drawn("count items"):
        listed, n = re.fullmatch(r"(.*): (\d) words\.", example.answer).groups()  # type: ignore[union-attr]
        items = [item.split() for item in listed.split(", ")]
        assert [int(number) for number, _ in items] == list(range(1, int(n) + 1))
        asked = example.prompt.lower().replace(",", " ")
        at = -1
        for _, word in items:
            at = asked.index(word, at + 1)


def test_days_and_months_follow_the_calendar() -> None:
    days, months = list(calendar.day_name), list(calendar.month_name)[1:]
    for example in drawn("days and months"):
        a, place, b = re.fullmatch(r"(\w+) comes (after|before) (\w+)\.", example.answer).groups()  # type: ignore[union-attr]
        names = days if a in days else months
        step = 1 if place == "after" else -1
        assert names[(names.index(b) + step) % len(names)] == a


def test_opposites_hold_both_ways_where_both_are_asked() -> None:
    said = {
        tuple(re.findall(r"of (\w+) is (\w+)", e.answer)[0])
        for e in drawn("opposites", 2000)
        if "Sorry" not in e.answer
    }
    keys = {a for a, _ in said}
    loners = {(a, b) for a, b in said if b in keys and (b, a) not in said} - {("heavy", "light"), ("tall", "short")}
    assert not loners, loners


def test_korean_words_are_turned_and_counted_by_syllables() -> None:
    for example in drawn("Korean reverse"):
        shown, turned = re.fullmatch(r"(\S+), 거꾸로 (\S+)입니다\.", example.answer).groups()  # type: ignore[union-attr]
        syllables = shown.split("-")
        assert "".join(syllables) in example.prompt
        assert list(turned) == list(reversed(syllables))
    for example in drawn("Korean count"):
        shown, n = re.fullmatch(r"(\S+), (\d)글자입니다\.", example.answer).groups()  # type: ignore[union-attr]
        assert shown.replace("-", "") in example.prompt
        assert int(n) == shown.count("-") + 1


def test_stories_are_about_the_requested_animal_and_name() -> None:
    for name in ("stories", "Korean stories"):
        for example in drawn(name):
            assert all(slot in example.answer for slot in example.item.slots.values())
            assert example.answer.endswith(("The end.", "끝."))
            assert example.accepts(example.answer)
            assert not example.accepts(example.answer.replace("The end.", "").replace("끝.", ""))


def test_a_story_of_another_animal_is_not_accepted() -> None:
    told = (
        "Tim the cat lived on a farm. One cold day Tim saw a red ball. "
        "Tim was happy and took it home. Later Tim smiled. The end."
    )
    for example in drawn("stories"):
        if example.item.slots["k"] not in ("", "cat"):
            assert not example.accepts(told)


@pytest.mark.parametrize("skill", [skill.name for skill in SKILLS])
def test_every_answer_that_is_trained_would_be_marked_right(skill: str) -> None:
    assert all(example.accepts(example.answer) for example in drawn(skill, 120))


@pytest.mark.parametrize("skill", [skill.name for skill in SKILLS])
def test_every_skill_has_many_trained_wordings_and_some_that_never_are(skill: str) -> None:
    trained = {wording for task in SKILL[skill].tasks for wording in normal(task.wordings.trained)}
    held = {wording for task in SKILL[skill].tasks for wording in normal(task.wordings.held)}
    assert len(trained) >= 100
    assert len(held) >= 5
    assert not trained & held


def test_a_skill_without_examples_raises() -> None:
    alone = wordings("alone", lines="say it")
    task = Task(alone, lambda _rng: Item("it", {}, "okay"), is_closed=True, always_trained=frozenset({"say it"}))
    with pytest.raises(RuntimeError, match="skill alone: no example of the split 'items'"):
        Skill("alone", "en", (task,), "that").draw(Random(0), "items", CAREFUL)
