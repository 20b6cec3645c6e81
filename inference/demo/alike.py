"""Measure how often two demo models give the same answer, word for word.

Nobody can vote between equal answers. The questions are the first turns of the exam, in trained and in unseen wordings,
and every answer is sampled as in a battle: at the arena's temperature, each model with a seed of its own.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from inference.demo.evaluate import Question, answers
from inference.model.serving import ServedModel
from inference.text.tokenizer import Tokenizer

TEMPERATURE = 0.7


def first_turns(asked: Sequence[Question]) -> list[Question]:
    return [question for question in asked if len(question.messages) == 1]


def sampled(model: ServedModel, tokenizer: Tokenizer, asked: Sequence[Question], *, seed: int) -> list[str]:
    """Return one answer to each question, sampled at TEMPERATURE."""
    return answers(model, tokenizer, [question.messages for question in asked], temperature=TEMPERATURE, seed=seed)


def shares(given: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], float]:
    """Return for each pair of models the share of questions with equal answers, in percent to one decimal.

    >>> shares({"A": ["42.", "Hi!"], "B": ["42.", "Hello!"]})
    {('A', 'B'): 50.0}
    """
    return {
        (a, b): round(100 * sum(x == y for x, y in zip(given[a], given[b], strict=True)) / len(given[a]), 1)
        for a, b in combinations(given, 2)
    }


def markdown(given: Mapping[str, Sequence[str]]) -> str:
    """Return the shares as a Markdown table, with their mean in the last row."""
    found = shares(given)
    rows = [f"| {a} and {b} | {share:.1f} |" for (a, b), share in found.items()]
    mean = sum(found.values()) / len(found)
    return "\n".join(["| the same answer, % | |", "| --- | ---: |", *rows, f"| **mean** | {mean:.1f} |"]) + "\n"
