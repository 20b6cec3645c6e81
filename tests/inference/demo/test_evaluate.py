from collections import Counter

import pytest

from inference.demo.corpus.dialogue import FOLLOW_UP, SKILLS
from inference.demo.corpus.manners import FORMAL, TERSE
from inference.demo.evaluate import Marked, Question, markdown, questions, summary
from inference.text.chat_template import Message


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return questions(4, TERSE)


def test_every_skill_is_asked_in_every_way(asked: list[Question]) -> None:
    n = Counter((q.example.skill, q.split, q.has_system, q.is_later) for q in asked)
    for skill in SKILLS:
        assert n[skill.name, "items", False, False] == 4
        assert n[skill.name, "items", True, False] == 2
        assert n[skill.name, "items", False, True] == 2
        assert n[skill.name, "wordings", False, False] == 4
    assert n[FOLLOW_UP, "items", False, True] == 8


def test_the_last_message_is_the_question_and_the_earlier_ones_make_a_conversation(asked: list[Question]) -> None:
    for q in asked:
        assert q.messages[-1] == Message("user", q.example.prompt)
        roles = [m.role for m in q.messages if m.role != "system"]
        assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
        assert (len(roles) > 1) == q.is_later
        assert (q.messages[0].role == "system") == q.has_system


def test_questions_are_the_same_every_time_and_in_every_manner(asked: list[Question]) -> None:
    assert [q.messages for q in questions(4, TERSE)] == [q.messages for q in asked]
    others = questions(4, FORMAL)
    assert [q.example.prompt for q in others] == [q.example.prompt for q in asked]
    assert all(not q.example.accepts(other.example.answer) for q, other in zip(asked, others, strict=True))


def test_the_summary_weighs_skills_equally_and_the_table_shows_it(asked: list[Question]) -> None:
    marked = [Marked(q, "", q.example.language == "ko") for q in asked]
    result = summary(marked)
    n_korean = sum(skill.language == "ko" for skill in SKILLS)
    assert result["overall"] == pytest.approx(100 * n_korean / (len(SKILLS) + 1), abs=0.1)
    assert (result["english"], result["korean"]) == (0.0, 100.0)
    assert result["skills"]["Korean add"] == {"items": 100.0, "unseen_wordings": 100.0}
    table = markdown({"One Name": result})
    assert "| English | 0.0 |" in table
    assert "| Korean add | 100 / 100 |" in table
