"""The look of the pages: a Gradio theme, style sheets, scripts and the icon.

    frame/          every page: `tokens` has every colour, `header` the header and footer; `frame`, `page` and
                    `connection` are for Gradio's pages, `plain` for those that the server makes
    battle/         a battle page: what stands around the conversation; `early`: until Gradio has built the start page;
                    `vote_keys`: also on quick rounds
    conversation/   turns, panes and the switch of a phone
    answer/         what is inside an answer, on every page with answers
    after_vote/     what follows the vote
    pages/          what one page alone has; quick/: quick rounds and campaigns
    icons/          the icon, and the picture of link previews

A style sheet or script is added in its folder, and named below, where the order of the names is that in the page.

`web` puts the style sheets and scripts into every page's head. Gradio would add them later by script, when a page has
been painted without them, and the Content-Security-Policy allows only scripts that came with the page. For the same
reason no event has `js=`, and no page uses gr.HTML. Nothing is fetched from other hosts: the fonts are the system's.

Light or dark follows the system, unless the visitor chose: then `<html>` has `data-theme`.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Literal

import gradio as gr

from arena.ui.messages import LANGUAGES, messages
from elo.board.plots import style as figures_style

_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", "sans-serif")
_DARK = ':root[data-theme="dark"]'
_PAGE_COLOURS = {"light": "#FFFFFF", "dark": "#0E1116"}
_BOTH_STYLES = ("answer/answer", "conversation/settings", "battle/vote_keys")
_STYLES = (
    "frame/tokens",
    "frame/header",
    "frame/frame",
    "battle/early",
    "battle/battle",
    "conversation/conversation",
    "conversation/moderation",
    "battle/dock",
    "battle/named",
    *_BOTH_STYLES,
    "after_vote/reveal",
)
_PLAIN_STYLES = (
    "frame/tokens",
    "frame/header",
    *_BOTH_STYLES,
    "frame/plain",
    "pages/leaderboard",
    "pages/filters",
    "pages/shared",
    "pages/mine",
    "pages/model",
    "pages/figures",
    "quick/quick",
)
_BOTH_SCRIPTS = ("frame/colours", "frame/choices", "answer/markdown", "answer/copy")
_PLAIN_SCRIPTS = (*_BOTH_SCRIPTS, "pages/leaderboard", "quick/quick")
_SCRIPTS = (
    *_BOTH_SCRIPTS,
    "frame/page",
    "frame/connection",
    "battle/early",
    "battle/keys",
    "conversation/sides",
    "conversation/follow",
    "conversation/focus",
    "battle/tabs",
    "battle/address",
    "after_vote/reveal",
)
_COPY_TEXTS = (
    "copy",
    "copy_code",
    "copy_answer",
    "copied",
    "not_copied",
    "scrolls_code",
    "scrolls_table",
    "scrolls_formula",
)
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Return Gradio's theme, in the colours of `tokens.css`, so that light and dark are defined once."""
    return gr.themes.Base(font=_FONTS, font_mono=_MONO).set(
        body_background_fill="var(--page)",
        body_background_fill_dark="var(--page)",
        body_text_color="var(--ink)",
        body_text_color_dark="var(--ink)",
        body_text_color_subdued="var(--quiet)",
        body_text_color_subdued_dark="var(--quiet)",
        block_background_fill="var(--page)",
        block_background_fill_dark="var(--page)",
        block_label_text_color="var(--quiet)",
        block_label_text_color_dark="var(--quiet)",
        border_color_primary="var(--line)",
        border_color_primary_dark="var(--line)",
        input_background_fill="var(--page)",
        input_background_fill_dark="var(--page)",
        input_border_color="var(--line-strong)",
        input_border_color_dark="var(--line-strong)",
        input_border_color_focus="var(--a)",
        input_border_color_focus_dark="var(--a)",
        input_placeholder_color="var(--quiet)",
        input_placeholder_color_dark="var(--quiet)",
        button_secondary_background_fill="var(--raised)",
        button_secondary_background_fill_dark="var(--raised)",
        button_secondary_background_fill_hover="var(--line)",
        button_secondary_background_fill_hover_dark="var(--line)",
        button_secondary_border_color="var(--line)",
        button_secondary_border_color_dark="var(--line)",
        button_secondary_text_color="var(--ink)",
        button_secondary_text_color_dark="var(--ink)",
        button_primary_background_fill="var(--ink)",
        button_primary_background_fill_dark="var(--ink)",
        button_primary_background_fill_hover="var(--quiet)",
        button_primary_background_fill_hover_dark="var(--quiet)",
        button_primary_text_color="var(--page)",
        button_primary_text_color_dark="var(--page)",
        link_text_color="var(--a)",
        link_text_color_dark="var(--a)",
        link_text_color_visited="var(--a)",
        link_text_color_visited_dark="var(--a)",
    )


def head(chosen: str) -> str:
    """Return the style sheets of Gradio's pages, and the colours of the browser's frame. `chosen` is light, dark or
    system."""
    return _theme_color(chosen) + _style(*_STYLES)


def plain_head(chosen: str) -> str:
    """Return the same for a page that the server makes."""
    return _theme_color(chosen) + _style(*_PLAIN_STYLES) + f"<style>{figures_style()}</style>"


def noscript_head() -> str:
    """Return what Gradio's pages need beside `head` in a browser without script."""
    return f"<noscript>{_style('frame/plain')}</noscript>"


def owner_head(chosen: str) -> str:
    """Return the same as `plain_head` for the owner's page."""
    return plain_head(chosen) + _style("pages/owner")


def owner_script() -> str:
    """Return what renews the figures of the owner's page."""
    return _text("pages/owner.js")


def script() -> str:
    """Return what every page of Gradio's runs beside Gradio."""
    return "".join(_text(f"{name}.js") for name in _SCRIPTS)


def plain_script() -> str:
    """Return what every page that the server makes runs."""
    return "".join(_text(f"{name}.js") for name in _PLAIN_SCRIPTS)


def icon(name: Literal["favicon.svg", "favicon.ico", "preview.png"]) -> bytes:
    """Return the icon: the drawing, the same as a picture of 32 x 32 pixels for browsers that need one, or that of link
    previews, of 1200 x 630 pixels (`docs/preview.py` draws it)."""
    return files(__package__).joinpath("icons", name).read_bytes()


def _theme_color(chosen: str) -> str:
    return "".join(
        f'<meta name="theme-color" media="(prefers-color-scheme: {scheme})"'
        f' content="{_PAGE_COLOURS.get(chosen, colour)}">'
        for scheme, colour in _PAGE_COLOURS.items()
    )


def _style(*names: str) -> str:
    return "".join(f"<style>{_sheet(name)}</style>" for name in names)


@cache
def _sheet(name: str) -> str:
    """Return a style sheet. The dark colours are in it once, and also apply if the system is dark."""
    sheet = _text(f"{name}.css")
    if name != "frame/tokens":
        return sheet
    light, dark = sheet.split(_DARK)
    system = f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {dark} }}'
    return f"{light}{system}{_DARK}{dark}"


def _text(name: str) -> str:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return text.replace("__TEXTS__", _copy_texts()) if name == "answer/copy.js" else text


def _copy_texts() -> str:
    """Return the sentences that `copy.js` shows, by language, as JSON."""
    texts = {language: {key: messages(language)(key) for key in _COPY_TEXTS} for language in LANGUAGES}
    return json.dumps(texts, ensure_ascii=False)
