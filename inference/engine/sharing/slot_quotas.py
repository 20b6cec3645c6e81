"""How models in one process share the memory for their slots. Numbers in, numbers out.

Each begins with the same number of slots: its share. A model that has more requests than slots may borrow from one that
has nothing to do, which keeps half of its share. What is borrowed goes back as soon as the owner has requests waiting,
slot by slot as answers end: no answer is ever broken off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Holding:
    """What one model has, and what it has to do; `share` is its number of slots at the start."""

    slot_bytes: int
    share: int
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
        """Slots that it can give: to one who is owed them, those beyond its share; to others, what it can do without
        while it has nothing to do.
        """
        if self.n_running == self.n_waiting == 0:
            return max(0, self.n_slots - (self.share + 1) // 2)
        return max(0, min(self.n_free, self.n_slots - self.share)) if for_owner else 0


def divide(holdings: Mapping[str, Holding], *, pool_bytes: int, max_slots: int) -> dict[str, int]:
    """The number of slots that each model shall have now, all within `pool_bytes`; only those that change, and those
    that give before those that take. Nobody gets more than `max_slots`.
    """
    now = dict(holdings)
    takers = sorted(
        (name for name, holding in holdings.items() if holding.is_short),
        key=lambda name: (holdings[name].n_slots >= holdings[name].share, name),
    )
    for name in takers:
        taker = now[name]
        is_owed = taker.n_slots < taker.share
        wanted = min(taker.n_waiting, (taker.share if is_owed else max_slots) - taker.n_slots)
        free_bytes = pool_bytes - sum(one.n_slots * one.slot_bytes for one in now.values())
        for other, giver in now.items():
            lacking = wanted * taker.slot_bytes - free_bytes
            if other == name or lacking <= 0:
                continue
            n_given = min(giver.to_spare(for_owner=is_owed), -(-lacking // giver.slot_bytes))
            now[other] = replace(giver, n_slots=giver.n_slots - n_given)
            free_bytes += n_given * giver.slot_bytes
        now[name] = replace(taker, n_slots=taker.n_slots + max(0, min(wanted, free_bytes // taker.slot_bytes)))
    changed = {name: one.n_slots for name, one in now.items() if one.n_slots != holdings[name].n_slots}
    return dict(sorted(changed.items(), key=lambda item: item[1] > holdings[item[0]].n_slots))
