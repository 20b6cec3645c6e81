"""Find answers that name their own model.

Only answers are read, never prompts. There are two ways to leak, both at word boundaries ("bard" is not in "bombard"):
1. *The own name*: the answer contains its model's name as the roster spells it; spaces, hyphens, dots and underscores
   are equivalent ("wren sol" for `Wren-Sol`). A name that is one plain word (`Gemini`, `Falcon`) may be an ordinary
   word, so only the second way applies to it.
2. *A claim*: "I am X", "I'm X", "my name is X", "call me X", "as X, I", "I was made by X", "I am a model from X", and
   the Korean for these, where X is a name, family or organisation of the roster or a well-known name. A false claim
   ("I am ChatGPT" by another model) counts too, because voters believe it.

Not a leak: the name of *another* model on the roster without such words, and well-known names in passing ("google it",
"palm trees", "Claude Monet painted").
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
    """The names of one model."""

    name: str
    family: str | None = None
    organisation: str | None = None

    def all(self) -> tuple[str, ...]:
        return tuple(term for term in (self.name, self.family, self.organisation) if term)


def names_itself(answers: Iterable[str], own: Names, roster: Iterable[Names]) -> bool:
    """Whether one of a side's answers names the model `own`, or claims to be any known model."""
    terms = frozenset(term for names in (own, *roster) for term in names.all()) | frozenset(KNOWN_NAMES)
    claims = _claims(tuple(sorted(terms)))
    mention = _mention(own.name)
    return any(
        claims.search(text) or (mention is not None and mention.search(text))
        for text in (_normal(answer) for answer in answers)
    )


def _normal(text: str) -> str:
    """Normalise compatibility forms, case and apostrophes; remove invisible characters and Markdown's emphasis."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'").casefold()


@lru_cache(maxsize=1024)
def _mention(name: str) -> re.Pattern[str] | None:
    """Match the name anywhere in a text; None for a name that is one plain word."""
    words = _SEPARATORS.split(_normal(name))
    if len(words) == 1 and words[0].isalpha():
        return None
    return re.compile(_bounded([name]))


@lru_cache(maxsize=64)
def _claims(terms: Sequence[str]) -> re.Pattern[str]:
    """Match a sentence in which the writer claims to be, or to come from, one of the terms."""
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
    """Match one of the terms as whole words, with any separators. A Korean particle may follow ("Wren Sol입니다"): only
    Latin letters and digits extend a word."""
    spelled = (
        r"[\s\-_.]*".join(re.escape(word) for word in _SEPARATORS.split(_normal(term)) if word)
        for term in sorted(terms, key=len, reverse=True)
    )
    return rf"(?<![0-9a-z\uac00-\ud7a3])(?:{'|'.join(spelled)})(?![0-9a-z])"
