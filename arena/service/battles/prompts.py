"""Prompts that have no battle: first ones that wait until two models can play, and those that a restart interrupted."""

from collections.abc import Callable, Iterable

from arena.rounds.views import Kind
from arena.service.battles.held import Held, HeldPrompts
from arena.service.battles.live import KINDS
from arena.service.battles.pulses import Pulses
from db.queries import Interrupted


class Prompts:
    """The use cases; `Arena.prompts`."""

    def __init__(self, held: HeldPrompts, pulses: Pulses, checked: Callable[[str], str]) -> None:
        """`checked` is `Opening.checked`."""
        self._held = held
        self._pulses = pulses
        self._checked = checked
        self._interrupted: dict[tuple[str, Kind], Interrupted] = {}
        """By visitor and kind: the latest battle that was open when the arena started."""

    def hold(self, visitor: str, text: str) -> Held:
        """Keep a first prompt until two models can play. The page polls `held` and `Arena.status`; once a battle can
        start, it takes the prompt with `let_go` and sends it. Nothing is sent while no page waits.

        Raises:
            Refusal: `prompt_empty`, `prompt_too_long`, `prompt_not_text`.
        """
        held = self._held.hold(visitor, self._checked(text))
        self._pulses.note(visitor)
        return held

    def held(self, visitor: str) -> Held | None:
        """Return the visitor's prompt that waits. It is forgotten if no page asks for it within `abandon_after_s`."""
        return self._held.of(visitor)

    def let_go(self, visitor: str) -> Held | None:
        """Return the visitor's prompt and stop keeping it, to send it or to give it up."""
        held = self._held.take(visitor)
        if held is not None:
            self._pulses.note(visitor)
        return held

    def interrupted(self, visitor: str, kind: Kind = "battle") -> str | None:
        """Return the prompt of the visitor's battle of this kind that the last restart ended; None once they started
        another."""
        lost = self._interrupted.get((visitor, kind))
        return None if lost is None else lost.prompt

    def interrupted_at(self, visitor: str, kind: Kind) -> float:
        """Return when the battle of `interrupted` was opened, as a Unix time; 0 without one."""
        lost = self._interrupted.get((visitor, kind))
        return 0.0 if lost is None else lost.opened_at

    def note_ended(self, battles: Iterable[Interrupted]) -> None:
        """Note the battles that were open when the arena started."""
        self._interrupted = {(one.visitor, KINDS[one.kind]): one for one in battles if one.prompt}

    def note_start(self, visitor: str, kind: Kind) -> None:
        """Note that the visitor starts a battle of this kind."""
        self._interrupted.pop((visitor, kind), None)

    def forget(self, visitor: str) -> None:
        """Forget the visitor's prompts that wait for a battle, or lost theirs."""
        self._held.take(visitor)
        for kind in KINDS.values():
            self._interrupted.pop((visitor, kind), None)
