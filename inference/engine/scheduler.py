"""Continuous batching: who runs in the next step, and with how many tokens. Integers in, integers out.

A step holds one token for every sequence that decodes, and chunks of prompts as far as the budget goes, so that a long
prompt never stops the answers of others. First come, first served: slots go out in order of arrival, and the prompts
that have one take turns, so that a short one does not wait for the end of a long one.

Prompts are cut at multiples of `max_chunk` whoever else is running: the budget decides when a piece runs, never where
it ends. A request is computed in the same pieces in a crowd and alone.
"""

from collections import deque
from dataclasses import dataclass

from inference.engine.request import Sequence
from inference.engine.slots import Slots


@dataclass(frozen=True, slots=True)
class Work:
    """`n` tokens of one sequence, from position `start` on. `is_last`: they are all that is known of it."""

    sequence: Sequence
    start: int
    n: int
    is_last: bool


class Scheduler:
    """Turns. `add` queues a sequence, `admit` gives slots, `plan` chooses, `advance` notes what was done, `remove`
    ends.
    """

    def __init__(self, slots: Slots, *, max_chunk: int, budget: int | None = None) -> None:
        """`budget` is the number of tokens that a step may have: `max_chunk` of them are kept for prompts, and as many
        sequences run at once as it has tokens beyond those. None: as many as there are slots.
        """
        if slots.n_slots < 1 or max_chunk < 1:
            raise ValueError(f"n_slots is {slots.n_slots} and max_chunk {max_chunk}; at least 1 was expected")
        if budget is not None and budget <= max_chunk:
            raise ValueError(
                f"the budget is {budget} tokens a step and max_chunk {max_chunk}; a budget of at least "
                f"{max_chunk + 1} was expected, so that one answer can go on beside a piece of a prompt"
            )
        self.max_chunk = max_chunk
        self._budget, self._slots = budget, slots
        self._waiting: deque[Sequence] = deque()
        self._prompts: deque[Sequence] = deque()  # in the order of their turns
        self._decoding: list[Sequence] = []

    @property
    def budget(self) -> int:
        """Tokens that a step may have."""
        return self.max_chunk + self._slots.n_slots if self._budget is None else self._budget

    @property
    def n_running(self) -> int:
        """Sequences that hold a slot."""
        return len(self._prompts) + len(self._decoding)

    @property
    def n_decoding(self) -> int:
        return len(self._decoding)

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    @property
    def has_place(self) -> bool:
        """Whether one more sequence could run."""
        return self._slots.n_free > 0 and self.n_running < self.budget - self.max_chunk

    @property
    def is_reading(self) -> bool:
        """Whether the next step may hold a piece of a prompt."""
        return bool(self._prompts) or bool(self._waiting and self.has_place)

    def add(self, sequence: Sequence) -> None:
        """Queue a new sequence; it gets a slot in arrival order."""
        self._waiting.append(sequence)

    def admit(self) -> list[Sequence]:
        """Give the free slots to those who wait longest; returns who got one. `n_reused` tokens of each are there."""
        admitted = []
        while self._waiting and self.has_place:
            sequence = self._waiting.popleft()
            params = sequence.request.params
            place = self._slots.take(sequence.request.prompt, may_keep=params.prompt_logprobs is None)
            sequence.slot, sequence.n_cached, sequence.n_reused = place.slot, place.n_kept, place.n_kept
            self._prompts.append(sequence)
            admitted.append(sequence)
        return admitted

    def plan(self, *, reads: bool = True) -> list[Work]:
        """The next step: every decoding sequence, then, with `reads`, prompts in turn while their whole next piece
        fits.
        """
        plan = [Work(sequence, sequence.n_cached, 1, is_last=True) for sequence in self._decoding]
        left = self.budget - len(plan)
        for sequence in self._prompts if reads else ():
            n = min(sequence.n_due, self.max_chunk - sequence.n_cached % self.max_chunk)
            if n <= left:
                left -= n
                plan.append(Work(sequence, sequence.n_cached, n, is_last=n == sequence.n_due))
        return plan

    def advance(self, plan: list[Work]) -> None:
        """Note that the tokens of `plan` are in the cache; an unfinished prompt goes behind the others."""
        for work in plan:
            work.sequence.n_cached += work.n
            if work.sequence in self._prompts:
                self._prompts.remove(work.sequence)
                (self._decoding if work.is_last else self._prompts).append(work.sequence)

    def remove(self, sequence: Sequence, *, is_sound: bool = True) -> None:
        """Forget a sequence, wherever it is, and free its slot, whose rings may be used again where they are sound."""
        for queue in (self._waiting, self._prompts, self._decoding):
            if sequence in queue:
                queue.remove(sequence)
        if sequence.slot is not None:
            self._slots.give_back(sequence.slot, sequence.tokens(0, sequence.n_cached) if is_sound else ())
            sequence.slot = None

    def resize(self, n_slots: int) -> list[int]:
        """Have `n_slots` from now on, and those that run in their new ones. Returns what `Slots.resize` returns."""
        kept = self._slots.resize(n_slots)
        place = {old: new for new, old in enumerate(kept)}
        for sequence in (*self._prompts, *self._decoding):
            assert sequence.slot is not None
            sequence.slot = place[sequence.slot]
        return kept
