"""The slots of one cache, and the cached conversation of each free slot.

A freed slot keeps the keys and the token ids of its last request until it is needed again. The next turn of that
conversation begins with the same ids and takes the slot: only its new tokens are computed. Integers in, integers out;
the cache itself is elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TakenSlot:
    """`n_kept`: tokens of the prompt whose keys are already in the slot."""

    slot: int
    n_kept: int


@dataclass(frozen=True, slots=True)
class _CachedConversation:
    """The token ids whose keys a free slot has, and when it was freed: 0 for an empty one."""

    ids: tuple[int, ...] = ()
    freed_at: int = 0


class Slots:
    """Free slots and their cached conversations.

    A conversation of up to `n_rewindable` tokens can be cut back to any length, because its ring buffers have not
    wrapped around. A longer one is reused in full or not at all. With None nothing is reused.
    """

    def __init__(self, n_slots: int, *, n_rewindable: int | None = None) -> None:
        self.n_slots = n_slots
        self._n_rewindable = n_rewindable
        self._free = {slot: _CachedConversation() for slot in range(n_slots)}
        self._n_freed = 0

    @property
    def n_free(self) -> int:
        return len(self._free)

    def take(self, prompt: Sequence[int], *, may_keep: bool = True) -> TakenSlot:
        """Take the free slot with the longest usable beginning of this prompt, else the one that was freed first (low
        numbers first, so that used slots are neighbours in memory).

        At least the last token of the prompt is left to compute. A cached conversation is reused only where half of it,
        or half of the prompt, is the same: not for a system prompt that all conversations share.
        """
        oldest = min(self._free, key=lambda slot: (self._free[slot].freed_at, slot))
        taken = TakenSlot(oldest, self._n_kept(self._free[oldest].ids, prompt) if may_keep else 0)
        for slot, cached in self._free.items() if may_keep else ():
            n_kept = self._n_kept(cached.ids, prompt)
            if n_kept > taken.n_kept and 2 * n_kept >= min(len(cached.ids), len(prompt)):
                taken = TakenSlot(slot, n_kept)
        del self._free[taken.slot]
        return taken

    def give_back(self, slot: int, ids: tuple[int, ...]) -> None:
        """Free a slot that has the keys of `ids`; () where these must not be reused."""
        self._n_freed += 1
        can_reuse = ids and self._n_rewindable is not None
        self._free[slot] = _CachedConversation(ids, self._n_freed) if can_reuse else _CachedConversation()

    def resize(self, n_slots: int) -> list[int]:
        """Change the number of slots. Return the old numbers of the slots that remain, in their new order: all taken
        ones, and those freed last. Raises ValueError where more than `n_slots` are taken.
        """
        taken = [slot for slot in range(self.n_slots) if slot not in self._free]
        if len(taken) > n_slots:
            raise ValueError(f"{len(taken)} slots are in use; they cannot become {n_slots}")
        by_use = sorted(self._free, key=lambda slot: -self._free[slot].freed_at)
        kept = sorted([*taken, *by_use[: n_slots - len(taken)]])
        self._free = {new: self._free[old] for new, old in enumerate(kept) if old in self._free} | {
            slot: _CachedConversation() for slot in range(len(kept), n_slots)
        }
        self.n_slots = n_slots
        return kept

    def _n_kept(self, ids: Sequence[int], prompt: Sequence[int]) -> int:
        """Return how many tokens of `prompt` need not be computed in a slot with the keys of `ids`."""
        n_same = next((i for i, (old, new) in enumerate(zip(ids, prompt, strict=False)) if old != new), len(ids))
        n_same = min(n_same, len(prompt) - 1)
        is_whole = n_same == len(ids)
        return n_same if is_whole or len(ids) <= (self._n_rewindable or 0) else 0
