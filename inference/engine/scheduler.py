"""Continuous batching: who runs in the next step, and with how many tokens. Integers in, integers out.

A step holds one token for every sequence that decodes and up to `max_chunk` tokens of prompts, so that a long prompt
never stops the answers of others, and no step is longer than n_slots + max_chunk tokens. Prompts take turns. They are
cut at multiples of `max_chunk` whoever else is running, so that a request is computed in the same pieces in a crowd and
alone.
"""

import heapq
from collections import deque
from dataclasses import dataclass

from inference.engine.request import Sequence


@dataclass(frozen=True, slots=True)
class Work:
    """`n` tokens of one sequence, from position `start` on. `is_last`: they are all that is known of it."""

    sequence: Sequence
    start: int
    n: int
    is_last: bool


class Scheduler:
    """Slots and turns. `add` queues a sequence, `plan` admits and chooses, `advance` notes what was done, `remove`
    ends.
    """

    def __init__(self, *, n_slots: int, max_chunk: int) -> None:
        if n_slots < 1 or max_chunk < 1:
            raise ValueError(f"n_slots is {n_slots} and max_chunk {max_chunk}; at least 1 was expected")
        self.n_slots, self.max_chunk = n_slots, max_chunk
        self._free = list(range(n_slots))  # a heap: low slots first, so that those in use are neighbours in memory
        self._waiting: deque[Sequence] = deque()
        self._prompts: deque[Sequence] = deque()  # in the order of their turns
        self._decoding: list[Sequence] = []

    @property
    def n_running(self) -> int:
        """Sequences that hold a slot."""
        return len(self._prompts) + len(self._decoding)

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    def add(self, sequence: Sequence) -> None:
        """Queue a new sequence; it gets a slot in arrival order."""
        self._waiting.append(sequence)

    def admit(self) -> list[Sequence]:
        """Give the free slots to those who wait longest; returns who got one."""
        admitted = []
        while self._free and self._waiting:
            sequence = self._waiting.popleft()
            sequence.slot = heapq.heappop(self._free)
            self._prompts.append(sequence)
            admitted.append(sequence)
        return admitted

    def plan(self) -> list[Work]:
        """The next step: every decoding sequence, then prompts in turn while their whole next chunk fits."""
        plan = [Work(sequence, sequence.n_cached, 1, is_last=True) for sequence in self._decoding]
        budget = self.max_chunk
        for sequence in self._prompts:
            n = min(sequence.n_due, self.max_chunk)
            if n <= budget:
                budget -= n
                plan.append(Work(sequence, sequence.n_cached, n, is_last=n == sequence.n_due))
        return plan

    def advance(self, plan: list[Work]) -> None:
        """Note that the tokens of `plan` are in the cache; an unfinished prompt goes behind the others."""
        for work in plan:
            work.sequence.n_cached += work.n
            if work.sequence in self._prompts:
                self._prompts.remove(work.sequence)
                (self._decoding if work.is_last else self._prompts).append(work.sequence)

    def remove(self, sequence: Sequence) -> None:
        """Forget a sequence, wherever it is, and free its slot."""
        for queue in (self._waiting, self._prompts, self._decoding):
            if sequence in queue:
                queue.remove(sequence)
        if sequence.slot is not None:
            heapq.heappush(self._free, sequence.slot)
            sequence.slot = None
