"""Plain HTTP around the pages: who a visitor is, what may be asked, and what a browser is told to refuse.

`protect` wraps an app in its middlewares, all pure ASGI, so that streams stay streams:

    farewell   ends open streams quietly when the server stops
    origin     forgets forwarded addresses; with a public URL, every request is one to that URL, its path stripped
    headers    security headers on every answer, caching of assets, nothing cached that holds a cookie
    gate       only the pages' own requests get in, with small bodies that are `calls` of their events
    visitor    gives a new visitor a cookie with the first page; of cookies of one name the arena's own counts
    CORS       no other site may read anything (Gradio's own, which lets everybody, then stands aside)
    gzip       of pages and JSON; not of streams
    scripts    only those run that came with the page; ours are added to it
    language   the chosen language, before the first script of a page runs

`routes` has the addresses that are no pages; `visitor.identify` tells the pages who sent a request, by pseudonym and by
the HMAC of the `address`. Nothing here knows Gradio's Python side, battles or votes.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from arena.web.entrance.gate import Gate, is_taken
from arena.web.entrance.origin import Origin
from arena.web.farewell import Farewell
from arena.web.headers import Headers
from arena.web.html.language import Language
from arena.web.html.scripts import Scripts
from arena.web.sender.visitor import VisitorCookie

__all__ = ["protect"]


def protect(
    app: FastAPI,
    *,
    pages: Sequence[str],
    n_inputs: Mapping[int, int],
    languages: Sequence[str],
    public_url: str | None = None,
    script: str = "",
) -> None:
    """Wrap `app`, whose pages have these addresses and languages, this script, and events with so many inputs. The last
    one added is the outermost. Raises `ValueError` for a public URL whose path is one of the app's own addresses."""
    path = urlsplit(public_url or "").path.rstrip("/")
    if path and is_taken(path, pages):
        raise ValueError(f"public_url {public_url!r}: {path} is an address of the arena itself; choose another path")
    app.add_middleware(Language, languages=languages)
    app.add_middleware(Scripts, script=script)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(CORSMiddleware)
    app.add_middleware(VisitorCookie, path=f"{path}/")
    app.add_middleware(Gate, pages=pages, n_inputs=n_inputs)
    app.add_middleware(Headers)
    app.add_middleware(Origin, public_url=public_url)
    app.add_middleware(Farewell)
