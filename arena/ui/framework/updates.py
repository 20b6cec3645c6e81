"""A faster way to send a handler's updates to the browser.

At each update Gradio constructs every output of the event again, to find out how it looks in the browser. The battle
page has 46 outputs, of which a step of a stream sets four to eight; the others cost 20 ms of processor time per step on
a busy machine. `Pages` skips outputs that are not set, constructs nothing for an update of `_LOOKS`, and passes a text
that is set alone as it is. If a text is passed at each step, Gradio sends only what is new in it. Written for Gradio
6.31, whose private methods it overrides.
"""

from copy import copy
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState

_LONG = 1000
_AS_GIVEN = (gr.Dropdown, gr.Checkbox)
"""Components whose value is sent as it is; a dropdown compares it with choices that only a browser has."""
_LOOKS = {"__type__", "value", "visible", "interactive", "variant", "placeholder", "active"}
"""Properties that a component shows as given and that do not affect the inputs it accepts."""


class Pages(gr.Blocks):
    """gr.Blocks in which an output that a handler does not set costs nothing."""

    async def postprocess_data(
        self, block_fn: Any, predictions: list[Any] | dict[Any, Any], state: SessionState | None
    ) -> list[Any]:
        """Return one entry for each output. A text that is set alone must be exactly what its element shows."""
        if not isinstance(predictions, dict) or "__type__" in predictions:
            return await super().postprocess_data(block_fn, predictions, state)
        texts = {part: update["value"] for part, update in predictions.items() if _is_text(update)}
        sent = {part: texts[part] for part in block_fn.outputs if part in texts}
        looks = {part: update for part, update in predictions.items() if part not in sent and _is_looks(update)}
        sent |= {part: _shown(part, looks[part]) for part in block_fn.outputs if part in looks}
        others = {part: update for part, update in predictions.items() if part not in sent}
        if others:
            fewer = copy(block_fn)
            fewer.outputs = [part for part in block_fn.outputs if part in others]
            sent |= zip(fewer.outputs, await super().postprocess_data(fewer, others, state), strict=True)
        return [sent[part] if part in sent else gr.skip() for part in block_fn.outputs]

    def handle_streaming_diffs(
        self,
        block_fn: Any,
        data: list[Any],
        session_hash: str | None,
        run: str | None,
        final: bool,
        simple_format: bool = False,
    ) -> list[Any]:
        """Return what is new since the last step. At the end of a stream Gradio repeats the last step; here without its
        long texts."""
        new = super().handle_streaming_diffs(block_fn, data, session_hash, run, final, simple_format)
        return [gr.skip() if final and isinstance(one, str) and len(one) > _LONG else one for one in new]


def _is_text(update: Any) -> bool:
    is_alone = isinstance(update, dict) and update.keys() == {"__type__", "value"}
    return is_alone and isinstance(update["value"], str)


def _is_looks(update: Any) -> bool:
    """Whether this is an update of what a component shows; a handler may also return a bare value."""
    return isinstance(update, dict) and "__type__" in update and update.keys() <= _LOOKS


def _shown(part: Any, update: dict[str, Any]) -> dict[str, Any]:
    if "value" not in update or isinstance(part, _AS_GIVEN):
        return update
    return {**update, "value": part.postprocess(update["value"])}
