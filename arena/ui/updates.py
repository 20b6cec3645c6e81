"""Updates: only the components that a handler sets are made anew.

Gradio makes every output of an event anew at each update, to find out what it looks like in the browser. The battle
page has 42, of which a step of a stream sets two to four; the others took 10 ms of processor time a step. Written
against Gradio 6.31.
"""

from copy import copy
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState


class Pages(gr.Blocks):
    """gr.Blocks in which an output that a handler's answer leaves out costs nothing."""

    async def postprocess_data(
        self, block_fn: Any, predictions: list[Any] | dict[Any, Any], state: SessionState | None
    ) -> list[Any]:
        updated = [part for part in block_fn.outputs if part in predictions] if _is_by_component(predictions) else []
        if not updated:
            return await super().postprocess_data(block_fn, predictions, state)
        fewer = copy(block_fn)
        fewer.outputs = updated
        made = dict(zip(updated, await super().postprocess_data(fewer, predictions, state), strict=True))
        return [made[part] if part in made else gr.skip() for part in block_fn.outputs]


def _is_by_component(predictions: list[Any] | dict[Any, Any]) -> bool:
    return isinstance(predictions, dict) and "__type__" not in predictions
