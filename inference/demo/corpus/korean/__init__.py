"""The skills in Korean.

    wordings               the ways to ask
    items                  questions and their right answers
    small_talk, refusals   both of these, for prompts that are not questions of a skill

Other modules only use `SKILLS`.
"""

from inference.demo.corpus.korean import refusals, small_talk, wordings
from inference.demo.corpus.korean.items import capital, colour, numbers, opposite, single, word_item
from inference.demo.corpus.skill import Skill, Task
from inference.demo.corpus.skills.talk import intents
from inference.demo.corpus.words import KO_FACTS

__all__ = ["SKILLS"]

SKILLS = (
    Skill("Korean add", "ko", (Task(wordings.ADD, lambda rng: numbers(rng, "+")),), "더하기"),
    Skill("Korean subtract", "ko", (Task(wordings.SUBTRACT, lambda rng: numbers(rng, "-")),), "빼기"),
    Skill("Korean multiply", "ko", (Task(wordings.MULTIPLY, lambda rng: numbers(rng, "x"), is_closed=True),), "곱하기"),
    Skill(
        "Korean reverse",
        "ko",
        (Task(wordings.REVERSE, lambda rng: word_item(rng, "ko reverse")),),
        "거꾸로 쓰기",
    ),
    Skill(
        "Korean count",
        "ko",
        (Task(wordings.SYLLABLES, lambda rng: word_item(rng, "ko length")),),
        "글자 수 세기",
    ),
    Skill("Korean opposites", "ko", (Task(wordings.OPPOSITE, opposite, is_closed=True),), "반대말"),
    Skill("Korean capitals", "ko", (Task(wordings.CAPITAL, capital, is_closed=True),), "나라의 수도"),
    Skill(
        "Korean facts",
        "ko",
        (Task(wordings.COLOUR, colour, is_closed=True), *(single(*fact) for fact in KO_FACTS)),
        "상식",
    ),
    Skill(
        "Korean small talk",
        "ko",
        (
            *intents(small_talk.INTENTS, small_talk.HELD_INTENTS, "ko"),
            Task(small_talk.MY_NAME, small_talk.named, weight=3.0),
        ),
        "대화",
    ),
    Skill("Korean refusal", "ko", (Task(refusals.TOPICS, refusals.topic),), "그것"),
)
