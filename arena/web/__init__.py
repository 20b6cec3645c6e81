"""HTTP around the pages: who sent a request, and whether it is let in.

`protect` wraps an app in middlewares, all pure ASGI, so that streams stay streams:

    farewell     ends open streams quietly when the server stops
    entrance/    origin: drops forwarded addresses; with a public URL, every request goes to that URL, without its path
                 gate: lets in only the pages' own requests, with small bodies that are calls of their events
    headers      security headers on every answer, caching of assets; answers with a cookie are not cached
    sender/      visitor: gives a new visitor a cookie with the first page; of several cookies with one name the arena's
                 own counts. address: an HMAC for the limits
    response_times  for the owner's metrics
    CORS         no other site may read anything (Gradio's own middleware, which allows everybody, then does nothing)
    gzip         for pages and JSON, not for streams
    assets       scripts and style sheets from memory
    html/        scripts: only those that came with the page run; ours are added. language: the visitor's choice, before
                 the first script runs. texts: title, description, style, header, footer, and the text without script.
                 loading: scripts and style sheets are named before they are needed

`routes` has the addresses that are not pages, `admin` is the owner's port. `listener` makes the sockets, and `serving`
serves on one until a signal. Nothing here knows Gradio's Python side, battles or votes.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from arena.metrics import Metrics
from arena.web.assets import Assets
from arena.web.entrance.gate import Gate, is_taken
from arena.web.entrance.origin import Origin
from arena.web.farewell import Farewell
from arena.web.headers import Headers
from arena.web.html.language import Language
from arena.web.html.loading import Loading, LoadsSooner
from arena.web.html.scripts import Scripts
from arena.web.html.texts import Texts, TextsOfPages
from arena.web.response_times import ResponseTimes
from arena.web.sender.visitor import VisitorCookie

__all__ = ["protect"]


def protect(
    app: FastAPI,
    *,
    pages: Sequence[str],
    n_inputs: Mapping[int, int],
    texts: TextsOfPages,
    public_url: str | None = None,
    script: str = "",
    documents: Sequence[str] = (),
    document_script: str = "",
    forms: Sequence[str] = (),
    metrics: Metrics | None = None,
    frontend: LoadsSooner | None = None,
) -> None:
    """Wrap `app`: Gradio's `pages` get these texts and the script, the `documents`, which are whole, only theirs.

    `n_inputs` has the number of inputs of each event, `forms` the addresses to which the pages' own forms are sent.
    The middleware added last is the outermost. Raises `ValueError` if the path of the public URL is one of the app's
    own addresses.
    """
    path = urlsplit(public_url or "").path.rstrip("/")
    addresses = [*pages, *documents]
    if path and is_taken(path, [*addresses, *forms]):
        raise ValueError(f"public_url {public_url!r}: {path} is an address of the arena itself; choose another path")
    app.add_middleware(Texts, pages=pages, texts=texts)
    if frontend is not None:
        app.add_middleware(Loading, pages=pages, frontend=frontend, language_of=texts.language)
    app.add_middleware(Language, pages=pages, language_of=texts.language)
    app.add_middleware(Scripts, pages=pages, script=script)
    app.add_middleware(Scripts, pages=documents, script=document_script)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(CORSMiddleware)
    app.add_middleware(VisitorCookie, path=f"{path}/")
    if frontend is not None:
        app.add_middleware(Assets, files=frontend.assets)
    app.add_middleware(Gate, pages=addresses, n_inputs=n_inputs, not_found=texts.not_found, forms=forms)
    app.add_middleware(Headers)
    if metrics is not None:
        app.add_middleware(ResponseTimes, metrics=metrics, pages=pages)
    app.add_middleware(Origin, public_url=public_url)
    app.add_middleware(Farewell)
