from random import Random

from inference.demo.corpus.grammar import dress, expand, wordings
from tests.inference.demo.corpus.helpers import normal


def test_a_choice_expands_to_each_of_its_words_and_an_empty_one_to_nothing() -> None:
    assert expand("[What is|What's] {a} [now|]?") == (
        "What is {a} now?",
        "What is {a} ?",
        "What's {a} now?",
        "What's {a} ?",
    )
    assert expand("no choice") == ("no choice",)


def test_phrases_are_put_into_the_frames_of_all_skills() -> None:
    asked = normal(wordings("some skill", things="the end of {k}", deeds="end {k}").trained)
    assert {"what is the end of {k}", "tell me the end of {k}", "end {k}", "can you end {k}"} <= asked


def test_some_frames_are_held_out_and_none_is_in_both() -> None:
    made = wordings("some skill", things="the end of {k}", deeds="end {k}", lines="End it: {k}", held="Why end {k}?")
    assert "why end {k}" in normal(made.held)
    assert len(normal(made.held)) > 1
    assert not normal(made.held) & normal(made.trained)


def test_a_held_out_sentence_is_never_trained_whatever_its_case_and_end_mark() -> None:
    made = wordings("some skill", lines="[End|Stop] {k}\nFinish {k}", held="stop {k}!?".replace("!", ""))
    assert normal(made.trained) == {"end {k}", "finish {k}"}


def test_dressing_changes_habits_and_not_the_words() -> None:
    rng = Random(0)
    dressed = {dress(rng, "What is 3 + 4?", "en") for _ in range(500)}
    assert "what is 3 + 4" in dressed
    assert "What is 3 + 4?" in dressed
    assert any("lease" in text for text in dressed)
    assert all("3 + 4" in text for text in dressed)
