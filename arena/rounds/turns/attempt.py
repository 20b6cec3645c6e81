"""One side's attempt to answer a turn, as stored and as shown.

No asyncio and no decision here: `writers` fills it in, and `turn` shows as much of it as `pacing` releases.
"""

from dataclasses import dataclass, replace

from arena.players.events import Filtered, Finish, has_text
from arena.rounds.turns.screening import WITHHELD, Finding
from arena.rounds.views import Phase, Side, SideState, SideView
from db.codes import Side as SideCode
from db.queries import AnswerRecord

CANCELLED = "cancelled"
"""Finish reason of an answer that the visitor stopped."""
CONTENT_FILTER = "content_filter"
"""Finish reason of an answer that a server's filter cut or left without text."""


@dataclass(slots=True)
class Attempt:
    """One attempt of one side at the current turn. `n_shown` characters are released; pages show `has_ended`."""

    number: int
    seed: int
    text: str = ""
    reasoning: str = ""
    """The model's reasoning, which is stored and is not part of its answer."""
    finish: Finish | None = None
    error: str | None = None
    place: int = 0
    """The place in its model server's queue, 0 if it does not wait there."""
    is_too_long: bool = False
    is_stopped: bool = False
    n_shown: int = 0
    has_ended: bool = False
    is_stored: bool = False
    finding: Finding | None = None
    """What the moderator found in it, once it has been judged."""
    n_withheld: int = 0
    """Characters that arrived and were withheld: the wait for them does not show that they were."""

    @property
    def n_arrived(self) -> int:
        return len(self.text) + self.n_withheld

    @property
    def is_withheld(self) -> bool:
        return self.error == WITHHELD

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will arrive."""
        return self.finish is not None or self.error is not None or self.is_stopped

    @property
    def has_failed(self) -> bool:
        """Whether pages show it as failed."""
        return self.has_ended and not self.is_stopped and self._error_key is not None

    @property
    def has_broken(self) -> bool:
        """Whether it ended with an error, shown or not. An answer that a filter stopped is empty, not broken."""
        return self.error is not None and self.error not in (Filtered.code, WITHHELD)

    @property
    def _error_key(self) -> str | None:
        """What is wrong with the complete attempt: it is withheld, it broke, a filter cut it, or it has no visible
        text."""
        if self.is_withheld:
            return "side_withheld"
        is_filtered = self.finish is not None and self.finish.finish_reason == CONTENT_FILTER
        if (self.finish is not None or self.error == Filtered.code) and not has_text(self.text):
            return "side_no_answer"
        if self.is_too_long:
            return "side_too_long"
        return "side_failed" if self.error is not None or is_filtered else None

    def cut_to_shown(self) -> None:
        """Stop the attempt: text that was not shown is dropped."""
        self.text = self.text[: self.n_shown]
        self.finish = None
        self.error = None
        self.is_stopped = self.has_ended = True

    def note(self, finding: Finding) -> None:
        """Note what the moderator found; a blocked answer is withheld for good, and its text is forgotten."""
        self.finding = finding
        if finding.is_blocked:
            self.n_withheld, self.n_shown = len(self.text), 0
            self.text = self.reasoning = ""
            self.error, self.is_stopped = WITHHELD, False

    def view(self, phase: Phase) -> SideView:
        """Return what pages show of it, in `phase` until it ends. The battle decides whether it can be retried."""
        state: SideState = phase
        if self.has_ended:
            state = "stopped" if self.is_stopped else "failed" if self.has_failed else "done"
        return SideView(
            state=state,
            text=self.text[: self.n_shown],
            is_cut=state == "done" and self.finish is not None and self.finish.finish_reason == "length",
            error=self._error_key if state == "failed" else None,
            warning=self.finding.category if self.finding is not None and self.finding.is_warning else None,
        )

    def unseen_record(self, side: Side) -> AnswerRecord:
        """Return the attempt as the database stores it if it ends here, unseen: a broken one keeps what arrived, and
        one that was still being written counts as stopped."""
        ended = replace(self)
        if not ended.is_complete:
            ended.cut_to_shown()
        return ended.record(side)

    def record(self, side: Side) -> AnswerRecord:
        """Return the attempt as the database stores it."""
        finish = self.finish
        return AnswerRecord(
            side=SideCode.parse(side),
            attempt=self.number,
            text=self.text,
            seed=self.seed,
            finish_reason=CANCELLED if self.is_stopped else finish.finish_reason if finish else None,
            prompt_tokens=finish.prompt_tokens if finish else None,
            completion_tokens=finish.completion_tokens if finish else None,
            ttft_ms=finish.ttft_ms if finish else None,
            duration_ms=finish.duration_ms if finish else None,
            fingerprint=finish.fingerprint if finish else None,
            error=self.error,
            reasoning=self.reasoning or None,
            sent=finish.sent if finish else None,
        )


def resumed(answer: AnswerRecord | None) -> Attempt:
    """Return the attempt of a stored answer; None means that this side was never stored."""
    if answer is None:
        return Attempt(0, 0, is_stopped=True, has_ended=True, is_stored=True)
    is_stopped = answer.finish_reason == CANCELLED
    attempt = Attempt(
        answer.attempt, answer.seed or 0, answer.text, answer.reasoning or "", is_stopped=is_stopped, error=answer.error
    )
    if answer.error in (None, WITHHELD) and not is_stopped:
        attempt.finish = Finish(
            sent=answer.sent,
            finish_reason=answer.finish_reason or "",
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            fingerprint=answer.fingerprint,
            ttft_ms=answer.ttft_ms or 0.0,
            duration_ms=answer.duration_ms or 0.0,
        )
    attempt.n_shown = len(answer.text)
    attempt.has_ended = attempt.is_stored = True
    return attempt
