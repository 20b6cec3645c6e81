from dataclasses import replace

import pytest

from arena.service import Refusal, Status
from arena.ui.lines import refusal_line, status_line
from arena.ui.messages import LANGUAGES, messages

EN = messages("en")
READY = Status(n_models=4, n_ready=4, n_loading=0, n_failed=0, n_votes=3300, n_counted=3214)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (READY, ""),
        (replace(READY, n_ready=1, n_loading=3), "1 of 4 is ready"),
        (replace(READY, n_ready=1), "Only 1 of 4 models is available"),
        (replace(READY, n_ready=1, n_failed=2), "2 could not be loaded; this page keeps checking for the others"),
        (replace(READY, n_ready=1, n_failed=3), "No battle can start: 3 of 4 models could not be loaded"),
        (replace(READY, n_ready=2, n_failed=2), ""),
        (
            replace(READY, n_ready=2, n_loading=1, is_one_family=True),
            "all 2 available models belong to one family",
        ),
    ],
)
def test_the_page_says_why_no_battle_can_begin(status: Status, line: str) -> None:
    assert line in status_line(status, EN)
    assert bool(status_line(status, EN)) == bool(line)


def test_a_prompt_that_waits_is_told_what_for() -> None:
    for changed, line in (
        ({"n_ready": 1, "n_loading": 3}, "will be sent when two models are ready"),
        ({"n_ready": 1}, "will be sent when another model is back"),
        ({"n_ready": 2, "is_one_family": True}, "will be sent when a model of another family is back"),
    ):
        assert line in status_line(replace(READY, **changed), EN, is_held=True)  # type: ignore[arg-type]


def test_the_page_does_not_promise_models_that_could_not_be_loaded() -> None:
    assert "notice" not in status_line(replace(READY, n_ready=0, n_failed=4), EN).partition(">")[2]


def test_a_refusal_contains_its_numbers_with_seconds_as_minutes() -> None:
    too_long = refusal_line(Refusal("prompt_too_long", length=5000, limit=4000), EN)
    assert "Your prompt has 5,000 characters, and the limit is 4,000." in too_long
    limited = refusal_line(Refusal("rate_limited", n=121, limit=120, window_s=3600.0), EN)
    assert "120 battles in 60 minutes" in limited


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("models_loading", n_ready=1, n_models=4),
        Refusal("too_few_models", n_ready=1, n_models=4),
        Refusal("one_family", n_ready=2, n_models=4),
        Refusal("busy", n_running=3, limit=3),
        Refusal("too_many_turns", limit=10),
        Refusal("too_late", limit_s=60.0),
    ],
    ids=lambda refusal: refusal.key if isinstance(refusal, Refusal) else refusal,
)
def test_every_refusal_with_numbers_becomes_a_sentence(refusal: Refusal, language: str) -> None:
    assert "{" not in refusal_line(refusal, messages(language))
