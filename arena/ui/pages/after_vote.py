"""The elements of a battle page after the vote, and what their buttons do.

reveal      both models, and the verdict
feedback    reasons and a comment, folded; share: the link (two forms that `theme/after_vote/reveal.js` sends)
withdraw    opens the two reasons, of which a click withdraws the vote
"""

from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from arena.service import WITHDRAW_REASONS, Arena, WithdrawReason
from arena.ui.faces import Face
from arena.ui.pages.wiring import Step, Wiring
from arena.ui.widgets import Caller, said

RANKS_EVERY_S = 2.0
"""How often a reveal with the ranks from before the vote asks for the new ones."""
_RANKED = ("reveal", "head-a", "head-b", "ranks-timer")
Show = Callable[[Caller, str, str], Awaitable[Face]]


def lay_out() -> dict[str, Any]:
    """Add the elements to the present gr.Blocks; return those that change, by id."""
    part: dict[str, Any] = {
        "withdraw-timer": gr.Timer(60.0, active=False),
        "ranks-timer": gr.Timer(RANKS_EVERY_S, active=False),
    }
    with gr.Column(elem_id="result", visible=False) as part["result"]:
        part["reveal"] = gr.Markdown(elem_id="reveal", latex_delimiters=[])
        part["feedback"] = gr.Markdown(elem_id="feedback", latex_delimiters=[])
        with gr.Row(elem_id="after"):
            part["share"] = gr.Markdown(elem_id="share-box", latex_delimiters=[])
            with gr.Row(elem_id="withdraw-row", visible=False) as part["withdraw-row"]:
                gr.Button(said("withdraw"), elem_id="withdraw")
                with gr.Row(elem_id="withdraw-why"):
                    for reason in WITHDRAW_REASONS:
                        part[f"withdraw-{reason}"] = gr.Button(
                            said(f"withdraw_{reason}"), elem_id=f"withdraw-{reason}", size="sm"
                        )
            part["withdraw-note"] = gr.Markdown(elem_id="withdraw-note", latex_delimiters=[])
    return part


def wire(wiring: Wiring, part: dict[str, Any], arena: Arena, show: Show) -> None:
    """Attach the handlers; `show` returns the face of a battle."""
    for reason in WITHDRAW_REASONS:
        wiring.on_click(part[f"withdraw-{reason}"].click, _withdraw(arena, reason, show))
    wiring.on_click(part["withdraw-timer"].tick, _close)
    wiring.on_click(part["ranks-timer"].tick, _ranks(show))


def _withdraw(arena: Arena, reason: WithdrawReason, show: Show) -> Step:
    async def withdraw(caller: Caller, visitor: str, battle_id: str) -> Face:
        await arena.withdraw(visitor, battle_id, reason)
        return await show(caller, visitor, battle_id)

    return withdraw


def _ranks(show: Show) -> Step:
    """Return what shows the new ranks, and nothing else: the visitor may have gone on to the next battle."""

    async def ranks(caller: Caller, visitor: str, battle_id: str) -> Face:
        face = await show(caller, visitor, battle_id) if battle_id else {"ranks-timer": {"active": False}}
        return {element: face[element] for element in _RANKED if element in face}

    return ranks


async def _close(_caller: Caller, _visitor: str, _battle_id: str) -> Face:
    """Hide the withdrawal once its minute is over."""
    return {"withdraw-row": {"visible": False}, "withdraw-note": {"value": ""}, "withdraw-timer": {"active": False}}
