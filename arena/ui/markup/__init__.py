"""Answers of models as HTML, with a fixed list of tags.

    growing     an answer that grows: its finished blocks, and the rest, which is read again
    reader      Markdown -> tokens
    writer      tokens -> HTML
    formulas    which TeX may be drawn; mathml draws it on pages without KaTeX
    colours     code in colours, as languages describes it
    budget      how much of one answer is drawn

HTML in an answer is shown as text, but for `<br>`, `<sub>` and `<sup>` without attributes. Pictures become links, links
lead to http and https only, and the page's KaTeX gets a formula only if `formulas` allows it. Pure: it uses neither
Gradio nor `Arena`. The page sanitises its HTML once more, and the Content-Security-Policy is a third barrier; what is
written here needs neither.
"""

from arena.ui.markup.growing import GrowingMarkup, Markup, static, whole
from arena.ui.markup.writer import LATEX_DELIMITERS

__all__ = ["LATEX_DELIMITERS", "GrowingMarkup", "Markup", "static", "whole"]
