"""Find answers that name their own model.

Only answers are read, never prompts. There are two ways to leak, both at word boundaries ("bard" is not in "bombard"):

1. *The own name*: the answer contains its model's name as the roster spells it; spaces, hyphens, dots and underscores
   are equivalent ("wren sol" for `Wren-Sol`). A name that is one plain word (`Gemini`, `Falcon`) may be an ordinary
   word, so only the second way applies to it.
2. *A claim*: it says to be X or to come from X ("I'm X", "my name is X", "as X, I", "trained by X", "X made me",
   "you are talking to X", and the Korean for these), where X is a name, family or organisation of the roster or a
   well-known name. A false claim ("I am ChatGPT" by another model) counts too, because voters believe it.

Not a leak: the name of *another* model without such words, well-known names in passing ("google it", "Claude Monet
painted"), negations ("I am not ChatGPT"), and what is quoted: within quotation marks, code, or lines that begin with >.
docs/battles.md states precision and recall on answers of our own (tests/data/self_naming.csv).
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

KNOWN_NAMES = tuple(
    name
    for maker in (
        "OpenAI, ChatGPT, GPT-3, GPT-3.5, GPT-4, GPT-4o, GPT-5, 오픈AI, 오픈에이아이, 챗GPT, 챗지피티",
        "Anthropic, Claude, 앤트로픽, 앤스로픽, 클로드",
        "Google, DeepMind, Google DeepMind, Gemini, Bard, Gemma, 구글, 딥마인드, 제미나이, 제미니, 바드, 젬마",
        "Meta, Meta AI, Llama, 메타, 라마",
        "Mistral, Mistral AI, Mixtral, 미스트랄, 미스트랄 AI",
        "Alibaba, Alibaba Cloud, Qwen, Tongyi, 알리바바, 알리바바 클라우드, 큐원, 큐웬",
        "DeepSeek, 딥시크",
        "xAI, Grok, 그록",
        "Cohere, Command R, 코히어",
        "Microsoft, Copilot, Phi, 마이크로소프트, 코파일럿",
        "Databricks, DBRX",
        "LMSYS, Vicuna",
        "Zhipu AI, ChatGLM",
        "Moonshot AI, Kimi, 키미",
        "01.AI, Yi",
        "Falcon, TII",
        "NAVER, HyperCLOVA, HyperCLOVA X, CLOVA X, 네이버, 하이퍼클로바, 하이퍼클로바X, 클로바X",
        "LG AI Research, EXAONE, LG AI연구원, 엑사원",
        "Upstage, Solar, 업스테이지, 솔라",
        "Kakao, Kanana, 카카오, 카나나",
    )
    for name in maker.split(", ")
)
_SEPARATORS = re.compile(r"[\s\-_.]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff]")
_OPEN, _CLOSE = "\ue000", "\ue001"
_QUOTATION = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`|^[ ]{0,3}>[^\n]*$"
    r'|"[^"\n]{1,300}"|“[^“”\n]{1,300}”|‘[^‘’\n]{1,300}’|「[^「」\n]{1,300}」|『[^『』\n]{1,300}』'
    r"|(?<!\w)'[^'\n]{1,300}'(?![a-zA-Z])",
    re.DOTALL | re.MULTILINE,
)
"""Code, quoted lines, and text in quotation marks."""
_MARKS = "`“”‘’「」『』> '\""
_QUOTED = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")


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
    known = frozenset(term for names in (own, *roster) for term in names.all()) | frozenset(KNOWN_NAMES)
    terms = tuple(sorted(known))
    mention = _mention(own.name)
    return any(
        (_any_of(terms).search(text) is not None and _is_said(_claims(terms), text))
        or (mention is not None and _is_said(mention, text))
        for text in (_normal(answer) for answer in answers)
    )


def _is_said(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern matches outside of quotations. A quotation that has nothing but the match says it too
    (`I'm "Wren Sol"`), and so does an answer that is one quotation."""
    quotations = list(_QUOTED.finditer(text))
    n_alnum = [_n_alnum(quotation[0]) for quotation in quotations]
    n_all = _n_alnum(text)
    starts = [quotation.start() for quotation in quotations]

    def is_quoted(found: re.Match[str]) -> bool:
        last = bisect_left(starts, found.start()) - 1  # the last quotation that begins before the match
        return last >= 0 and n_all > n_alnum[last] and _is_quoted(found, quotations[last])

    return any(not is_quoted(found) for found in pattern.finditer(text))


def _is_quoted(found: re.Match[str], quotation: re.Match[str]) -> bool:
    is_inside = quotation.start() < found.start() and found.end() <= quotation.end()
    others = quotation[0].replace(found[0], "", 1)
    return is_inside and ((" " in found[0].strip() and found.re.groups > 0) or _has_word(others))


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _n_alnum(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _normal(text: str) -> str:
    """Normalise compatibility forms, case, apostrophes and the marks of quotations; remove invisible characters and
    Markdown's emphasis."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.replace(_OPEN, "").replace(_CLOSE, "")))
    text = _QUOTATION.sub(lambda found: f"{_OPEN}{found[0].strip(_MARKS)}{_CLOSE}", text)
    return text.replace("’", "'").replace("*", "").replace("`", "").casefold()


@lru_cache(maxsize=1024)
def _mention(name: str) -> re.Pattern[str] | None:
    """Match the name anywhere in a text; None for a name that is one plain word."""
    words = _SEPARATORS.split(_normal(name))
    if len(words) == 1 and words[0].isalpha():
        return None
    return re.compile(_bounded([name]))


@lru_cache(maxsize=64)
def _any_of(terms: Sequence[str]) -> re.Pattern[str]:
    """Match any of the terms: most answers have none, and need no search for claims, which takes ten times as long."""
    return re.compile(_bounded(terms))


@lru_cache(maxsize=64)
def _claims(terms: Sequence[str]) -> re.Pattern[str]:
    """Match a sentence in which the writer claims to be, or to come from, one of the terms."""
    term = f"{_OPEN}?{_bounded(terms)}{_CLOSE}?"
    within = r"[^.!?\n]{0,60}?"
    near = r"[^.!?,\n]{0,30}?"
    made = r"(?:trained|made(?!\s(?:fun|up|to))|created|developed|built|designed|fine-tuned)"
    end = (
        r"(?=\s*(?:[^\w\s-]|\d|$)|\s(?:an?|the|and|or|by|from|version|made|trained|created|developed|built|speaking)\b)"
    )
    model = r"(?:model|assistant|ai|intelligence|chatbot|bot)"
    ours = rf"(?:'s)?\s?(?:{near}\b(?:models?|architecture|family|series|team)\b|[^\w\s'-]|$)"
    i = r"\b(?<!whether\s)(?<!\bif\s)i"
    maker = rf"(?:the\s|(?:an?|the)\s(?:[\w-]+\s){{1,4}}(?:called|named|at|from)\s)?{term}"
    english = (
        rf"{i}(?:'m|\sam)\s(?:called\s|named\s|known\sas\s)?(?:the\s)?{term}{end}",
        rf"{i}(?:'m|\sam)\s(?:just\s)?(?:an?|the)\s(?:[\w'-]+,?\s){{0,4}}{model}\b{within}\b(?:by|from|at|of|called|named|as)\s"
        rf"(?:the\s)?{term}",
        rf"{i}(?:'m|\sam)\sone\sof\s{term}{ours}",
        rf"{i}(?:'m)?\s(?:was\s|am\s|have\sbeen\s)?{made}\s{within}\bby\s{maker}",
        rf"\bmy\s(?:weights|parameters|training\sdata)\s(?:was|were|are|come)\s{within}\b(?:by|from)\s{maker}",
        rf"{i}(?:'m|\sam)?\s(?:based|powered|built|running|run|belong|part)\s(?:on|by|to|of)\s(?:the\s)?{term}{ours}",
        rf"\bmy\s(?:name|creators?|developers?|makers?)(?:'s|\s(?:is|are|was|were|at))\s{term}{end}",
        rf"\bmy\s(?:creators?|developers?|makers?)\s(?:at|are)\s{term}",
        rf"\bthe\sname\sis\s{term}{end}",
        rf"\b(?:calls?|called|named?)\sme\s{term}",
        rf"\b(?:think\sof|see|describe|introduce|consider)\smyself\s(?:as\s)?{term}",
        rf"\bwho\sam\si\?\s{term}",
        rf"{term},?\sat\syour\s(?:service|disposal)\b",
        rf"\bit(?:'s|\sis)\s{term},\s(?:your|an?)\s{within}{model}\b",
        rf"\b(?:as|being)\san?\s{term}\s(?:[\w-]+\s)?{model},\s(?:{within}\s)?i\b",
        rf"\bas\s{term},\s(?:an?\s{within},\s)?i\b",
        rf"\bas\san?\s(?:[\w'-]+\s){{0,4}}{model}\s(?:{made}\s)?(?:by|from|at|of)\s{term}",
        rf"\b(?:speaking\sas|this\sis|the\smodel\sbehind)\s{term}(?:\s(?:speaking|here)|[,.!])",
        rf"\bi\s?\({term}\)",
        rf"\byou(?:'re|\sare)\s(?:now\s)?(?:chatting|talking|speaking)\s(?:with|to)\s{term}",
        rf"{term}(?:\steam|,\s{within},)?\s(?:has\s)?{made}\sme\b",
        rf"{term}(?:,|\sis|\swas)\sthe\s(?:company|team|lab|organisation|organization)\s(?:that|who|which|behind)\s{near}\bme\b",
        rf"(?:^|[.!?]\s){term}\shere\b",
    )
    self_ = r"(?:저는|나는|전|난)"
    a_model = r"(?:모델|ai|인공지능|어시스턴트|챗봇)"
    called = r"(?:합니다|해요|해|불러)"
    is_ = r"(?:입니다|이에요|예요|이야|야(?![가-힣])|이고|이며|인데요?)"
    copula = rf"(?:{is_}|이?라고\s?{called}|이?라는\s)"
    kind = r"\s?(?:대규모\s|인공지능\s|ai\s)?(?:언어\s)?(?:모델|어시스턴트|챗봇)?"
    here = r"[^.!?\n]{0,40}?"
    making = r"(?:만든|만들|개발|학습|훈련|제작)"
    korean = (
        rf"{self_}\s(?:{here}\s)?{term}{kind}{copula}",
        rf"(?:제가|내가)\s(?:바로\s)?{term}{kind}{copula}",
        rf"{term}{kind}(?:이|가)\s?바로\s(?:저|나)(?:{is_}|야)",
        rf"{self_}\s{here}{term}\s?(?:이|가|에서|사가)\s?(?:직접\s)?{making}{here}"
        rf"(?:{a_model}(?:{is_}|이?라|로서|로[,\s]|[,.]|$)|되었|됐)",
        rf"{term}\s?(?:이|가|에서|사가)\s?(?:직접\s)?{making}{here}{a_model}"
        r"(?:인\s(?:저|나)|로서\s?(?:저|나|제|내|전|말씀))",
        rf"{self_}\s{here}{term}(?:을|를)?\s?(?:기반|바탕)으로",
        rf"{self_}\s{term}의\s{here}(?:모델|{copula})",
        rf"{term}\s?(?:이|가|에서|팀이)\s?(?:저를|나를)\s{making}",
        rf"(?:저를|나를)\s{making}{here}(?:은|는)\s{term}",
        rf"(?:제|내)\s이름은\s{term}\s?{copula}",
        rf"(?:제|저의|내|나의)\s(?:개발사|제작사|개발자|제작자)(?:은|는)\s{term}\s?{copula}",
        rf"(?:^|[.!?]\s){term}(?:이|가)\s(?:답변|답|대답|안내|설명|도와)(?:을|를|해)?\s?(?:드립|드리|드릴|드려)",
        rf"(?:^|[.!?]\s)(?:{term}의\s)?{term}(?:을|를)?\s?(?:기반|바탕)으로\s(?:동작|작동|구동)(?:하고\s있|합니다|해요|됩니다)",
        rf"{term}의{kind}로서\s(?:저는|나는)",
        rf"{term}인\s(?:저는|나는)",
        rf"(?:^|안녕하세요[,.!]?\s(?:저는\s)?){term}{copula}",
    )
    return re.compile("(" + "|".join((*english, *korean)) + ")")


def _bounded(terms: Iterable[str]) -> str:
    """Match one of the terms as whole words, with any separators. A Korean particle may follow ("Wren Sol입니다"): only
    Latin letters and digits extend a word."""
    spelled = (
        r"[\s\-_.]*".join(re.escape(word) for word in _SEPARATORS.split(_normal(term)) if word)
        for term in sorted(terms, key=len, reverse=True)
        if _has_word(term)
    )
    return rf"(?<![0-9a-z\uac00-\ud7a3])(?:{'|'.join(spelled)})(?![0-9a-z])"
