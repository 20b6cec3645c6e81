"""The addresses of quick rounds and campaigns: the page, its forms, and the picture of a round.

Only a form writes: opening the page deals nothing. Without script the answer to a form is a redirect to the page. With
a script, which asks for JSON, it is what the page then shows:

    {"battle": "0f3c...", "html": "<div id=\\"quick\\" data-state=\\"waiting\\">..."}

The page may not be kept by the browser, so that going back shows where the visitor is now.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from arena.service import WITHDRAW_REASONS, Arena, Outcome, Refusal, ReviewView, RoundView
from arena.ui.lines import notice, refusal_line
from arena.ui.links import DOCUMENTS, FORMS, PICTURE
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.forms import fields as fields_of
from arena.ui.plain.forms import wants_json
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.frame.place import Place
from arena.ui.plain.quick import campaign, podium, rounds
from arena.ui.untrusted import plain
from arena.ui.widgets import Identity

_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}
_OUTCOMES = {outcome.label: outcome for outcome in Outcome}
_STATUS = {"not_stored": 503, "campaign_not_found": 404, "rate_limited_quick": 429}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what: `token` is the campaign's, empty for quick rounds."""

    request: Request
    place: Place
    sender: Identity
    token: str


def routes(arena: Arena, documents: Documents, visitor_of: Callable[[Request], Identity], *, title: str) -> APIRouter:
    """`title` is the arena's, for the picture."""
    router = APIRouter()

    @router.get(DOCUMENTS["quick"])
    async def quick(request: Request) -> Response:
        token = request.query_params.get("campaign", "")
        return await _shown(_Asked(request, documents.place(request), visitor_of(request), token))

    @router.post(FORMS["quick_next"])
    async def deal(request: Request) -> Response:
        async def work(asked: _Asked, visitor: str, fields: dict[str, str]) -> None:
            if asked.token:
                await arena.campaigns.next(visitor, asked.token, address=asked.sender.address)
            else:
                language = asked.place.texts.language
                await arena.quick.next(visitor, address=asked.sender.address, language=language)

        return await _done(request, work)

    @router.post(FORMS["quick_vote"])
    async def vote(request: Request) -> Response:
        async def work(asked: _Asked, visitor: str, fields: dict[str, str]) -> None:
            outcome = _OUTCOMES.get(fields.get("outcome", ""))
            if outcome is None:
                raise Refusal("screen_not_found")
            battle_id = fields.get("battle", "")
            if asked.token:
                address = asked.sender.address
                await arena.campaigns.vote(visitor, asked.token, battle_id, outcome, address=address)
            else:
                await arena.quick.vote(visitor, battle_id, outcome)

        return await _done(request, work)

    @router.post(FORMS["quick_withdraw"])
    async def withdraw(request: Request) -> Response:
        async def work(asked: _Asked, visitor: str, fields: dict[str, str]) -> None:
            reason = next((one for one in WITHDRAW_REASONS if one == fields.get("reason")), None)
            if reason is None:
                raise Refusal("screen_not_found")
            await arena.quick.withdraw(visitor, fields.get("battle", ""), reason)

        return await _done(request, work)

    @router.get(PICTURE)
    async def picture(request: Request) -> Response:
        """The picture of the visitor's last round, once it is over."""
        place = documents.place(request)
        try:
            view = await arena.quick.view(visitor_of(request).visitor)
        except Refusal:
            return Response(status_code=503, headers=_PRIVATE)
        if not view.is_over:
            return Response(status_code=404, headers=_PRIVATE)
        drawn = podium.picture(view.round, title, place.texts, place.theme)
        return Response(drawn, media_type="image/svg+xml", headers=_PRIVATE)

    async def _done(request: Request, work: Callable[[_Asked, str, dict[str, str]], Awaitable[None]]) -> Response:
        """Do what a form asks for, and answer."""
        fields = {name: values[0] for name, values in (await fields_of(request)).items()}
        place, sender = _place(request, fields, documents), visitor_of(request)
        asked = _Asked(request, place, sender, fields.get("campaign", ""))
        if sender.visitor is None:
            return await _shown(asked, notice("error_no_cookie", place.texts), 400)
        try:
            await work(asked, sender.visitor, fields)
        except Refusal as refusal:
            line = refusal_line(refusal, place.texts)
            return await _shown(asked, line, _STATUS.get(refusal.key, 409))
        if wants_json(request):
            return await _shown(asked)
        query = ({"campaign": asked.token} if asked.token else {}) | (
            {"lang": place.texts.language} if place.query else {}
        )
        path = f"../{DOCUMENTS['quick'][1:]}"
        return Response(status_code=303, headers={"location": f"{path}?{urlencode(query)}" if query else path})

    async def _shown(asked: _Asked, line: str = "", status: int = 200) -> Response:
        """Return what the page shows now, below `line`."""
        place, visitor = asked.place, asked.sender.visitor
        view: RoundView | ReviewView
        try:
            if asked.token:
                view = await arena.campaigns.view(visitor, asked.token)
                name, text = "campaign", campaign.page(view, asked.token, place, line)
            else:
                view = await arena.quick.view(visitor)
                name, text = "quick", rounds.page(view, place, line)
        except Refusal as refusal:
            text = f"<h1>{plain(place.texts('title_quick'))}</h1>{refusal_line(refusal, place.texts)}"
            return _answer(asked, "quick", f'<div id="quick">{text}</div>', _STATUS.get(refusal.key, 409))
        battle = view.screen.battle_id if view.screen else None
        return _answer(asked, name, text, status, battle)

    def _answer(asked: _Asked, name: str, text: str, status: int, battle: str | None = None) -> Response:
        if wants_json(asked.request):
            return JSONResponse({"battle": battle, "html": text}, status, headers=_PRIVATE)
        title = asked.place.texts(f"title_{name}")
        page = documents.page(asked.place, "quick", text, title=title)
        return HTMLResponse(page, status, headers=_PRIVATE)

    return router


def _place(request: Request, fields: dict[str, str], documents: Documents) -> Place:
    """Return the place of the page that sent a form. HTML for a script is put into that page, one level higher."""
    place = documents.place(request)
    root = (f"{documents.base}/" if documents.base else "./") if wants_json(request) else place.root
    token, language = fields.get("campaign", ""), fields.get("lang")
    rest = (("campaign", token),) if token else ()
    if language in LANGUAGES:
        place = replace(place, texts=messages(language), query=f"?lang={language}")
    return replace(place, path=DOCUMENTS["quick"], root=root, rest=rest)
