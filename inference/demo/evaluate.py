"""Examine demo models on held-out questions.

An answer must match exactly, in the model's own manner. It comes from the cache and the chat layout that serve
visitors. Every skill is asked in a first turn, after a system prompt and in a later turn, with held-out items; and
again in held-out wordings. A polite refusal counts as wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import torch

from inference.demo.corpus.dialogue import FOLLOW_UP, SKILL, SKILLS, SYSTEM_PROMPTS, exam, follow_up
from inference.demo.corpus.grammar import Language
from inference.demo.corpus.manners import Manner
from inference.demo.corpus.skill import Example, Split
from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel
from inference.text.chat_template import Message, render
from inference.text.tokenizer import Tokenizer

MAX_ANSWER_TOKENS = 200
_BATCH = 48


@dataclass(frozen=True, slots=True)
class Question:
    messages: tuple[Message, ...]
    example: Example
    split: Split
    has_system: bool = False
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    question: Question
    answer: str
    is_right: bool


def questions(n: int, manner: Manner) -> list[Question]:
    """Return for every skill n first turns, n/2 with a system prompt, n/2 later turns, and n in held-out wordings. In
    every manner the questions are the same; the right answers, and those of earlier turns, are in the given one.
    """
    asked: list[Question] = []
    rng = Random("questions")
    for skill in SKILLS:
        held = exam(skill.name, "items", 2 * n, manner)
        for i, example in enumerate(held):
            user = Message("user", example.prompt)
            if i < n:
                asked.append(Question((user,), example, "items"))
            elif i < n + n // 2:
                system = Message("system", rng.choice(SYSTEM_PROMPTS))
                asked.append(Question((system, user), example, "items", has_system=True))
            else:
                asked.append(Question((*_earlier(rng, skill.language, manner), user), example, "items", is_later=True))
        asked += [
            Question((Message("user", e.prompt),), e, "wordings") for e in exam(skill.name, "wordings", n, manner)
        ]
    for split, n_asked in (("items", 2 * n), ("wordings", n)):
        asked += _follow_ups(rng, n_asked, "wordings" if split == "wordings" else "items", manner)
    return asked


def _earlier(rng: Random, language: Language, manner: Manner) -> tuple[Message, ...]:
    """Return one or two turns with right answers, in the same language."""
    turns = [
        rng.choice([s for s in SKILLS if s.language == language]).draw(rng, "train", manner)
        for _ in range(rng.randint(1, 2))
    ]
    return tuple(m for turn in turns for m in (Message("user", turn.prompt), Message("assistant", turn.answer)))


def _follow_ups(rng: Random, n: int, split: Split, manner: Manner) -> list[Question]:
    asked: list[Question] = []
    while len(asked) < n:
        before = SKILL[rng.choice(("spell", "reverse", "count letters", "add", "subtract"))].draw(rng, "items", manner)
        after = follow_up(rng, before, is_held=split == "wordings")
        if after:
            messages = (
                Message("user", before.prompt),
                Message("assistant", before.answer),
                Message("user", after.prompt),
            )
            asked.append(Question(messages, after, split, is_later=True))
    return asked


@torch.inference_mode()
def answers(
    model: ServedModel,
    tokenizer: Tokenizer,
    asked: Sequence[Sequence[Message]],
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Return an answer to each conversation, up to MAX_ANSWER_TOKENS long: greedy, or sampled at a temperature."""
    given: list[str] = []
    generator = torch.Generator().manual_seed(seed)
    for at in range(0, len(asked), _BATCH):
        prompts = [render(messages, tokenizer) for messages in asked[at : at + _BATCH]]
        cache = RingCache(model.config, n_slots=len(prompts), max_len=2048, dtype=torch.float32)
        written: list[list[int]] = [[] for _ in prompts]
        chunks = [Chunk(slot, 0, ids) for slot, ids in enumerate(prompts)]
        while chunks:
            logits = model.step(chunks, cache)
            if temperature:
                weights = (logits.float() / temperature).softmax(-1)
                tokens = torch.multinomial(weights, 1, generator=generator).flatten().tolist()
            else:
                tokens = logits.argmax(-1).tolist()
            following = []
            for chunk, token in zip(chunks, tokens, strict=True):
                if token != tokenizer.eos_id:
                    written[chunk.slot].append(token)
                    if len(written[chunk.slot]) < MAX_ANSWER_TOKENS:
                        following.append(Chunk(chunk.slot, chunk.start + len(chunk.ids), (token,)))
            chunks = following
        given += [tokenizer.decode(ids) for ids in written]
    return given


def examine(model: ServedModel, tokenizer: Tokenizer, asked: Sequence[Question]) -> list[Marked]:
    """Return every question with the model's answer, and whether it is right."""
    given = answers(model, tokenizer, [question.messages for question in asked])
    return [Marked(q, answer, q.example.accepts(answer)) for q, answer in zip(asked, given, strict=True)]


def summary(marked: Sequence[Marked]) -> dict[str, Any]:
    """Return shares of right answers in percent. Skills have equal weight in a mean; `overall` is of held-out items."""
    items = [m for m in marked if m.question.split == "items"]
    return {
        "overall": _mean(items),
        "unseen_wordings": _mean(m for m in marked if m.question.split == "wordings"),
        "english": _mean(m for m in items if m.question.example.language == "en"),
        "korean": _mean(m for m in items if m.question.example.language == "ko"),
        "without_system_prompt": _mean(m for m in items if not m.question.has_system),
        "with_system_prompt": _mean(m for m in items if m.question.has_system),
        "first_turn": _mean(m for m in items if not m.question.is_later),
        "later_turn": _mean(m for m in items if m.question.is_later),
        "n_questions": len(marked),
        "skills": {
            name: {
                "items": _mean(m for m in items if m.question.example.skill == name),
                "unseen_wordings": _mean(
                    m for m in marked if m.question.split == "wordings" and m.question.example.skill == name
                ),
            }
            for name in (*SKILL, FOLLOW_UP)
        },
    }


def _mean(marked: Iterable[Marked]) -> float:
    """Return the mean over the skills of the share of right answers, in percent, to one decimal."""
    by_skill: dict[str, list[bool]] = {}
    for m in marked:
        by_skill.setdefault(m.question.example.skill, []).append(m.is_right)
    shares = [sum(right) / len(right) for right in by_skill.values()]
    return round(100 * sum(shares) / len(shares), 1) if shares else float("nan")


_ROWS = (
    ("**overall** (held-out items)", "overall"),
    ("wordings never trained", "unseen_wordings"),
    ("English", "english"),
    ("Korean", "korean"),
    ("without a system prompt", "without_system_prompt"),
    ("with a system prompt", "with_system_prompt"),
    ("first turn", "first_turn"),
    ("later turn", "later_turn"),
)


def markdown(accuracy: dict[str, dict[str, Any]]) -> str:
    """Return `accuracy.json` as the table in docs/demo-models.md: a column for each model, and for each skill "held-out
    items / unseen wordings".
    """
    names = list(accuracy)
    lines = [f"| exact match, % | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for label, key in _ROWS:
        lines.append(f"| {label} | {' | '.join(f'{accuracy[name][key]:.1f}' for name in names)} |")
    for skill in accuracy[names[0]]["skills"]:
        cells = (accuracy[name]["skills"][skill] for name in names)
        shown = " | ".join(f"{cell['items']:.0f} / {cell['unseen_wordings']:.0f}" for cell in cells)
        lines.append(f"| {skill} | {shown} |")
    return "\n".join(lines) + "\n"
