"""The elements of a battle page after the vote: the line with the verdict, and the button that withdraws the vote."""

from typing import Any

import gradio as gr

from arena.ui.widgets import said


def lay_out() -> dict[str, Any]:
    """Add the elements to the present gr.Blocks; return those that change, by id."""
    part: dict[str, Any] = {"withdraw-timer": gr.Timer(60.0, active=False)}
    with gr.Row(elem_id="result", visible=False) as part["result"]:
        part["reveal"] = gr.Markdown(elem_id="reveal", latex_delimiters=[])
        part["withdraw"] = gr.Button(said("withdraw"), elem_id="withdraw", visible=False)
    return part
