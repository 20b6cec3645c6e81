"""Whether an answer names its own model, which ends the blindness of a battle. Pure text work; prompts are never
looked at.

Two ways to leak, both on word boundaries ("bard" is not in "bombard"):
1. *Its own name*: the answer contains its model's name as the roster spells it, spaces, hyphens, dots and
   underscores being alike ("wren sol" for `Wren-Sol`). A name that is one plain word (`Gemini`, `Falcon`) may be an
   ordinary word of the answer: for those the second way decides.
2. *Speaking of itself*: "I am X", "I'm X", "my name is X", "call me X", "as X, I", "I was made by X", "I am a model
   from X", and the Korean for these, where X is a name, family or organisation of the roster or one of a few names
   that everybody knows. A false claim ("I am ChatGPT" by another model) counts as naming too: voters believe it.

What is not a leak: a roster name of *another* model without such words, and the names that everybody knows in
passing ("google it", "palm trees", "Claude Monet painted").
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

KNOWN_NAMES = tuple(
    name
    for maker in (
        "OpenAI, ChatGPT, GPT-3, GPT-3.5, GPT-4, GPT-4o, GPT-5",
        "Anthropic, Claude",
        "Google, DeepMind, Gemini, Bard, Gemma",
        "Meta AI, Llama",
        "Mistral, Mistral AI, Mixtral",
        "Alibaba, Alibaba Cloud, Qwen, Tongyi",
        "DeepSeek",
        "xAI, Grok",
        "Cohere, Command R",
        "Microsoft, Copilot, Phi",
        "Databricks, DBRX",
        "LMSYS, Vicuna",
        "Zhipu AI, ChatGLM",
        "Moonshot AI, Kimi",
        "01.AI, Yi",
        "Falcon",
        "NAVER, HyperCLOVA, CLOVA X",
        "LG AI Research, EXAONE",
        "Upstage, Solar",
        "Kakao",
    )
    for name in maker.split(", ")
)
_SEPARATORS = re.compile(r"[\s\-_.]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff*`]")


@dataclass(frozen=True, slots=True)
class Names:
    """How one model is called."""

    name: str
    family: str | None = None
    organisation: str | None = None

    def all(self) -> tuple[str, ...]:
        return tuple(term for term in (self.name, self.family, self.organisation) if term)


def names_itself(answers: Iterable[str], own: Names, roster: Iterable[Names]) -> bool:
    """Whether one of a side's answers names the side's model `own`, or claims to be any model that people know."""
    terms = frozenset(term for names in (own, *roster) for term in names.all()) | frozenset(KNOWN_NAMES)
    claims = _claims(tuple(sorted(terms)))
    mention = _mention(own.name)
    return any(
        claims.search(text) or (mention is not None and mention.search(text))
        for text in (_normal(answer) for answer in answers)
    )


def _normal(text: str) -> str:
    """Compatibility forms, case, curly apostrophes, invisible characters and Markdown's emphasis out of the way."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'").casefold()


@lru_cache(maxsize=1024)
def _mention(name: str) -> re.Pattern[str] | None:
    """The name anywhere in a text; None for a name that is one plain word."""
    words = _SEPARATORS.split(_normal(name))
    if len(words) == 1 and words[0].isalpha():
        return None
    return re.compile(_bounded([name]))


@lru_cache(maxsize=64)
def _claims(terms: Sequence[str]) -> re.Pattern[str]:
    """A sentence in which the writer says to be, or to come from, one of the terms."""
    term = _bounded(terms)
    kind = r"(?:(?:an?|the)\s)?(?:[\w'-]+\s){0,3}"
    within = r"[^.!?\n]{0,60}?"
    origin = r"(?:trained|made|created|developed|built|designed|fine-tuned)"
    end = r"(?=\s*(?:[^\w\s-]|\d|$)|\s(?:an?|the|and|by|from|version|made|trained|created|developed|built)\b)"
    english = (
        rf"\bi(?:'m|\sam)\s(?:called\s|named\s)?{term}{end}",
        rf"\bi(?:'m|\sam)\s(?:an?|the)\s{kind}(?:model|assistant|ai|chatbot|bot){within}{term}",
        rf"\bi\s(?:was|am|have\sbeen)\s{origin}\s{within}by\s{term}",
        rf"\bmy\s(?:name|creators?|developers?|makers?)\s(?:is|are|was|were)\s{term}",
        rf"\b(?:you\s(?:can|may)\s)?call\sme\s{term}",
        rf"\bas\s{term},\s(?:an?\s{within},\s)?i\b",
    )
    korean = (
        rf"(?:저는|나는|전|난)\s{term}\s?(?:입니다|이에요|예요|이야|야|라고|이라고|에서|이\s?만든|가\s?만든)",
        rf"(?:제|내)\s이름은\s{term}",
        rf"(?:저는|나는|저를|나를){within}{term}\s?(?:이|가|에서)\s?(?:만든|만들|개발|학습|훈련)",
    )
    return re.compile("|".join((*english, *korean)))


def _bounded(terms: Iterable[str]) -> str:
    """One of the terms as whole words, separators alike. A Korean particle may follow ("Wren Sol입니다"): only letters
    and digits of the term's own script bound it."""
    spelled = (
        r"[\s\-_.]*".join(re.escape(word) for word in _SEPARATORS.split(_normal(term)) if word)
        for term in sorted(terms, key=len, reverse=True)
    )
    return rf"(?<![0-9a-z\uac00-\ud7a3])(?:{'|'.join(spelled)})(?![0-9a-z])"
