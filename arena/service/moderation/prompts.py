"""Judge a prompt before anything of it is stored or sent to a model.

Prompts that were refused count like battles in the limit of an hour, for the visitor and for the address, so that
nobody uses the moderator without a limit. They are counted in memory, by this process.
"""

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

from arena.rounds.turns.screening import Finding
from arena.rules import limits
from arena.service.moderation.moderator import Moderator
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles

_REFUSALS: Mapping[str, str] = {
    "illegal": "prompt_illegal",
    "hateful": "prompt_hateful",
    "unqualified": "prompt_unqualified",
    "no_verdict": "prompt_unchecked",
}


class PromptChecks:
    """Judges the prompts of one arena; without a moderator every prompt is allowed. `now` is a Unix time in seconds."""

    def __init__(self, moderator: Moderator | None, stored: StoredBattles, now: Callable[[], float]) -> None:
        self._moderator = moderator
        self._stored = stored
        self._now = now
        self._refused: deque[tuple[float, str, str | None]] = deque()
        """When, to whom, and at which address."""

    async def check(
        self, visitor: str, prompt: str, *, address: str | None = None, battle_id: str | None = None, turn: int = 1
    ) -> Finding | None:
        """Return what was found in a prompt that may be sent; None without a moderator of prompts. `battle_id` is the
        battle of a further turn.

        Raises:
            Refusal: `prompt_illegal`, `prompt_hateful`, `prompt_unqualified`, `prompt_unchecked` (no verdict, and the
                settings block then), `rate_limited`, `not_stored`.
        """
        moderator = self._moderator
        if moderator is None or not moderator.policy.asks("prompt"):
            return None
        n_visitor, n_address = self._counts(visitor, address)
        await in_database(partial(self._stored.refuse_beyond_limit, visitor, address, n_visitor, n_address))
        finding = await moderator.judge("prompt", prompt)
        if not finding.is_blocked:
            return finding
        self._refused.append((self._now(), visitor, address))
        check = finding.check(turn, None)
        await in_database(partial(self._stored.note_refused_prompt, visitor, check, battle_id))
        raise Refusal(_REFUSALS[finding.category])

    def _counts(self, visitor: str, address: str | None) -> tuple[int, int]:
        """Return how many prompts of the visitor, and from the address, were refused within the hour."""
        while self._refused and self._refused[0][0] <= self._now() - limits.WINDOW_S:
            self._refused.popleft()
        n_visitor = sum(own == visitor for _, own, _ in self._refused)
        n_address = 0 if address is None else sum(near == address for _, _, near in self._refused)
        return n_visitor, n_address
