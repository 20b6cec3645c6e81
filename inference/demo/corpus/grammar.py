# ruff: noqa: E501 - grammar lines and word lists read best whole
"""Small grammars that phrase a request in many ways.

A skill has three kinds of phrases. A *thing* is a noun phrase ("the capital of {k}"), a *deed* an imperative ("reverse
{w}"), a *line* a full sentence. All skills put their things and deeds into the same frames ("Tell me …", "Could you …
for me?"), so a model understands a request in a frame that one skill never trained. Each skill holds some frames out of
training; with the sentences listed as `held` these are the unseen wordings.

    >>> expand("[What is|What's] {a} [+|plus] {b}?")[:2]
    ('What is {a} + {b}?', 'What is {a} plus {b}?')
"""

import functools
import itertools
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Language = Literal["en", "ko"]

_CHOICE = re.compile(r"\[([^\]]*)\]")

FRAMES_FOR_THINGS: dict[Language, tuple[str, ...]] = {
    "en": (
        "[What is|What's|Whats] {x}?",
        "Tell me {x}",
        "Give me {x}",
        "Find {x}",
        "[Say|Write] {x}",
        "[Show me|Show] {x}",
        "{x}?",
        "{x}",
        "I [need|want] {x}",
        "I [want|need] to know {x}",
        "I would like to [know|hear|see] {x}",
        "I'd like to [know|have] {x}",
        "Let me [know|see|hear] {x}",
        "[Can|Could] you [tell me|give me|find|say] {x}?",
        "[Would|Will] you [tell me|give me|show me] {x}?",
        "Do you know {x}?",
        "[What would|What could|What might] {x} be?",
        "Help me find {x}",
        "[Try to|Please] find {x}",
        "I wonder what {x} is",
        "[Do you know|Can you tell me|Could you tell me|I want to know|Tell me] what {x} is",
        "{x} is what?",
        "{x} [is|=]",
    ),
    "ko": (
        "{x}?",
        "{x}",
        "{x} [알려줘|알려 줘|알려주세요|알려 주세요|말해줘|말해 줘|말해 주세요|가르쳐줘|가르쳐 주세요]",
        "{x} [뭐야|뭐예요|뭐지|뭘까|무엇인가요|무엇입니까|무엇이야]?",
        "{x} [알아|아니|아세요|알아요|알고 있어|알고 있나요]?",
        "{x} [궁금해|궁금해요|궁금합니다]",
        "{x} [좀 알려줘|좀 알려 주세요|좀 말해줘]",
        "{x} [알려줄래|알려 줄래|알려 줄 수 있어|알려 주시겠어요|말해 줄래|말해 줄 수 있나요]?",
    ),
}

FRAMES_FOR_DEEDS: dict[Language, tuple[str, ...]] = {
    "en": (
        "{x}",
        "{x} for me",
        "[Can|Could] you {x}?",
        "[Can|Could] you {x} for me?",
        "[Would|Will] you {x}?",
        "[Can|Could|Would|Will] you please {x}?",
        "I [want|need] you to {x}",
        "I would like you to {x}",
        "I'd like you to {x}",
        "I [want|need] to {x}",
        "Help me {x}",
        "[Help me to|You should|You can] {x}",
        "Try to {x}",
        "[Now|Just|Then] {x}",
        "[Let's|Let us] {x}",
        "[Are you able to|Do you know how to] {x}?",
        "How [do|would|can] [you|I] {x}?",
        "Your task is to {x}",
        "Go ahead and {x}",
    ),
    "ko": (
        "{x}줘",
        "{x} 줘",
        "{x}주세요",
        "{x} 주세요",
        "{x}봐",
        "{x} 봐",
        "{x}보세요",
        "{x} 줄래?",
        "{x} 줄 수 있어?",
        "{x} 줄 수 있나요?",
        "{x} 주시겠어요?",
        "{x}주라",
    ),
}


def expand(line: str) -> tuple[str, ...]:
    """Return all sentences of one grammar line. `[a|b|]` is a choice of a, b and nothing. Choices do not nest."""
    parts = [[part] if i % 2 == 0 else part.split("|") for i, part in enumerate(_CHOICE.split(line))]
    sentences = (re.sub(r" {2,}", " ", "".join(choice)).strip() for choice in itertools.product(*parts))
    return tuple(dict.fromkeys(sentences))


def share(text: str) -> float:
    """Return a number in [0, 1) that depends only on the text, so that no seed changes what is held out."""
    return zlib.crc32(text.encode()) / 2**32


def _normal(sentence: str) -> str:
    return sentence.lower().rstrip("?.! ")


@dataclass(frozen=True, slots=True)
class Wordings:
    """Groups of sentences. A draw picks a group by weight, then a sentence. No held-out sentence is in a trained group."""

    language: Language
    trained: tuple[tuple[str, ...], ...]
    weights: tuple[float, ...]
    held: tuple[tuple[str, ...], ...]

    def draw(self, rng: Random, *, is_held: bool) -> str:
        if is_held:
            return rng.choice(rng.choice(self.held))
        return rng.choice(rng.choices(self.trained, self.weights)[0])


def skeleton(sentence: str) -> str:
    """Return a sentence without what `dress` adds. Two wordings with the same skeleton look alike."""
    bare = re.sub(r"\b(please|thanks|thank you)\b", "", sentence.lower())
    return re.sub(r"[ ?.!,'\"]+", " ", bare).strip()


@functools.cache
def trained_alike(wordings: Wordings) -> dict[str, tuple[str, ...]]:
    """Return the trained wordings by skeleton."""
    alike: dict[str, list[str]] = {}
    for group in wordings.trained:
        for sentence in group:
            alike.setdefault(skeleton(sentence), []).append(sentence)
    return {key: tuple(sentences) for key, sentences in alike.items()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _framed(frames: Sequence[str], phrases: Sequence[str]) -> list[tuple[str, ...]]:
    """Return a group for each frame: every form of the frame with every form of every phrase, capitalized."""
    groups = []
    for frame in frames:
        sentences = [form.replace("{x}", phrase) for form in expand(frame) for phrase in phrases]
        groups.append(tuple(dict.fromkeys(sentence[0].upper() + sentence[1:] for sentence in sentences)))
    return groups


def wordings(
    name: str, language: Language = "en", *, things: str = "", deeds: str = "", lines: str = "", held: str = ""
) -> Wordings:
    """Return the wordings of a skill from its phrases, a grammar line in each row. An eighth of the frames is held out."""
    trained: list[tuple[tuple[str, ...], float]] = [(expand(line), 1.0) for line in _lines(lines)]
    never: list[tuple[str, ...]] = [expand(line) for line in _lines(held)]
    for phrases, frames in ((things, FRAMES_FOR_THINGS[language]), (deeds, FRAMES_FOR_DEEDS[language])):
        forms = [form for line in _lines(phrases) for form in expand(line)]
        if not forms:
            continue
        for frame, group in zip(frames, _framed(frames, forms), strict=True):
            if frame not in frames[:3] and share(f"{name}|{frame}") < 0.125:
                never.append(group)
            else:
                trained.append((group, 2.0 if frame in frames[:3] else 0.6))
    kept_out = {_normal(sentence) for group in never for sentence in group}
    groups = [(tuple(s for s in group if _normal(s) not in kept_out), weight) for group, weight in trained]
    groups = [(group, weight) for group, weight in groups if group]
    return Wordings(language, tuple(g for g, _ in groups), tuple(w for _, w in groups), tuple(never))


_OPENERS = ("Hi!", "Hello!", "Hey,", "Ok,", "Okay,", "Question:", "Quick question:", "Next:", "Now a question.", "So,",
            "Hi there!", "One more:", "Well,", "Hello,", "Hi,", "Please help.", "A new one:", "Dear friend,")  # fmt: skip
_KO_OPENERS = ("안녕!", "안녕하세요!", "질문:", "질문이 있어요.", "자,", "그럼", "혹시", "저기요,", "음,", "다음 질문:")


def dress(rng: Random, sentence: str, language: Language) -> str:
    """Add the habits of people who type: an opener, please, small letters, a missing or another end mark."""
    is_question = sentence.endswith("?")
    text = sentence.rstrip("?. ") if is_question else sentence
    asks_kindly = "please" in text.lower()
    mark = ("?" if is_question else ".") if rng.random() < 0.6 else rng.choice(("", "", "", "!", "?", "."))
    if not text or text[-1] in "=!":
        mark = "?" if is_question else ""
    if language == "ko":
        if rng.random() < 0.06:
            text = f"{rng.choice(_KO_OPENERS)} {text}"
        return text + (mark if rng.random() < 0.8 else "")
    if not asks_kindly and text[-1:] not in "=" and rng.random() < 0.14:
        if is_question or rng.random() < 0.5:
            text = text + rng.choice((" please", ", please", " please"))
        else:
            text = "Please " + text[:1].lower() + text[1:] if not text.startswith("I") else text
    if rng.random() < 0.1:
        opener = rng.choice(_OPENERS)
        goes_on = opener.endswith(",") and not text.startswith(("I ", "I'"))
        text = f"{opener} {text[:1].lower() + text[1:] if goes_on else text}"
    text += mark
    if rng.random() < 0.02:
        text += rng.choice((" Thanks!", " Thank you.", " thanks"))
    way = rng.random()
    if way < (0.22 if len(text) > 16 else 0.4):
        text = text.lower()
    elif way < 0.32:
        text = text[:1].lower() + text[1:]
    return text
