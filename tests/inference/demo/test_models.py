"""The four shipped models load, answer as well as accuracy.json says, each in its manner, and know the examples."""

import itertools
import json
from functools import cache
from typing import Any

import pytest

from inference.demo.__main__ import ACCURACY
from inference.demo.alike import shares
from inference.demo.evaluate import Marked, answers, examine, questions, summary
from inference.demo.profiles import PROFILE, PROFILES, WINDOW
from inference.demo.shipped import MODELS
from inference.model.checkpoint.weights import load_served
from inference.model.serving import ServedModel
from inference.text.chat_template import Message
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer

# Prompts that a page may offer, with what the strongest model answers.
EXAMPLES = {
    "What is 17 + 25?": "17 + 25 = 30 + 12 = 42.",
    "Reverse the word planet.": "p-l-a-n-e-t backwards is tenalp.",
    "What is the opposite of hot?": "The opposite of hot is cold.",
    "What is the capital of Japan?": "The capital of Japan is Tokyo.",
    "How many letters are in elephant?": "e-l-e-p-h-a-n-t has 8 letters.",
    "What is 7 times 8?": "7 x 8 = 56.",
    "What is the plural of mouse?": "One mouse, two mice.",
    "What sound does a cow make?": "A cow says moo.",
    "3 더하기 4는 얼마야?": "3 + 4 = 7입니다.",
    "크다의 반대말은 뭐야?": "크다의 반대말은 작다입니다.",
    "일본의 수도는 어디예요?": "일본의 수도는 도쿄입니다.",
    "나무를 거꾸로 써줘": "나-무, 거꾸로 무나입니다.",
}


@cache
def shipped(slug: str) -> tuple[ServedModel, Tokenizer]:
    return load_served(MODELS / slug), open_tokenizer(MODELS / slug)


@cache
def examined(slug: str) -> list[Marked]:
    return examine(*shipped(slug), questions(4, PROFILE[slug].manner))


@cache
def accuracy() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((MODELS / ACCURACY).read_text(encoding="utf-8"))
    return known


@pytest.mark.parametrize("slug", list(PROFILE))
def test_a_shipped_model_has_its_profiles_shape_and_a_window(slug: str) -> None:
    model, tokenizer = shipped(slug)
    assert model.config == PROFILE[slug].config(tokenizer.vocab_size)
    assert model.config.sliding_window == WINDOW


def test_all_four_together_take_less_than_40_mb() -> None:
    assert {folder.name for folder in MODELS.iterdir() if folder.is_dir()} == set(PROFILE)
    assert sum(file.stat().st_size for file in MODELS.rglob("*") if file.is_file()) < 40e6


@pytest.mark.parametrize("slug", list(PROFILE))
def test_a_small_exam_confirms_the_accuracy_that_is_claimed(slug: str) -> None:
    result = summary(examined(slug))
    claimed = accuracy()[PROFILE[slug].name]
    assert result["overall"] >= claimed["overall"] - 5
    assert result["unseen_wordings"] >= claimed["unseen_wordings"] - 8


def test_hardly_any_question_gets_the_same_answer_from_two_models() -> None:
    given = {slug: [marked.answer for marked in examined(slug)] for slug in PROFILE}
    assert all(share < 2 for share in shares(given).values())


def test_the_models_are_graded_and_the_strongest_understands_wordings_it_never_read() -> None:
    overall = [accuracy()[profile.name]["overall"] for profile in PROFILES]
    assert overall[0] >= 90
    assert all(stronger - weaker >= 10 for stronger, weaker in itertools.pairwise(overall))
    assert accuracy()[PROFILES[0].name]["unseen_wordings"] >= 80


def test_models_differ_in_what_they_are_good_at() -> None:
    def mean(name: str, skills: tuple[str, ...]) -> float:
        return sum(float(accuracy()[name]["skills"][skill]["items"]) for skill in skills) / len(skills)

    names = [profile.name for profile in PROFILES]
    sums = ("add", "subtract", "multiply", "divide")
    assert max(names, key=lambda name: float(accuracy()[name]["korean"])) == names[1]
    assert mean(names[2], sums) >= mean(names[1], sums) + 10


@pytest.mark.parametrize(("prompt", "answer"), list(EXAMPLES.items()))
def test_the_strongest_model_answers_every_example_right(prompt: str, answer: str) -> None:
    model, tokenizer = shipped(PROFILES[0].slug)
    (given,) = answers(model, tokenizer, [(Message("user", prompt),)])
    assert given == answer


@pytest.mark.parametrize(
    ("prompt", "form"),
    [("hi", "hello"), ("Hello!", "hello"), ("how are you?", "how are you"), ("안녕하세요", "ko hello")],
)
@pytest.mark.parametrize("slug", list(PROFILE))
def test_every_model_greets_back_in_its_manner(slug: str, prompt: str, form: str) -> None:
    (given,) = answers(*shipped(slug), [(Message("user", prompt),)])
    assert given in PROFILE[slug].manner.forms[form]


def test_the_strongest_model_tells_the_requested_story() -> None:
    (given,) = answers(*shipped(PROFILES[0].slug), [(Message("user", "Tell me a story about a fox named Pip."),)])
    assert given.startswith("Pip the fox lived ")
    assert given.endswith(" The end.")


@pytest.mark.parametrize("slug", list(PROFILE))
def test_no_model_loops_or_names_itself(slug: str) -> None:
    prompts = [
        *EXAMPLES,
        "Who are you?",
        "Explain the history of opera",
        "qwrt zzz",
        "이름이 뭐야?",
        "Sort 3, 1, 2",
        "Sum?",
    ]
    model, tokenizer = shipped(slug)
    for given in answers(model, tokenizer, [(Message("user", prompt),) for prompt in prompts]):
        assert 2 <= len(given) < 200, given
        assert not any(profile.name.lower() in given.lower() for profile in PROFILES)
