"""The leaderboard page, which keeps its table up to date.

The table is HTML inside gr.Markdown, because gr.Dataframe aligns badly and cannot draw, and gr.HTML is empty under the
Content-Security-Policy. An open page asks every two seconds whether the board has changed; only then it gets an answer.
"""

import logging
import time
from typing import Any

import gradio as gr

from arena.service import Arena, Refusal
from arena.ui.lines import notice, refusal_line
from arena.ui.pages.leaderboard_table import age, computed_line, table
from arena.ui.widgets import VisitorOf, caller, said

logger = logging.getLogger(__name__)

REFRESH_EVERY_S = 2.0


def lay_out(arena: Arena, visitor_of: VisitorOf) -> None:
    """Add the page to the present gr.Blocks (a route of it), and keep it up to date."""
    with gr.Column(elem_id="leaderboard"):
        gr.Markdown(said("leaderboard_title"), elem_id="leaderboard-title")
        gr.Markdown(said("leaderboard_intro"))
        board_table = gr.Markdown(elem_id="leaderboard-table", latex_delimiters=[])
        computed = gr.Markdown(elem_id="computed", latex_delimiters=[])
        gr.Markdown(said("download_html"), elem_id="download")
    shown = gr.Textbox(visible=False)  # the revision and age that the page shows
    timer = gr.Timer(REFRESH_EVERY_S)

    async def refresh(on_page: str, request: gr.Request) -> dict[Any, Any]:
        texts = caller(request, visitor_of).texts
        try:
            board = await arena.leaderboard()
            now = time.time()
            current = f"{board.revision} {age(now - board.computed_at, texts)}"
            if current == on_page:
                return {shown: gr.skip()}
            return {board_table: table(board, texts), computed: computed_line(board, now, texts), shown: current}
        except Refusal as refusal:
            return {computed: refusal_line(refusal, texts), shown: ""}
        except Exception:
            logger.exception("the leaderboard page failed")
            return {computed: notice("error_unexpected", texts)}

    blocks = gr.context.Context.root_block
    assert blocks is not None
    for event in (blocks.load, timer.tick):
        event(
            refresh,
            inputs=[shown],
            outputs=[board_table, computed, shown],
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
