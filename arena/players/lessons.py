"""What the answers of each address of a model have taught: adjustments of requests, and how it sends its reasoning.

It is kept until the arena stops. The log names each line of a [[models]] table that would keep it for good.
"""

import copy
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from arena.players.dialect.reader import AnswerReader
from arena.players.dialect.thinking import ThinkingStyle
from arena.players.request import DEFAULT_THINKING_TOKENS, Adjustments, RequestOptions
from arena.players.wire.transport import place_of

logger = logging.getLogger(__name__)


class Lessons:
    """The lessons of one endpoint, by address. `name` is the player's, for the log."""

    def __init__(self, base_urls: Iterable[str], options: RequestOptions, name: str) -> None:
        self._name = name
        self._options = options
        self._adjustments = dict.fromkeys(base_urls, options.adjustments())
        self._styles = dict.fromkeys(self._adjustments, ThinkingStyle.UNKNOWN)
        self._used = dict(self._adjustments)  # of the last answer, also those that are not kept

    def twin(self) -> Self:
        """Return a copy: what one of them learns from now on, the other does not know."""
        twin = copy.copy(self)
        twin._adjustments, twin._styles, twin._used = dict(self._adjustments), dict(self._styles), dict(self._used)
        return twin

    def adjustments(self) -> dict[str, Adjustments]:
        """Return the adjustments with which a call begins."""
        return dict(self._adjustments)

    def style(self, base_url: str) -> ThinkingStyle:
        return self._styles[base_url]

    def lines(self) -> tuple[str, ...]:
        """Return the lines of a [[models]] table that would have made the refusals of the last answers unnecessary."""
        before = self._options.adjustments()
        used = list(self._used.values())
        both = replace(
            before,
            omit=before.omit.union(*(one.omit for one in used)),
            rename={**before.rename, **{ours: theirs for one in used for ours, theirs in one.rename.items()}},
            thinking_tokens=max(one.thinking_tokens for one in self._adjustments.values()),
            max_tokens=min((one.max_tokens for one in used if one.max_tokens is not None), default=None),
        )
        return both.settled(before)

    def keep(self, base_url: str, adjustments: Adjustments) -> None:
        """Keep the adjustments that an answer showed to be needed."""
        before = self._adjustments[base_url]
        self._used[base_url] = adjustments
        self._learn(
            base_url,
            replace(before, omit=before.omit | adjustments.omit, rename={**before.rename, **adjustments.rename}),
        )

    def note_end(self, base_url: str, answer: AnswerReader) -> None:
        """Note that an answer is complete: one with text and no sign of reasoning is plain."""
        if answer.has_text and self._styles[base_url] is ThinkingStyle.UNKNOWN:
            self._styles[base_url] = ThinkingStyle.PLAIN

    def note_thinking(self, base_url: str, answer: AnswerReader) -> None:
        """Note how the address sent its reasoning, whether or not the answer is complete."""
        if answer.splitter.is_opened:
            if self._styles[base_url] is not ThinkingStyle.OPENED:
                logger.warning(
                    "model %r: %s sends reasoning without an opening tag, so its answers are held back until the"
                    " closing tag arrives. Turn on the reasoning parser of that server to avoid this",
                    self._name,
                    place_of(base_url),
                )
            self._styles[base_url] = ThinkingStyle.OPENED
        if answer.has_thought and self._options.thinking_tokens is None:
            self._learn(base_url, replace(self._adjustments[base_url], thinking_tokens=DEFAULT_THINKING_TOKENS))

    def _learn(self, base_url: str, adjustments: Adjustments) -> None:
        before, self._adjustments[base_url] = self._adjustments[base_url], adjustments
        for line in adjustments.settled(before):
            logger.warning(
                "model %r: learned a setting for %s, which is kept until the arena stops; to keep it for good,"
                " add this line to its [[models]] table: %s",
                self._name,
                place_of(base_url),
                line,
            )
