"""The pages, built with Gradio.

`build` makes them for an `Arena`, and `mount` adds them to an app. A page calls `Arena` and shows the views that come
back; it contains no rule and no query.

    pages/         Gradio's pages: the battles at `/`, `/side-by-side` and `/chat`
    plain/         what the server makes: `/leaderboard`, `/about` and others, the frame of every page, link previews
    showing        what the battle page shows when; conversation, reveal and lines write its parts, faces says how
    markup/        what models wrote, as HTML; untrusted: what visitors wrote
    messages/      every sentence, in English and Korean
    theme/         the look; links: addresses; examples; widgets: what Gradio's pages share
    framework/     changes to Gradio itself: what a page loads, its updates, its sessions

`script`, `plain_script`, `frontend` and `PlainPages` are for `web.protect`, which puts them into every page.
"""

import warnings
from typing import cast

import gradio as gr
from fastapi import FastAPI

from arena.service import Arena
from arena.settings import Settings
from arena.ui import theme
from arena.ui.framework import sessions
from arena.ui.framework.frontend import Frontend
from arena.ui.framework.updates import Pages
from arena.ui.pages.duel import Duel
from arena.ui.plain import PlainPages
from arena.ui.plain import routes as plain_routes
from arena.ui.theme import plain_script, script
from arena.ui.widgets import VisitorOf, browser_sentences

__all__ = ["PlainPages", "VisitorOf", "build", "frontend", "mount", "plain_routes", "plain_script", "script"]

_MAX_THREADS = 1000
_MAX_QUEUED = 300


def build(arena: Arena, settings: Settings, *, visitor_of: VisitorOf) -> gr.Blocks:
    """Return all pages. `visitor_of` names the sender of a request: the pseudonym (None without a valid cookie) and
    the HMAC of the address."""
    with Pages(title=settings.arena.title, analytics_enabled=False) as pages:
        Duel(arena, visitor_of, examples=settings.examples)
    if settings.arena.named_pages == "on":
        with pages.route("Side by side", "side-by-side", show_in_navbar=False):
            Duel(arena, visitor_of, "named", examples=settings.examples)
        with pages.route("Chat", "chat", show_in_navbar=False):
            Duel(arena, visitor_of, "chat", examples=settings.examples)
    pages.max_threads = _MAX_THREADS  # it also limits concurrent streams, so it is far above any number of battles
    pages.queue(default_concurrency_limit=None, max_size=_MAX_QUEUED, api_open=False)
    return cast(gr.Blocks, pages)


def frontend(pages: gr.Blocks) -> Frontend:
    """Return what the pages load, so that they load sooner."""
    sheet: str = theme.theme()._get_theme_css()  # type: ignore[no-untyped-call]
    return Frontend(pages, theme=sheet, sentences=browser_sentences())


def mount(app: FastAPI, pages: gr.Blocks, settings: Settings) -> FastAPI:
    """Add `pages` to `app` at `/`; all other routes of `app` must have been added before."""
    with warnings.catch_warnings():
        # Gradio warns that server-side rendering is off with several pages, although it was not requested
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)
        mounted = gr.mount_gradio_app(
            app,
            pages,
            path="/",
            root_path=settings.web.public_url,
            theme=theme.theme(),
            i18n=gr.I18n(**browser_sentences()),
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size="1kb",
            ssr_mode=False,
        )
    for route in mounted.routes:
        if isinstance(served := getattr(route, "app", None), gr.routes.App):
            sessions.install(served, pages)
    return cast(FastAPI, mounted)
