"""The pages: `build` makes them over an `Arena`, `mount` puts them under a FastAPI app with their look and their
languages.

A page calls `Arena` and shows the views that come back; it holds no rule and no query. Pages: the battle at `/`,
`/leaderboard`, `/about`. `showing` says what the battle page shows when, `duel` wires it, `markup` makes HTML of what
models wrote and `untrusted` of what visitors wrote, `messages` has every sentence, `sessions` bounds what the server
keeps for open pages. `script` is for `web.protect`, which puts it into every page.
"""

import warnings
from typing import cast

import gradio as gr
from fastapi import FastAPI

from arena.service import Arena
from arena.settings import Settings
from arena.ui import theme
from arena.ui.framework import sessions
from arena.ui.framework.updates import Pages
from arena.ui.pages import about, leaderboard
from arena.ui.pages.duel import Duel
from arena.ui.plain import PlainPages
from arena.ui.plain import routes as plain_routes
from arena.ui.theme import script
from arena.ui.widgets import VisitorOf, browser_sentences

__all__ = ["PlainPages", "VisitorOf", "build", "mount", "plain_routes", "script"]

_MAX_THREADS = 1000
_MAX_QUEUED = 300


def build(arena: Arena, settings: Settings, *, visitor_of: VisitorOf) -> gr.Blocks:
    """All pages. `visitor_of` tells a request's sender: the pseudonym, None where it has no valid cookie, and the
    HMAC of the address."""
    with Pages(title=settings.arena.title, analytics_enabled=False) as pages:
        Duel(arena, visitor_of)
    with pages.route("Leaderboard", "leaderboard", show_in_navbar=False):
        leaderboard.lay_out(arena, visitor_of)
    with pages.route("About", "about", show_in_navbar=False):
        about.lay_out()
    pages.max_threads = _MAX_THREADS  # also the cap on streams that run at once, so far above any number of battles
    pages.queue(default_concurrency_limit=None, max_size=_MAX_QUEUED, api_open=False)
    return cast(gr.Blocks, pages)


def mount(app: FastAPI, pages: gr.Blocks, settings: Settings) -> FastAPI:
    """Put `pages` under `app` at `/`; every other route of `app` must be there before."""
    sentences = browser_sentences(settings)
    for language, text in about.about_texts(settings).items():
        sentences[language]["about_text"] = text
    with warnings.catch_warnings():
        # It says that server-side rendering is off with several pages, asked for or not
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)
        mounted = gr.mount_gradio_app(
            app,
            pages,
            path="/",
            root_path=settings.web.public_url,
            theme=theme.theme(),
            head=theme.head(),
            i18n=gr.I18n(**sentences),
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
