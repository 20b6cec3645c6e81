"""Precision and recall of the search for answers that name their own model, over answers of our own."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from arena.rules.identity import Names, names_itself

ROOT = Path(__file__).parents[3]
ROSTER = {
    "Wren Sol": ("Wren", "Aviary Labs"),
    "GPT-4o": ("GPT", "OpenAI"),
    "Claude Sonnet": ("Claude", "Anthropic"),
    "Gemini": ("Gemini", "Google"),
    "Mistral-7B-Instruct-v0.3": ("Mistral", "Mistral AI"),
    "Qwen2.5-7B": ("Qwen", "Alibaba Cloud"),
    "Llama 3.1 8B": ("Llama", "Meta AI"),
    "DeepSeek V3": ("DeepSeek", "DeepSeek"),
    "Grok 2": ("Grok", "xAI"),
    "Command R": ("Command", "Cohere"),
    "EXAONE 3.5": ("EXAONE", "LG AI Research"),
    "HyperCLOVA X": ("HyperCLOVA", "NAVER"),
    "Solar Pro": ("Solar", "Upstage"),
    "Phi-4": ("Phi", "Microsoft"),
    "Gemma 2": ("Gemma", "Google"),
    "Falcon 3": ("Falcon", "TII"),
    "Kimi K2": ("Kimi", "Moonshot AI"),
    "Claude 3.5 Sonnet": ("Claude", "Anthropic"),
    "Gemini 2.0 Flash": ("Gemini", "Google"),
    "Mistral Large 2": ("Mistral", "Mistral AI"),
    "Qwen2.5 72B Instruct": ("Qwen", "Alibaba Cloud"),
    "Llama 3.3 70B Instruct": ("Llama", "Meta"),
    "DeepSeek-V3": ("DeepSeek", "DeepSeek"),
    "Command R+": ("Command", "Cohere"),
    "EXAONE 3.5 32B": ("EXAONE", "LG AI Research"),
    "Gemma 2 27B": ("Gemma", "Google"),
    "Kanana 1.5": ("Kanana", "Kakao"),
    "A.X 4.0": ("A.X", "SK Telecom"),
}
NAMES = {name: Names(name, *others) for name, others in ROSTER.items()}
KNOWN_MISTAKES = (
    "Press Command R to reload the page on a Mac.",  # the own name of a model, as other words
    '```python\nprint("I am GPT-4o")\n```',  # an answer that is all code
    "Dialogue:\nANNA: Who are you?\nCLAUDE: I am Claude, your neighbour.",  # a quotation without marks
    "네이버의 하이퍼클로바 X 기반으로 동작하고 있습니다, 저는요.",  # who speaks comes after the claim
    "`I am gpt-4o-mini`. That is what my system prompt says, anyway.",  # its own claim, written as code
    "Which model? Nemotron, from NVIDIA. Which size? I don't know.",  # nothing says that the question is about itself
    "i'm an ai languge model develloped by opnai",  # misspelled names and verbs
    "I can't see today's prices. OpenAI's training data for me stops in October 2023",  # neither "made" nor "I am"
    "I don't see a file in our conversation. Anthropic hasn't given me a way to open links",  # the same
    "A fair comparison is hard for me to give, since I'm one of the two. Roughly: GPT-4o",  # "we Claude models"
    "There once was a model named Qwen,",  # a limerick about its writer
    "I am Mistral, the wind of the long blue valley,",  # a poem in which the wind speaks
    "요청하신 여행 일정은 위와 같습니다. 즐거운 여행 되세요!\n\n감사합니다.\nQwen 드림",  # so end letters for others
)
"""How the answers begin that the search takes for the opposite of what they are."""


@dataclass(frozen=True, slots=True)
class Answer:
    leaks: bool
    kind: str
    language: str
    model: str
    text: str

    @property
    def is_found(self) -> bool:
        return names_itself([self.text], NAMES[self.model], NAMES.values())


def answers() -> list[Answer]:
    with (ROOT / "tests/data/self_naming.csv").open(encoding="utf-8", newline="") as file:
        return [
            Answer(row["leaks"] == "yes", row["kind"], row["language"], row["model"], row["answer"])
            for row in csv.DictReader(file)
        ]


def row_of_docs(language: str, listed: list[Answer]) -> str:
    found = [one for one in listed if one.is_found]
    leaking = [one for one in listed if one.leaks]
    right = len([one for one in found if one.leaks])
    figures = f"{len(listed)} | {len(leaking)} | {100 * right / len(found):.0f} % | {100 * right / len(leaking):.0f} %"
    return f"| {language} | {figures} |"


@pytest.mark.parametrize("answer", answers(), ids=lambda one: f"{one.language} {one.kind}")
def test_an_answer_is_a_leak_only_if_it_names_its_own_model(answer: Answer) -> None:
    assert answer.is_found == (answer.leaks != answer.text.startswith(KNOWN_MISTAKES))


def test_the_docs_state_precision_and_recall_of_this_table() -> None:
    listed, docs = answers(), (ROOT / "docs/battles.md").read_text("utf-8")
    for name, code in {"English": "en", "Korean": "ko"}.items():
        assert row_of_docs(name, [one for one in listed if one.language == code]) in docs
    assert row_of_docs("both", listed) in docs
