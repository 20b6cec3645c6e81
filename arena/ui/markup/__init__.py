"""Answers as HTML: a model's Markdown is read on the server, and what reaches the page is only what is listed in
`writer`.

    growing     an answer at each moment: the blocks that are done, and the rest, which is read again
    reader      Markdown -> tokens
    writer      tokens -> HTML
    formulas    which TeX may be drawn

HTML in an answer is shown as text, pictures become links, links lead to http and https only, and a formula is handed
to the page's KaTeX only where `formulas` allows it. Pure: no Gradio, no arena. The page cleans what it gets once more,
and its Content-Security-Policy stands behind that; neither is needed for what is written here.
"""

from arena.ui.markup.growing import GrowingMarkup, Markup, whole
from arena.ui.markup.writer import LATEX_DELIMITERS

__all__ = ["LATEX_DELIMITERS", "GrowingMarkup", "Markup", "whole"]
