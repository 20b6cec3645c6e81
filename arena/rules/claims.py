"""The sentences in which a writer claims to be, or to come from, a model or its maker: names and patterns.

The patterns are for normalised text (`identity`): lower case, no emphasis, quotations between two private characters,
and one letter in place of each name.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

KNOWN_NAMES = tuple(
    name
    for maker in (
        "OpenAI, Open AI, ChatGPT, Chat GPT, ChatGTP, GPT, GPT-3, GPT-3.5, GPT-4, GPT-4o, GPT-5",
        "오픈AI, 오픈 AI, 오픈에이아이, 챗GPT, 챗 GPT, 쳇GPT, 챗지피티, 쳇지피티, 지피티",
        "Anthropic, Claude, 앤트로픽, 앤스로픽, 엔트로픽, 클로드",
        "Google, DeepMind, Google DeepMind, Gemini, Bard, Gemma, 구글, 딥마인드, 제미나이, 제미니, 바드, 젬마",
        "Meta, Meta AI, Llama, 메타, 라마",
        "Mistral, Mistral AI, Mixtral, 미스트랄, 미스트랄 AI, 믹스트랄",
        "Alibaba, Alibaba Cloud, Qwen, Tongyi, 알리바바, 알리바바 클라우드, 큐원, 큐웬",
        "DeepSeek, 딥시크",
        "xAI, Grok, 그록",
        "Cohere, Command R, Command A, 코히어",
        "Microsoft, Copilot, Phi, 마이크로소프트, 코파일럿",
        "NVIDIA, Nemotron, 엔비디아, 네모트론",
        "Amazon, Amazon Nova, 아마존",
        "Databricks, DBRX",
        "LMSYS, Vicuna",
        "Zhipu, Zhipu AI, ChatGLM, GLM",
        "Moonshot AI, Kimi, 키미",
        "01.AI, Yi",
        "Falcon, TII, Technology Innovation Institute",
        "Baidu, ERNIE Bot, 바이두",
        "ByteDance, Doubao, 바이트댄스",
        "AI21 Labs, Jamba",
        "Allen Institute for AI, OLMo",
        "NAVER, HyperCLOVA, HyperCLOVA X, CLOVA X, 네이버, 하이퍼클로바, 하이퍼클로바X, 클로바X",
        "LG AI Research, EXAONE, LG AI연구원, 엑사원",
        "Upstage, Solar, 업스테이지, 솔라",
        "Kakao, Kanana, 카카오, 카나나",
        "SK텔레콤, SKT, 에이닷",
    )
    for name in maker.split(", ")
)
OPEN, CLOSE = "\ue000", "\ue001"
"""What a quotation is between, in normalised text."""
NAME = "ꙮ"
"""What stands for each name, in a text that is searched for claims: a letter, so that it is a word."""
_BEFORE, _AFTER = r"(?<![0-9a-z\uac00-\ud7a3])", "(?![0-9a-z])"
"""Whole words. A Korean particle may follow ("Wren Sol입니다"): only Latin letters and digits extend a word."""
SEPARATORS = re.compile(r"[\s\-_.]+")
_EDITION = r"(?:mini|nano|pro|plus|turbo|ultra|flash|lite|large|medium|small|opus|sonnet|haiku|instruct|chat|coder|max)"
_VERSION = (
    r"(?:[\s_-]?v?\d+(?:\.\d+)*[a-z]{0,2}(?![0-9a-z]))?"
    rf"(?:-(?:[a-z]{{0,3}}\d[0-9a-z.]*|{_EDITION})(?![0-9a-z]))*(?:\s{_EDITION}(?![0-9a-z]))?"
)


@lru_cache(maxsize=64)
def any_of(terms: Sequence[str]) -> re.Pattern[str]:
    """Match any of the terms, with its version."""
    spelled = (_spelled(SEPARATORS.split(term)) for term in sorted(terms, key=len, reverse=True) if _has_word(term))
    return re.compile(f"{_BEFORE}(?:{'|'.join(spelled)}){_VERSION}{_AFTER}")


@cache
def claims() -> re.Pattern[str]:
    """Match a sentence in which the writer claims to be, or to come from, `NAME`."""
    term = f"{OPEN}?{NAME}{CLOSE}?"
    return re.compile("(" + "|".join((*_english(term), *_korean(term), *_of_the_whole(term))) + ")")


def mention(words: Sequence[str]) -> re.Pattern[str]:
    """Match a name of these words anywhere in a text."""
    return re.compile(f"{_BEFORE}{_spelled(words)}{_AFTER}")


def _english(term: str) -> tuple[str, ...]:
    within = r"[^.!?\n]{0,60}?"
    near = r"[^.!?,\n]{0,30}?"
    made = (
        r"(?:trained|made(?!\s(?:fun|up|to))|created|developed|built|designed|fine-tuned"
        r"|released|launched|taught|forged)"
    )
    end = (
        r"(?=\s*(?:[^\w\s-]|\d|$)"
        r"|\s(?:an?|the|and|or|but|by|from|version|made|trained|created|developed|built|speaking)\b)"
    )
    model = r"(?:model|assistant|ai|intelligence|chatbot|bot)"
    models = rf"(?:{model}s?|architecture|family|series|team|systems?)"
    ours = rf"(?:'s)?\s?(?:{near}\b{models}\b|[^\w\s'-]|$)"
    i = r"\b(?<!whether\s)(?<!\bif\s)i"
    often = r"(?:(?:actually|really|just|simply|only|indeed|currently|originally|in\sfact)\s)?"
    am = rf"{i}(?:'m|\sam|m)\s{often}"
    maker = rf"(?:the\s|(?:an?|the)\s(?:[\w-]+\s){{1,4}}(?:called|named|at|from)\s)?{term}"
    return (
        rf"{am}(?:called\s|named\s|known\sas\s)?(?:the\s)?{term}{end}",
        rf"{am}(?:an?|the)\s(?:[\w'-]+,?\s){{0,4}}{model}\b{within}\b(?:by|from|at|of|called|named|as)\s(?:the\s)?{term}",
        rf"{am}(?:an?|the)\s(?:[\w'-]+,?\s){{0,4}}{model}(?:,\s|\s[–—-]\s|\s?\(){term}{end}",
        rf"{am}one\sof\s{term}{ours}",
        rf"{am}(?:an?|the)\s(?:[\w-]+\s)?(?:product|creation|version|variant|instance)\sof\s(?:the\s)?{term}{ours}",
        rf"{i}(?:'?m)?\s(?:was\s|am\s|have\sbeen\s)?{often}{made}\s{within}\b(?:by|at)\s{maker}",
        rf"\bmy\s(?:weights|parameters|training\sdata)\s(?:was|were|are|come)\s{within}\b(?:by|from)\s{maker}",
        rf"{i}(?:'?m|\sam)?\s{often}(?:based|powered|built|run|belong|part|running(?=\son))\s(?:on|by|to|of)\s(?:the\s)?{term}{ours}",
        rf"{am}running\s{term}",
        rf"{i}(?:'m|\sam),\s[^.!?,\n]{{1,50}},\s(?:called\s)?{term}{end}",
        rf"(?:^|[.!?]\s|\bbeing\s|\bbeen\s){made}\s(?:[\w-]+\s)?(?:by|at)\s{maker},\si\b",
        rf"{i}\s{often}(?:come|hail)\sfrom\s{maker}{ours}",
        rf"\bmy\s(?:(?:model\s)?name|creators?|developers?|makers?)(?:'s|\s(?:is|are|was|were|at))\s{term}{end}",
        rf"\bmy\s(?:creators?|developers?|makers?)\s(?:at|are)\s{term}",
        rf"\bthe\sname(?:'s|\sis)\s{term}{end}",
        rf"\b(?:calls?|called|named?|knows?)\sme\s(?:as\s)?(?:[\w']+\s)?{term}{end}",
        rf"\b(?:think\sof|see|describe|introduce|consider)\s(?:myself|me)\s(?:as\s)?(?:the\s)?{term}",
        rf"\b(?:who\sam\si|what\sam\si|my\sname|my\smodel|who\s{made}\sme)\?\s{term}",
        rf"{term},?\sat\syour\s(?:service|disposal)\b",
        rf"{term}(?:,|\s[–—-])\sthat(?:'s|\sis)\sme\b",
        rf"\bit(?:'s|\sis)\s{term},\s(?:your|an?)\s{within}{model}\b",
        rf"\b(?:as|being)\san?\s{term}\s(?:[\w-]+\s)?{model},\s(?:{within}\s)?i\b",
        rf"\b(?:as|being)\sone\sof\s(?:the\s)?{term}(?:'s)?\s(?:[\w-]+\s){{0,3}}{models},\s(?:{within}\s)?i\b",
        rf"\bas\s{term},\s(?:an?\s{within},\s)?i\b",
        rf"\bas\san?\s(?:[\w'-]+\s){{0,4}}{model}\s(?:{made}\s)?(?:by|from|at|of)\s{term}",
        rf"\b(?:speaking\sas|this\sis|the\smodel\sbehind)\s{term}(?:\s(?:speaking|here)|[,.!])",
        rf"\bi\s?\({term}\)",
        rf"\byou(?:'re|\sare)\s(?:now\s)?(?:chatting|talking|speaking|interacting|conversing)\s(?:with|to)\s{term}",
        rf"{term}(?:\steam|,\s{within},)?\s(?:has\s)?{made}\sme\b",
        rf"{term}(?:,|\sis|\swas)\sthe\s(?:company|team|lab|organisation|organization|outfit|firm|startup|one)"
        rf"\s(?:that|who|which|behind)\s{near}\bme\b",
        rf"\bwho\s{made}\sme:\s{term}",
        rf"\b(?:who|that|which)\s{made}\sme\s(?:is|are|was|were|works?\s(?:at|for))\s(?:at\s)?{term}",
        rf"(?:^|[.!?]\W{{0,4}}\s){term}\shere\b",
    )


def _korean(term: str) -> tuple[str, ...]:
    named = rf"{term}(?:\s?\([^()\n]{{1,30}}\))?"
    a_model = r"(?:모델|ai|인공지능|어시스턴트|챗봇)"
    self_ = rf"(?<![가-힣])(?:저는|나는|전|난|저도|본인은|이\s몸은|본\s{a_model}은|저로\s말하자면)"
    calling = r"(?:합니다|하고|하며|하오|하지|해요|해|한답니다|불러|부르|불리|불립|불려)"
    is_ = (
        r"(?:입니다|이에요|예요|이예요|에요|이야|야(?![가-힣])|이고|이며|인데요?|이랍니다|랍니다|이지요|이죠|이오|올시다"
        r"|임(?![가-힣])|이?다(?![가-힣]))"
    )
    kind = r"\s?(?:계열|시리즈)?\s?(?:의\s)?(?:대규모\s|인공지능\s|ai\s)?(?:언어\s)?(?:모델|어시스턴트|챗봇)?"
    copula = rf"(?:{is_}|이?라고\s?{calling}|이?라\s(?:하오|합니다|해요|하지|한다)|이?라는\s)"
    whole_copula = rf"(?:{copula}|(?<=모델)로[,\s])"
    here = r"[^.!?\n]{0,40}?"
    making = r"(?:만든|만들|개발|학습|훈련|제작|설계|빚)"
    by = r"(?:이|가|에서|사가|팀이|에\s의해)"
    greeting = r"(?:안녕하세요|반갑습니다|인사드립니다|인사드려요)\W{1,8}(?:저는\s)?"
    of = rf"{named}(?:의|\s?{by}\s(?:직접\s)?(?:{making}|공개|출시|태어)[가-힣]{{0,3}})\s(?:{a_model}\s)?"
    guess = r"(?![^.!?\n]{0,10}(?:것\s?같|것으로\s보|듯|추정|의심|아닙|아니|나요|는지|까))"
    return (
        rf"{self_}\s(?:{here}\s)?{named}{kind}{whole_copula}",
        rf"(?:^|[.!?]\s){term}(?:에서\s태어난|[이가]\s낳은)\s{named}{kind}{copula}",
        rf"(?:^|[.!?]\s)네,?\s{named}(?:이|가)?\s맞(?:습니다|아요)",
        rf"(?:제가|내가)\s(?:바로\s)?(?:그\s)?{named}{kind}{copula}",
        rf"{term}{kind}(?:이|가)\s?바로\s(?:저|나)(?:{is_}|야)",
        rf"{self_}\s{here}{term}\s?{by}\s?(?:직접\s)?{making}{here}"
        rf"(?:{a_model}(?:{is_}|이?라|로서|로[,\s]|[,.]|$)|되었|됐)",
        rf"{term}\s?{by}\s?(?:직접\s)?{making}{here}{a_model}(?:인\s(?:저|나)|로서\s?(?:저|나|제|내|전|말씀))",
        rf"{self_}\s{here}{term}(?:을|를)?\s?(?:기반|바탕)으로",
        rf"{self_}\s{term}의\s{here}(?:모델|{copula})",
        rf"{self_}\s{here}{term}에서\s태어",
        rf"{term}\s?{by}\s(?:저를|나를)\s{making}",
        rf"(?:저를|나를)\s{making}{here}(?:은|는)\s{term}",
        rf"(?<![가-힣])(?:제|내|저의|나의)\s(?:이름|모델\s?명|정체|소개)(?:은|는|를|을)\s{here}{named}{kind}\s?{copula}",
        rf"(?:제|저의|내|나의)\s(?:개발사|제작사|개발자|제작자)(?:은|는)\s{term}\s?{copula}",
        rf"(?:제가|내가)\s누구{here}\?\s(?:{term}\s?{by}\s?{making}{here}{a_model}{is_}|(?:{of})?{named}{kind}{copula})",
        rf"(?:^|[.!?]\s){term}(?:은|는|이|가)?\s아니고요?,\s(?:{term}의\s)?{named}{copula}",
        rf"(?:^|[.!?]\s){term}(?:이|가)\s(?:답변|답|대답|안내|설명|도와)(?:을|를|해)?\s?(?:드립|드리|드릴|드려)",
        rf"(?:^|[.!?]\s)(?:{term}의\s)?{term}(?:을|를)?\s?(?:기반|바탕)으로\s(?:동작|작동|구동)(?:하고\s있|합니다|해요|됩니다)",
        rf"{term}의{kind}로서\s(?:저는|나는)",
        rf"{term}(?:으)?로서\s(?:저는|나는|제가|말씀드리|답)",
        rf"{term}인\s(?:저는|나는)",
        rf"(?:^|{greeting})(?:{term}의\s)?{named}{copula}",
        rf"{greeting}{of}{named}{kind}{is_}",
        rf"(?<![가-힣])(?:저|나)\s?\({term}\)",
        rf"{named}(?:이)?라고\s(?:편하게\s)?불러\s?(?:주|줘)",
        rf"(?:이|본)\s(?:답변|응답)은\s{term}(?:이|가)\s(?:작성|생성)(?:한|했|하였){guess}",
    )


def _of_the_whole(term: str) -> tuple[str, ...]:
    """Claims by their place: a form that begins an answer (`Model name: X`), and a signature that ends one."""
    label = r"(?:(?:my\s)?(?:model\s)?name|my\smodel|모델\s?명|모델\s이름|이름)"
    writer = r"(?:written\sby|answered\sby|generated\sby|작성자?|답변자?)"
    rest = r"(?:,[^\n()]{0,40})?"
    return (
        rf"\A\W*(?:1\W+)?{label}\s?:\s{term}(?=\s*(?:[^\w\s-]|\n|\Z))",
        rf"\A\W*(?:assistant|answer|ai|답변?)\s?\({term}\)\s?:",
        rf"\n\s*(?:[—–]|--)\s?{term}{rest}\s*\Z",
        rf"\n\s?{term}(?:,|\s?\n)\s?your\s(?:[\w-]+\s){{0,3}}(?:assistant|model|ai|chatbot)\s*\Z",
        rf"\n\s*\(?{writer}\s?:?\s{term}{rest}\)?\s*\Z",
    )


def _spelled(words: Iterable[str]) -> str:
    """Match the words with any separators."""
    return r"[\s\-_.]*".join(re.escape(word) for word in words if word)


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)
