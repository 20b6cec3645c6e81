"""The start page's heading and prompt box, as the server puts them into the page until Gradio has made its own.

A visitor can type and send as soon as the page is painted; `theme/battle/early.js` passes on what they typed, and the
wish to send it. Without script it stays hidden.
"""

from html import escape

from arena.ui.messages import Messages
from arena.ui.untrusted import plain


def early_prompt(texts: Messages) -> str:
    """Return the HTML, in the language of `texts`."""
    title = plain(texts("battle_title").removeprefix("# "))
    return (
        f'<div id="early" class="frame"><h1>{title}</h1><p>{plain(texts("battle_intro"))}</p><form>'
        f'<textarea rows="1" aria-label="{escape(texts("prompt_label"))}"'
        f' placeholder="{escape(texts("prompt_placeholder"))}"></textarea>'
        f"<button>{plain(texts('send'))}</button></form>"
        f'<p role="alert" hidden>{plain(texts("early_late"))}</p></div>'
    )
