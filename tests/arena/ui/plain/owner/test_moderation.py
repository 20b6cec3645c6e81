"""The owner sees what the moderator found, and why texts had no verdict."""

import pytest

from arena.players.choice import NONSENSE
from arena.players.events import Broken, Busy, EndpointError, Filtered, Refused, TimedOut, Unreachable
from arena.rules.moderation import CATEGORIES
from arena.service.moderation import ModeratorState
from arena.service.moderation.moderator import RESTING, TOO_LONG
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.owner.moderation import section

NOW = 1_000_000.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_causes_and_a_rest_are_shown(language: str) -> None:
    texts = messages(language)
    counts = {
        ("prompt", "illegal", "blocked"): 2,
        ("prompt", "none", "allowed"): 1200,
        ("answer", "no_verdict", "allowed"): 3,
    }
    state = ModeratorState("Judge <1>", counts, {"timed_out": 3}, "timed_out", NOW, is_resting=True)  # type: ignore[arg-type]
    text = section(state, NOW, texts)
    for part in (
        texts("owner_action_blocked", n="2"),
        texts("owner_action_allowed", n="1,200"),
        texts("owner_no_verdict_timed_out"),
        texts("owner_moderation_resting", name="Judge &lt;1&gt;"),
    ):
        assert part in text
    assert "<1>" not in text


def test_without_a_moderator_there_is_no_part() -> None:
    assert section(None, NOW, messages("en")) == ""
    idle = section(ModeratorState("Judge", {}, {}, None, None, is_resting=False), NOW, messages("en"))
    assert "Nothing has been judged since the arena started." in idle


def test_every_verdict_and_cause_has_its_words() -> None:
    errors = (Broken, Busy, EndpointError, Filtered, Refused, TimedOut, Unreachable)
    causes = [NONSENSE, RESTING, TOO_LONG, *(error.code for error in errors)]
    keys = {f"owner_no_verdict_{cause}" for cause in causes} | {
        *(f"owner_verdict_{verdict}" for verdict in (*CATEGORIES, "no_verdict")),
        *(f"warned_{subject}_{one}" for subject in ("prompt", "answer") for one in CATEGORIES[:-1]),
        *(f"refused_prompt_{one}" for one in (*CATEGORIES[:-1], "unchecked")),
    }
    assert keys - messages("en").texts.keys() == set()
