"""Ask a model for one of k options, named A, B, C and so on, and accept nothing else.

If the server returns log-probabilities and letters have at least half of the probability of the first token, the
likeliest letter is the answer. Otherwise the text at temperature 0 is the answer, if it is one letter: "D.", "**D**",
"D) none" and a "d" alone are, "A text about …" is not. After a server has refused log-probabilities, it is asked
without them. There is no answer after `timeout_s`, whatever the server does.
"""

import asyncio
import logging
import math
import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass

from arena.players.events import (
    EndpointError,
    Filtered,
    Finish,
    Message,
    ModelStream,
    Refused,
    Request,
    Thought,
    TimedOut,
    Token,
    Unreachable,
    is_about_the_prompt,
)

logger = logging.getLogger(__name__)

LETTERS = "ABCDEFGHIJ"
NONSENSE = "nonsense"
"""The cause of no answer where the server answered, with anything but one letter."""
MIN_SHARE = 0.5
"""Of the probability of the first token: with less on the letters, the model was about to write something else."""

_N_TOP = 5  # some servers give no more
_MAX_TOKENS = 8  # one letter, in bold or in quotes
_MAX_CHARS = 200
_CUT_BY_FILTER = "content_filter"
_AROUND = " \t\r\n\u2581\u0120*_`\"'()[]{}<>.:"  # of a token too: the marks of spaces in vocabularies


@dataclass(frozen=True, slots=True)
class Chosen:
    """`option` counts from 0; None: no answer, for the `cause`, a code of `EndpointError` or `NONSENSE`. `share` is the
    option's share of the letters' probability, if that is known."""

    option: int | None
    cause: str = ""
    share: float | None = None


class Chooser:
    """Asks one model. Belongs to the event loop."""

    def __init__(self, stream: ModelStream, *, timeout_s: float) -> None:
        self._stream = stream
        self._timeout_s = timeout_s
        self._n_top = _N_TOP

    async def choose(self, question: str, k: int) -> Chosen:
        """Ask a question that lists `k` options and ends by asking for one letter. Only a cancelled task raises."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._choose(question, k)
        except TimeoutError:
            return Chosen(None, TimedOut.code)
        except EndpointError as error:
            return Chosen(None, error.code)
        except Exception:
            logger.exception("a choice failed")
            return Chosen(None, EndpointError.code)

    async def _choose(self, question: str, k: int) -> Chosen:
        try:
            answer = await self._ask(question, self._n_top)
        except (Refused, Unreachable) as error:
            if not self._n_top or error.can_pass or is_about_the_prompt(error):
                raise
            answer = await self._ask(question, 0)
            logger.info("the model that chooses gives no log-probabilities: %s", error)
            self._n_top = 0
        if answer.is_thought_only:  # its limit has been raised for the next request
            answer = await self._ask(question, self._n_top)
        if answer.is_filtered:
            return Chosen(None, Filtered.code)
        return chosen(answer.text, None if answer.has_thought else answer.top, k)

    async def _ask(self, question: str, n_top: int) -> "_Answer":
        request = Request((Message("user", question),), 0.0, 1.0, _MAX_TOKENS, seed=1, n_top=n_top)
        answer = _Answer()
        async with aclosing(self._stream.stream(request)) as events:
            async for event in events:
                if isinstance(event, Token):
                    answer.text += event.text
                elif isinstance(event, Thought):
                    answer.has_thought = True
                elif isinstance(event, Finish):
                    answer.top = event.top
                    answer.is_filtered = event.finish_reason == _CUT_BY_FILTER
                if len(answer.text) > _MAX_CHARS:  # it does not obey max_tokens
                    break
        return answer


@dataclass(slots=True)
class _Answer:
    text: str = ""
    top: Mapping[str, float] | None = None
    has_thought: bool = False
    is_filtered: bool = False

    @property
    def is_thought_only(self) -> bool:
        return self.has_thought and not self.text.strip()


def chosen(text: str, top: Mapping[str, float] | None, k: int) -> Chosen:
    """Return the option among `k`, from the log-probabilities of the first token, or from the text.

    >>> chosen("The", {"B": -0.5, " B": -2.0, "The": -1.6}, 4)
    Chosen(option=1, cause='', share=1.0)
    """
    letters = LETTERS[:k]
    by_letter = dict.fromkeys(letters, 0.0)
    for token, logprob in (top or {}).items():
        letter = token.strip(_AROUND)
        if len(letter) == 1 and letter in letters:
            by_letter[letter] += math.exp(logprob)
    total = sum(by_letter.values())
    if total >= MIN_SHARE:
        best = max(letters, key=lambda letter: by_letter[letter])
        return Chosen(letters.index(best), share=by_letter[best] / total)
    bare = text.strip().strip(_AROUND)
    if len(bare) == 1:
        bare = bare.upper()
    found = re.fullmatch(rf"([{letters}])(?:[).:\n](?!.*\b[{letters}]\b).*)?", bare, re.DOTALL)
    return Chosen(None, NONSENSE) if found is None else Chosen(letters.index(found[1]))
