"""How the models of one process share the memory for slots. Numbers in, numbers out.

Each model starts with the same number of slots: its quota. A model with more requests than slots may borrow from one
without any requests, which keeps half of its quota. The owner gets its slots back as soon as it has requests waiting,
slot by slot as answers end: no answer is interrupted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class SlotUse:
    """The slots that one model has, and its requests. `quota` is its number of slots at the start."""

    slot_bytes: int
    quota: int
    n_slots: int
    n_running: int
    n_waiting: int

    @property
    def n_free(self) -> int:
        return self.n_slots - self.n_running

    @property
    def is_short(self) -> bool:
        """Whether requests wait because all slots are taken."""
        return self.n_waiting > 0 and self.n_free == 0

    def to_spare(self, *, for_owner: bool) -> int:
        """Return how many slots this model can give: to one below its quota (`for_owner`) those above its own quota; to
        others, while it has no requests, all but half of its quota.
        """
        if self.n_running == self.n_waiting == 0:
            return max(0, self.n_slots - (self.quota + 1) // 2)
        return max(0, min(self.n_free, self.n_slots - self.quota)) if for_owner else 0


def divide(uses: Mapping[str, SlotUse], *, pool_bytes: int, max_slots: int) -> dict[str, int]:
    """Return the new number of slots of each model whose number changes, those that give slots first.

    All slots fit into `pool_bytes`, and no model gets more than `max_slots`.
    """
    now = dict(uses)
    takers = sorted(
        (name for name, use in uses.items() if use.is_short),
        key=lambda name: (uses[name].n_slots >= uses[name].quota, name),
    )
    for name in takers:
        taker = now[name]
        is_owed = taker.n_slots < taker.quota
        wanted = min(taker.n_waiting, (taker.quota if is_owed else max_slots) - taker.n_slots)
        free_bytes = pool_bytes - sum(one.n_slots * one.slot_bytes for one in now.values())
        for other, giver in now.items():
            lacking = wanted * taker.slot_bytes - free_bytes
            if other == name or lacking <= 0:
                continue
            n_given = min(giver.to_spare(for_owner=is_owed), -(-lacking // giver.slot_bytes))
            now[other] = replace(giver, n_slots=giver.n_slots - n_given)
            free_bytes += n_given * giver.slot_bytes
        now[name] = replace(taker, n_slots=taker.n_slots + max(0, min(wanted, free_bytes // taker.slot_bytes)))
    changed = {name: one.n_slots for name, one in now.items() if one.n_slots != uses[name].n_slots}
    return dict(sorted(changed.items(), key=lambda item: item[1] > uses[item[0]].n_slots))
