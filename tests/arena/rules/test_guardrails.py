"""The arena's text comes first, and a model's own after it."""

import hashlib

import pytest

from arena.rules.guardrails import SAFETY_PROMPT, arena_prompt, has_guardrails, joined, system_prompt_of
from arena.settings import BattleSettings, Player


def test_the_safety_prompt_is_that_of_the_paper() -> None:
    """Mistral 7B, arXiv 2310.06825, section 5.1; as a digest, so that the text has one place."""
    digest = hashlib.sha256(SAFETY_PROMPT.encode()).hexdigest()
    assert digest == "98aaa7df4de61b8b04b0ae1a1fad65a673a37c6ba1aeadfa5f86171492fd3d41"


@pytest.mark.parametrize(
    ("arena", "own", "sent"),
    [
        ("Be kind.", "Answer in verse.", "Be kind.\n\nAnswer in verse."),
        ("Be kind.", "", "Be kind."),
        ("", "Answer in verse.\n", "Answer in verse."),
        (" ", "\n", ""),
    ],
)
def test_a_models_own_text_follows_the_arenas(arena: str, own: str, sent: str) -> None:
    assert joined(arena, own) == sent


@pytest.mark.parametrize("own", ["", "Answer in verse."])
@pytest.mark.parametrize("system_prompt", ["", "Be kind."])
def test_a_stored_text_shows_whether_guardrails_were_on(system_prompt: str, own: str) -> None:
    player = Player("m", system_prompt=own)
    off, on = (BattleSettings(system_prompt=system_prompt, guardrails=is_on) for is_on in (False, True))
    assert system_prompt_of(on, player) == "\n\n".join(text for text in (SAFETY_PROMPT, system_prompt, own) if text)
    assert system_prompt_of(off, player) == "\n\n".join(text for text in (system_prompt, own) if text)
    assert has_guardrails(arena_prompt(system_prompt, has_guardrails=True))
    assert not has_guardrails(arena_prompt(system_prompt, has_guardrails=False))
