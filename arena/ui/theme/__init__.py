"""How the pages look: the tokens as a Gradio theme, one style sheet (`style.css`), two scripts (`page.js`;
`connection.js` for when it is lost).

The style sheet goes through Gradio into every page's head. The scripts are for `web` to put there: Gradio would put
them in too late for the Content-Security-Policy, which lets only those run that came with the page; nor do events with
`js=` or gr.HTML work under it. Nothing is fetched from elsewhere: the fonts are the system's.
"""

from importlib.resources import files

import gradio as gr

_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's own components in the tokens of `style.css`, so that light and dark are told once."""
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


def head() -> str:
    """What every page's head gets beside Gradio's: style sheet, and the colours of the browser's own frame."""
    return (
        '<meta name="theme-color" media="(prefers-color-scheme: light)" content="#FFFFFF">'
        '<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0E1116">'
        f"<style>{_text('style.css')}</style>"
    )


def script() -> str:
    """What every page runs beside Gradio."""
    return _text("page.js") + _text("connection.js")


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
