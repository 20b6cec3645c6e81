"""The elements of a battle page, and their ids.

    intro                     before the first prompt
    picks                     which models, on a page of named ones
    switch                    a phone shows one side at a time
    history                   earlier turns: one element, written when a turn begins
    turn                      the newest turn: its prompt (asked), two panes (duel)
    dock                      what stays at the bottom of the window: the vote, notices, the prompt box, what else
                              can be asked for (tools)
    examples, so-far          before the first prompt

The style sheets, the scripts and the tests use these ids. `marker` tells the scripts which moment of which battle the
page shows; a script clicks `refresh` when another page of this visitor went on, and `jump` only scrolls.
"""

from typing import Any

import gradio as gr

from arena.service import Kind, Side
from arena.ui import showing
from arena.ui.examples import N_SHOWN
from arena.ui.markup import LATEX_DELIMITERS
from arena.ui.pages import after_vote
from arena.ui.widgets import said

STATUS_EVERY_S = 2.0
CHIPS = tuple(f"chip-{number}" for number in range(N_SHOWN))
"""The buttons with example prompts, filled when the page has loaded."""
Parts = dict[str, Any]


PAGE_OF: dict[Kind, str] = {"battle": "battle", "named": "side_by_side", "chat": "chat"}
"""The name of each kind's page, as in its sentences."""


def sides_of(kind: Kind) -> tuple[Side, ...]:
    return showing.SIDES[:1] if kind == "chat" else showing.SIDES


def lay_out(kind: Kind) -> Parts:
    """Add the page's elements to the present gr.Blocks; return those that change, by id."""
    part: Parts = {}
    sides = sides_of(kind)
    part["battle-id"] = gr.Textbox(visible=False)
    part["status-timer"] = gr.Timer(STATUS_EVERY_S, active=False)
    part["marker"] = gr.Markdown(elem_id="marker", latex_delimiters=[])
    part["refresh"] = gr.Button(said("refresh"), elem_id="refresh", elem_classes="unseen-by-all")
    with gr.Column(elem_id="battle", elem_classes=f"is-{kind}"):
        gr.Markdown(said(f"{PAGE_OF[kind]}_title"), elem_id="battle-title")
        with gr.Column(elem_id="intro") as part["intro"]:
            gr.Markdown(said(f"{PAGE_OF[kind]}_intro"))
        if kind != "battle":
            part |= _picks(kind)
        if kind != "chat":
            with gr.Row(elem_id="switch", visible=False) as part["switch"]:
                for side in sides:
                    part[f"side-{side}"] = gr.Button(side.upper(), elem_id=f"side-{side}")
        part["history"] = gr.Markdown(elem_id="history", latex_delimiters=LATEX_DELIMITERS)
        with gr.Column(elem_id="turn", visible=False) as part["turn"]:
            part["asked"] = gr.Markdown(elem_id="asked", latex_delimiters=[])
            with gr.Row(elem_id="duel") as part["duel"]:
                for side in sides:
                    part |= _pane(side)
            part["settings"] = gr.Markdown(elem_id="settings", latex_delimiters=[])
        with gr.Column(elem_id="dock"):
            gr.Button(said("jump"), elem_id="jump")
            if kind != "chat":
                part |= after_vote.lay_out()
                part |= _vote_bar()
            part |= _tools(kind)
            part["status"] = gr.Markdown(elem_id="status")
            part["notice"] = gr.Markdown(elem_id="notice")
            part |= _prompt_box(kind)
        with gr.Column(elem_id="examples") as part["examples"]:
            gr.Markdown(said("examples_label"))
            with gr.Row(elem_id="chips"):
                for chip in CHIPS:
                    part[chip] = gr.Button("", elem_classes="chip", size="sm", visible=False)
        part["so-far"] = gr.Markdown(elem_id="so-far")
    return part


def _picks(kind: Kind) -> Parts:
    """Add the pickers, which are empty: a page's first answer fills them, because Gradio publishes what is here. The
    second one is unseen on a chat page."""
    part: Parts = {}
    with gr.Row(elem_id="picks"):
        for side in showing.SIDES:
            part[f"pick-{side}"] = gr.Dropdown(
                choices=[],
                label=said("pick" if kind == "chat" else f"pick_{side}"),
                elem_id=f"pick-{side}",
                visible=side in sides_of(kind),
                interactive=False,
            )
        part["safety"] = gr.Checkbox(False, label=said("safety"), info=said("safety_info"), elem_id="safety")
    return part


def _tools(kind: Kind) -> Parts:
    part: Parts = {}
    with gr.Row(elem_id="tools", visible=False) as part["tools"]:
        part["regenerate"] = gr.Button(
            said("regenerate" if kind == "chat" else "regenerate_both"), elem_id="regenerate"
        )
        if kind == "battle":
            part["another"] = gr.Button(said("another"), elem_id="another")
    return part


def _pane(side: Side) -> Parts:
    """Add a side: its head, its answer in two pieces (the finished blocks, and the rest), and what is below it."""
    part: Parts = {}
    with gr.Column(elem_id=f"pane-{side}", elem_classes="pane"):
        part[f"head-{side}"] = gr.Markdown(elem_id=f"head-{side}", latex_delimiters=[])
        with gr.Column(elem_id=f"body-{side}", elem_classes="stay"):
            with gr.Column(elem_id=f"answer-{side}", elem_classes="answer"):
                for piece in ("done", "rest"):
                    part[f"{piece}-{side}"] = gr.Markdown(elem_id=f"{piece}-{side}", latex_delimiters=LATEX_DELIMITERS)
            part[f"retry-{side}"] = gr.Button(said("retry"), elem_id=f"retry-{side}", variant="primary", visible=False)
            part[f"more-{side}"] = gr.Markdown(elem_id=f"more-{side}", visible=False, latex_delimiters=[])
    return part


def _vote_bar() -> Parts:
    part: Parts = {}
    with gr.Column(elem_id="bar", visible=False) as part["bar"]:
        with gr.Row(elem_id="votes"):
            for vote in showing.VOTES:
                part[vote] = gr.Button(said(vote.replace("-", "_")), elem_id=vote, interactive=False)
        part["vote-hint"] = gr.Markdown(elem_id="vote-hint")
        gr.Markdown(said("hint_unseen"), elem_id="unseen")
    return part


def _prompt_box(kind: Kind) -> Parts:
    part: Parts = {}
    with gr.Row(elem_id="ask-row"):
        with gr.Row(elem_id="ask") as part["ask"]:
            part["prompt"] = gr.Textbox(
                elem_id="prompt",
                label=said("prompt_label"),
                placeholder=said("prompt_placeholder"),
                lines=1,
                max_lines=8,
            )
            part["send"] = gr.Button(said("send"), elem_id="send", variant="primary", interactive=False)
            part["stop"] = gr.Button(said("stop"), elem_id="stop", visible=False)
            part["cancel"] = gr.Button(said("cancel"), elem_id="cancel", visible=False)
        part["next"] = gr.Button(said("next" if kind == "battle" else "next_named"), elem_id="next", visible=False)
    return part
