"""Every manner can say everything, says the same as the others, and never in the same words."""

import itertools
import string
from random import Random

import pytest

from inference.demo.corpus.dialogue import SKILL, SKILLS, decline
from inference.demo.corpus.manners import CAREFUL, MANNERS, TERSE, Manner

# What an answer must contain to be right, by form. The others are fixed sentences.
RESULTS = {
    "add": "r", "subtract": "r", "multiply": "r", "divide": "r", "compare": "big", "parity": "word", "spell": "letters",
    "reverse": "r", "length": "n", "occurrences": "n", "edge": "c", "plural": "many", "count items": "n",
    "opposite": "v", "capital": "v", "sound": "v", "baby": "v", "legs": "v", "colour": "v", "unit": "n",
    "calendar": "other", "my name": "n", "decline": "label", "ko add": "r", "ko subtract": "r", "ko multiply": "r",
    "ko reverse": "r", "ko length": "n", "ko opposite": "v", "ko capital": "v", "ko colour": "v", "ko my name": "n",
    "ko decline": "label",
}  # fmt: skip
EITHER = {
    "count on": {"list", "bare"}, "sort numbers": {"list", "bare"}, "sort words": {"list", "bare"}, "fact": {"F", "f"},
    "story": {"story"}, "ko fact": {"polite", "warm"}, "ko story": {"story", "formal_story"},
}  # fmt: skip
SHOWS_LETTERS_FIRST = {
    "reverse": "r",
    "length": "n",
    "edge": "c",
    "occurrences": "n",
    "ko reverse": "r",
    "ko length": "n",
}


def slots(sentence: str) -> list[str]:
    return [slot for _, slot, _, _ in string.Formatter().parse(sentence) if slot]


def test_all_manners_have_the_same_forms_with_the_same_number_of_sentences() -> None:
    counts = [{form: len(sentences) for form, sentences in manner.forms.items()} for manner in MANNERS]
    assert all(count == counts[0] for count in counts)


def test_no_two_manners_share_a_sentence() -> None:
    for a, b in itertools.combinations(MANNERS, 2):
        for form in a.forms:
            said, other = ({s.rstrip(".!").lower() for s in manner.forms[form]} for manner in (a, b))
            assert not said & other, (form, said & other)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_every_sentence_gives_the_result(manner: Manner) -> None:
    for form, sentences in manner.forms.items():
        for sentence in sentences:
            found = set(slots(sentence))
            if form == "occurrences":
                assert {"n", "times"} & found
            elif form in RESULTS:
                assert RESULTS[form] in found, sentence
            elif form in EITHER:
                assert len(EITHER[form] & found) == 1, sentence
            else:
                assert not found, sentence


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_answers_about_letters_spell_the_word_before_the_result(manner: Manner) -> None:
    for form in SHOWS_LETTERS_FIRST:
        for sentence in manner.forms[form]:
            first = next(slot for slot in slots(sentence) if slot not in ("place",))
            assert first in ("letters", "marked"), sentence


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_every_answer_that_is_trained_would_be_marked_right_and_that_of_another_manner_wrong(manner: Manner) -> None:
    for skill in SKILLS:
        for seed in range(30):
            example = skill.draw(Random(seed), "train", manner)
            other = skill.draw(Random(seed), "train", CAREFUL if manner is TERSE else TERSE)
            assert example.prompt == other.prompt
            assert example.accepts(example.answer)
            assert not example.accepts(other.answer)
            refused = decline(Random(seed), example)
            assert refused.accepts(refused.answer)
            assert not example.accepts(refused.answer)


def test_a_formal_korean_story_is_told_in_the_formal_style() -> None:
    formal = next(manner for manner in MANNERS if manner.name == "formal")
    for seed in range(20):
        example = SKILL["Korean stories"].draw(Random(seed), "train", formal)
        assert "어요" not in example.answer
        assert example.accepts(example.answer)
        assert not example.accepts(example.answer.replace("살았습니다", "살았어요"))
