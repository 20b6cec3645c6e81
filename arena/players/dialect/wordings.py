"""How servers word filters, empty accounts and prompts that are too long, as regular expressions.

All patterns are matched against `plain` text: lower case, no quotes, "_" and "-" as spaces, 8,192 as 8192, one line
for each text of the error. An error may quote the prompt, so `refusals` leaves out the fields that echo a request. A
match only decides what a failure is blamed on; in doubt, a trial follows (`health`).
"""

import re
from collections.abc import Iterable

_MAX_CHARS = 20_000

_FILTER_CODE = re.compile(
    r"content ?filter|content (?:management )?policy|data ?inspection|guardrail|responsible ?ai ?policy"
)
_FILTERED = re.compile(
    _FILTER_CODE.pattern + r"|moderation|jailbreak|prompt injection|nsfw|hate speech|sexual|harm category|inappropriate"
    r"|safety|block ?reason|content (?:exists|has) risk|considered high risk|sensitive (?:content|words?|info)"
    r"|(?:restricted|forbidden|prohibited|harmful|unsafe|illegal|disallowed) (?:content|words?|topics?|prompt|input)"
    r"|content (?:is |was )?not (?:allowed|permitted)|violat\w+ [^\n]{0,60}(?:polic|guideline|terms)|usage violation"
    r"|(?:blocked|stopped|refused|rejected) [^\n]{0,40}(?:filter|guard|polic)"
    r"|(?:prompt|input|content|request|message)s? (?:was |were |is |has been )?(?:blocked|flagged)"
    r"|敏感|违规|违禁|不安全|内容安全|부적절|유해"
)
_ABOUT_ACCESS = re.compile(r"\b(?:account|organi[sz]ation|api key|firewall|access (?:was|has been|denied))\b")
_NO_CREDIT = re.compile(
    r"(?:insufficient|not enough|no|out of|used up|exhausted|any|more) (?:\w+ ){0,2}"
    r"(?:quota|balance|credits?|funds)\b(?! (?:were|was|is) )|insufficient(?:quota|balance|credits?|funds)"
    r"|exceeded ?budget|(?:over|exceeded) budget|budget has been exceed|no (?:remaining |more )?budget"
    r"|credit insufficient"
    r"|balance (?:is )?(?:0|too low|insufficient|negative|exhausted|not enough)"
    r"|(?:credits?|quota|free tier) (?:(?:are|is|has been|have been) )?(?:exhausted|depleted|used up)"
    r"|exceeded (?:your |the )?(?:current|monthly|plan|included) |trial (?:has )?(?:expired|ended)"
    r"|(?:credit|spend\w*|billing hard|monthly \w+|usage) limit|payment (?:method )?required|arrear|overdue"
    r"|billing (?:not active|is not active|details|disabled|issue)|(?:please|must|need to) (?:recharge|top up)"
    r"|good standing|余额|欠费|充值"
)
_QUOTA_IS_USED_UP = re.compile(r"\binsufficient ?quota\b|\bbilling (?:hard limit|not active)\b")
_TOO_FAST = re.compile(
    r"rate ?limit|too many (?:concurrent )?requests|throttl|(?:tokens?|requests?|queries|quota) (?:\w+ ){0,2}per"
    r"|per (?:second|minute|min|hour|day)\b|\b[rt]p[md]\b|wait before|(?:retry|try again) (?:in|after|later)|频率|限流"
)

_ANSWER_TOO_LONG = re.compile(
    r"\bmax(?:imum)? ?(?:completion |new |output |generation )?tokens\b(?! allowed)[^.]{0,80}?(?:too (?:large|high|big)"
    r"|less than|at most|no more than|exceed|greater than|larger than|smaller|lower|[<>]=? ?\d|between|range|or equal"
    r"|\bmaximum\b|max output)|maximum (?:allowed )?value (?:of|for) max"
    r"|(?:range of|range for) max(?:imum)? ?(?:completion |output )?tokens"
    r"|output (?:tokens|length) [^.]{0,40}(?:exceed|too large|too long)"
)
_OF_THE_PROMPT = re.compile(
    r"\b(?:inputs?|prompts?|messages?|conversation|context (?:length|limit|size)|(?:maximum|max) context"
    r"|(?:model|sequence|seq) len(?:gth)?|estimated number)\b"
)
_OTHER_PARAMETERS = re.compile(r"\b(?:temperature|top [pk]|min p|seed|stop|penalty|logprobs|logit bias|n choices)\b")
_TOO_LONG = re.compile(
    r"(?:maximum|max) (?:\w+ )?(?:context|prompt|input|model|sequence|session)(?: \w+)?"
    r" (?:length|size|limit|window|tokens?)"
    r"|context(?: length| window| size| limit)?(?: is| of| has|:)? ?\(?\d|\bn ctx\b|not enough context"
    r"|context (?:is )?too small"
    r"|tokens?\b[^\n]{0,30}\b(?:maximum|max|limit)(?: is| of|:)? ?\d|(?:maximum|max|limit)(?: is| of|:)? ?\d+ tokens"
    r"|string above max length|requested length|tokens? limit reached"
    r"|range of input length|fewer inputs|leaves none to answer|context holds"
    r"|max tokens must be at least 1, got \d|过长|超长|(?:超过|超出)了?(?:模型|最大|上下文)|너무 (?:길|깁)"
)
_LONG = re.compile(r"too (?:long|large)|(?:longer|larger) than|shorten")
_COMPLAINT = re.compile(
    r"too (?:big|many)|exceed|(?:greater|bigger|more) than|overflow|beyond|\bfit\b|reduce|shorter|decrease|truncat"
    r"|at most|no more than|(?:less|fewer) than|<=|> ?(?:[a-z]+ ){0,4}\d|only|max length"
)
_OF_SIZE = re.compile(r"\b(?:context|tokens?|length|max ?len|window|size|characters?|bytes|long|large|big)\b")
_LIMITED = re.compile(r"\b(?:limits?|max|maximum)\b")
_SENT = re.compile(
    r"\b(?:prompts?|inputs?|context|tokens?|messages?|conversation|sequence|history|(?:seq|model) len)\b"
)
_SENT_AS_A_WHOLE = re.compile(r"\b(?:request|payload|text|content|body|query|entity)\b")
_FIELD_TOO_LONG = re.compile(
    r"(?:string|any str|list|text|value)[ .]?(?:too long|max length)|^too long$|at most \d+ (?:char|item)", re.MULTILINE
)
_FIELD_OF_THE_PROMPT = re.compile(r"^(?:messages|content|prompt|inputs?)$", re.MULTILINE)

_IN_CHARACTERS = re.compile(r"\bstring\b|\bchar(?:acter)?s?\b|\bbytes\b|max length: ")

# A number that can be a limit of tokens: no decimals, no other unit, not what was sent ("5000 tokens exceed …").
_N = (
    r"(?<![\d.])(?<!by )(\d{2,9})(?!\d|\.\d| ?(?:k|m|b|kb|mb|bytes?|char\w*|words?|items?|seconds?|%)\b)"
    r"(?!(?: (?:\w+ )?tokens?)?\)?,? (?:exceed(?!ed(?: by|[.,\n]|$))|is (?:greater|longer|larger|too)|[>+/] ?\w))"
)
_TO = r"(?:[\s:=(\[]|of|is|has|was|only|at most|up to|set to|equal to|for this model|that is|allowed|supported)*"
_LIMITS = tuple(
    re.compile(pattern)
    for pattern in (  # the most certain first
        r"\d(?: \w+)? ?(?:\+ ?\d+(?: \w+)? ?){0,9}> ?" + _N,
        r"(?:context(?: length| window| size| limit| holds)?|n ctx)(?: limit| size| length)?" + _TO + _N,
        _N + r"(?: tokens?)? (?:maximum|max|context|limit)\b(?! (?:new|completion|output|tokens))",
        r"\d ?/ ?" + _N,
        r"range of [a-z ]+ should be \[ ?\d+ ?, ?" + _N,
        r"(?:<=?|less than(?: or equal to)?|at most|no more than|(?:fewer|shorter) than|not exceed|limited to"
        r"|maximum of|supports? (?:only |up to )*|only (?:process|handle|accept|read))(?: the)?[a-z ]{0,40}[:(=]* ?"
        + _N,
        r"(?:maximum|max)(?! (?:completion |new |output )?tokens\b(?! allowed))[a-z ]{0,50}[:(=]* ?" + _N,
        r"limit(?: (?!exceed|by\b)[a-z]+){0,6}(?: ?[:=])? (?:\((?=\d+ tokens))?" + _N,
        r"(?:longer|greater|larger|more) than [a-z ]{0,40}[:(=]* ?" + _N,
        r"exceed\w*(?: (?!by\b|limit\b)[a-z]+){0,8} ?[:(=]* ?" + _N,
    )
)


def plain(texts: Iterable[str]) -> str:
    """Normalise the texts of an error for matching, one line each."""
    text = "\n".join(text.replace("\n", " ") for text in texts)[:_MAX_CHARS]
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).lower()
    text = re.sub(r"[`'\"“”‘’*]", "", text).replace("&gt;", ">").replace("&lt;", "<").replace("≤", "<=")
    text = re.sub(r"(?<=\d)[,_\u202f\u00a0](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\.0\b", "", text)
    text = re.sub(r"[_\-]", " ", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r"(?:invalid input|input validation error|^input should)\b", "", text, flags=re.MULTILINE)


def is_filtered(text: str, *, by_its_code: bool = False) -> bool:
    """Whether a filter stopped the prompt, and not an account's policy. `by_its_code` accepts only a filter's name."""
    pattern = _FILTER_CODE if by_its_code else _FILTERED
    return any(pattern.search(clause) and not _ABOUT_ACCESS.search(clause) for clause in _clauses(text))


def is_too_fast(text: str) -> bool:
    """Whether there were too many requests, or too many tokens per time."""
    return _TOO_FAST.search(text) is not None and _QUOTA_IS_USED_UP.search(text) is None


def has_no_credit(text: str) -> bool:
    """Whether the account has no credit. A quota per minute in the same words (Gemini) counts as too fast."""
    return _NO_CREDIT.search(text) is not None and not is_too_fast(text)


def is_answer_too_long(text: str) -> bool:
    """Whether `max_tokens` is too large for the model, whatever the prompt."""
    return _ANSWER_TOO_LONG.search(text) is not None and _OF_THE_PROMPT.search(text) is None


def is_too_long(text: str) -> bool:
    """Whether the prompt, or prompt and answer together, are too long."""
    if _FIELD_TOO_LONG.search(text) and _FIELD_OF_THE_PROMPT.search(text):
        return True
    return any(_complains_of_size(clause) for clause in _clauses(text))


def limit(text: str) -> int | None:
    """Return the context length in tokens that a text names, among other numbers in any order."""
    if _IN_CHARACTERS.search(text):
        return None
    for pattern in _LIMITS:
        if found := pattern.search(text):
            return int(found[1])
    return None


def _complains_of_size(clause: str) -> bool:
    """Whether a clause complains about the size of what was sent, in any word order."""
    if _OTHER_PARAMETERS.search(clause):
        return False
    if _TOO_LONG.search(clause):
        return True
    is_of_size = _OF_SIZE.search(clause) is not None
    if _LONG.search(clause):
        return bool(_SENT.search(clause) or (is_of_size and _SENT_AS_A_WHOLE.search(clause)))
    if not _COMPLAINT.search(clause):
        return False
    if _SENT.search(clause):
        return is_of_size or _LIMITED.search(clause) is not None
    return is_of_size and _SENT_AS_A_WHOLE.search(clause) is not None


def _clauses(text: str) -> list[str]:
    return re.split(r"[\n;]|[.!?] ", text)
