"""Continuous batching: which requests take part in the next step, and with how many tokens. Integers in, integers out.

A step has one token for every request that decodes, and chunks of prompts as far as the token budget allows, so a long
prompt never stops the answers of others. Slots are given in order of arrival, and the prompts that have one take turns,
so a short prompt does not wait for the end of a long one.

Prompts are cut at multiples of `max_chunk`, whatever else is running: the budget decides when a chunk runs, never where
it ends. So a request is computed in the same chunks in a crowd and alone.
"""

from collections import deque
from dataclasses import dataclass

from inference.engine.request import RequestState
from inference.engine.slots import Slots

MAX_CHUNK = 256  # prompt tokens in one step: other requests wait that long for their next token
_GPU_CHUNK = 2048  # a GPU needs about so many rows to compute at its full rate
_SMALL_MODEL, _SMALL_MODELS_CHUNK = 50_000_000, 512  # parameters, tokens: a model of 15M reads such a chunk in 30 ms


def chunk_size(budget: int | None, *, n_parameters: int, is_on_gpu: bool = False) -> int:
    """Return the number of prompt tokens in a chunk when a step may have `budget` tokens: half of them.

    Without a budget it is 2,048 on a GPU. On a CPU it is MAX_CHUNK, and twice that for small models, which read longer
    chunks faster.
    """
    if budget is not None:
        return max(1, budget // 2)
    if is_on_gpu:
        return _GPU_CHUNK
    return _SMALL_MODELS_CHUNK if n_parameters < _SMALL_MODEL else MAX_CHUNK


@dataclass(frozen=True, slots=True)
class Work:
    """`n` tokens of one request, from position `start` on. `is_last`: no further tokens of it are known."""

    state: RequestState
    start: int
    n: int
    is_last: bool


class Scheduler:
    """Three queues: requests that wait for a slot, prompts in the order of their turns, and answers."""

    def __init__(self, slots: Slots, *, max_chunk: int, budget: int | None = None) -> None:
        """`budget` is the number of tokens that a step may have. `max_chunk` of them are reserved for prompts, and the
        rest is the number of requests that run at once. None: as many requests as there are slots.
        """
        if slots.n_slots < 1 or max_chunk < 1:
            raise ValueError(f"n_slots is {slots.n_slots} and max_chunk {max_chunk}; at least 1 was expected")
        if budget is not None and budget <= max_chunk:
            raise ValueError(
                f"the budget is {budget} tokens a step and max_chunk {max_chunk}; a budget of at least "
                f"{max_chunk + 1} was expected, so that one answer can advance beside a chunk of a prompt"
            )
        self.max_chunk = max_chunk
        self._budget, self._slots = budget, slots
        self._waiting: deque[RequestState] = deque()
        self._prompts: deque[RequestState] = deque()
        self._decoding: list[RequestState] = []

    @property
    def budget(self) -> int:
        """Tokens that a step may have."""
        return self.max_chunk + self._slots.n_slots if self._budget is None else self._budget

    @property
    def n_running(self) -> int:
        """Requests that have a slot."""
        return len(self._prompts) + len(self._decoding)

    @property
    def n_decoding(self) -> int:
        return len(self._decoding)

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    @property
    def can_admit(self) -> bool:
        """Whether one more request could run."""
        return self._slots.n_free > 0 and self.n_running < self.budget - self.max_chunk

    @property
    def is_prefilling(self) -> bool:
        """Whether the next step may contain a chunk of a prompt."""
        return bool(self._prompts) or bool(self._waiting and self.can_admit)

    def add(self, state: RequestState) -> None:
        """Queue a new request."""
        self._waiting.append(state)

    def admit(self) -> list[RequestState]:
        """Give the free slots to the requests that wait longest, and return those."""
        admitted = []
        while self._waiting and self.can_admit:
            state = self._waiting.popleft()
            taken = self._slots.take(state.request.prompt, may_keep=state.request.params.prompt_logprobs is None)
            state.slot, state.n_cached, state.n_reused = taken.slot, taken.n_kept, taken.n_kept
            self._prompts.append(state)
            admitted.append(state)
        return admitted

    def plan(self, *, prefills: bool = True) -> list[Work]:
        """Return the next step: a token of every answer and, with `prefills`, the next chunk of each prompt in turn, as
        far as whole chunks fit into the budget.
        """
        plan = [Work(state, state.n_cached, 1, is_last=True) for state in self._decoding]
        left = self.budget - len(plan)
        for state in self._prompts if prefills else ():
            n = min(state.n_due, self.max_chunk - state.n_cached % self.max_chunk)
            if n <= left:
                left -= n
                plan.append(Work(state, state.n_cached, n, is_last=n == state.n_due))
        return plan

    def advance(self, plan: list[Work]) -> None:
        """Record that the tokens of `plan` are in the cache, and move unfinished prompts behind the others."""
        for work in plan:
            work.state.n_cached += work.n
            if work.state in self._prompts:
                self._prompts.remove(work.state)
                (self._decoding if work.is_last else self._prompts).append(work.state)

    def remove(self, state: RequestState, *, is_sound: bool = True) -> None:
        """Forget a request in any queue and free its slot. A later request may take over its keys if `is_sound`."""
        for queue in (self._waiting, self._prompts, self._decoding):
            if state in queue:
                queue.remove(state)
        if state.slot is not None:
            self._slots.give_back(state.slot, state.tokens(0, state.n_cached) if is_sound else ())
            state.slot = None

    def resize(self, n_slots: int) -> list[int]:
        """Change the number of slots, and move running requests to their new ones. Returns as `Slots.resize`."""
        kept = self._slots.resize(n_slots)
        slot_now = {old: new for new, old in enumerate(kept)}
        for state in (*self._prompts, *self._decoding):
            assert state.slot is not None
            state.slot = slot_now[state.slot]
        return kept
