"""The slots of one cache: who holds one, and what those that are free still remember.

A slot that is given back keeps the ids of its sequence until it is needed again. The next turn of a conversation begins
with the same ids and takes the slot over: only what is new is computed. Integers in, integers out; the cache follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A slot that was taken, and how many of the prompt's tokens its rings already hold."""

    slot: int
    n_kept: int


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a free slot holds, and when it was given back: 0 for one that holds nothing."""

    ids: tuple[int, ...] = ()
    turn: int = 0


class Slots:
    """`n_rewindable` is the number of tokens up to which a slot can be cut back to any length, its rings not having
    come round; a longer memory is of use as a whole or not at all. None: slots forget at once."""

    def __init__(self, n_slots: int, *, n_rewindable: int | None = None) -> None:
        self.n_slots = n_slots
        self._n_rewindable = n_rewindable
        self._free = {slot: _Memory() for slot in range(n_slots)}
        self._turn = 0

    @property
    def n_free(self) -> int:
        return len(self._free)

    def take(self, prompt: Sequence[int], *, may_keep: bool = True) -> Place:
        """The free slot that holds most of this prompt's beginning, else the one that was free for longest (low ones
        first, so that those in use are neighbours in memory).

        At least the last token of the prompt is left to compute. A memory is not taken for a trifle, such as a system
        prompt that all conversations share: only where half of it, or half of the prompt, is the same.
        """
        oldest = min(self._free, key=lambda slot: (self._free[slot].turn, slot))
        place = Place(oldest, self._n_kept(self._free[oldest].ids, prompt) if may_keep else 0)
        for slot, memory in self._free.items() if may_keep else ():
            n_kept = self._n_kept(memory.ids, prompt)
            if n_kept > place.n_kept and 2 * n_kept >= min(len(memory.ids), len(prompt)):
                place = Place(slot, n_kept)
        del self._free[place.slot]
        return place

    def give_back(self, slot: int, ids: tuple[int, ...]) -> None:
        """A slot is free again, its rings holding the keys of `ids`; () where they must not be used."""
        self._turn += 1
        is_of_use = ids and self._n_rewindable is not None
        self._free[slot] = _Memory(ids, self._turn) if is_of_use else _Memory()

    def resize(self, n_slots: int) -> list[int]:
        """Have `n_slots` from now on. Returns the old slots that live on, as the first of the new: all that are taken,
        and those given back last. ValueError where the taken ones alone are more.
        """
        taken = [slot for slot in range(self.n_slots) if slot not in self._free]
        if len(taken) > n_slots:
            raise ValueError(f"{len(taken)} slots are in use; they cannot become {n_slots}")
        by_use = sorted(self._free, key=lambda slot: -self._free[slot].turn)
        kept = sorted([*taken, *by_use[: n_slots - len(taken)]])
        self._free = {new: self._free[old] for new, old in enumerate(kept) if old in self._free} | {
            slot: _Memory() for slot in range(len(kept), n_slots)
        }
        self.n_slots = n_slots
        return kept

    def _n_kept(self, ids: Sequence[int], prompt: Sequence[int]) -> int:
        """Tokens of `prompt` that a slot holding `ids` need not compute."""
        n_same = next((i for i, (held, new) in enumerate(zip(ids, prompt, strict=False)) if held != new), len(ids))
        n_same = min(n_same, len(prompt) - 1)
        is_whole = n_same == len(ids)
        return n_same if is_whole or len(ids) <= (self._n_rewindable or 0) else 0
