"""The addresses of the owner's page. A form leads back to the page, so that a reload sends nothing again."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from arena.service import Refusal
from arena.service.owner.owner import Owner
from arena.settings import Settings
from arena.ui import theme
from arena.ui.messages import LANGUAGES
from arena.ui.plain.forms import field
from arena.ui.plain.owner import overview, trial
from arena.ui.plain.owner.parts import Look, document, look_of
from arena.ui.untrusted import plain

_NO_STORE = {"cache-control": "no-store"}
_SCRIPT = "/owner.js"


class OwnerPages:
    """The pages of one arena."""

    def __init__(self, owner: Owner, settings: Settings) -> None:
        self._owner = owner
        self._title = settings.arena.title

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._overview),
            Route("/figures", self._figures),
            Route(_SCRIPT, self._script),
            Route("/try", self._try_form),
            Route("/try", self._try, methods=["POST"]),
            Route("/retire", self._retire, methods=["POST"]),
            Route("/bring-back", self._bring_back, methods=["POST"]),
            Route("/reload", self._reload, methods=["POST"]),
        ]

    def locked(self, request: Request, has_token: bool) -> str:
        """Return the page for a request that is not let in."""
        look = self._look(request)
        texts = look.texts
        key = "owner_refused_text" if has_token else "owner_locked_text"
        title = texts("owner_locked_title") if not has_token else texts("owner_title")
        return document(look, title, f"<h1>{plain(title)}</h1><p>{plain(texts(key))}</p>")

    async def _overview(self, request: Request) -> Response:
        look = self._look(request)
        try:
            found = await self._owner.overview()
        except Refusal as refusal:
            return self._refused(refusal, look)
        response = HTMLResponse(overview.page(found, look))
        chosen = request.query_params.get("lang")
        if chosen in LANGUAGES:  # the pages of visitors keep it in the same cookie
            response.headers.append("set-cookie", f"lang={chosen}; Path=/; SameSite=Lax; Max-Age=34560000")
        return response

    async def _figures(self, request: Request) -> Response:
        look = self._look(request)
        try:
            found = await self._owner.overview()
        except Refusal as refusal:
            return self._refused(refusal, look)
        return HTMLResponse(overview.figures(found, look.texts), headers=_NO_STORE)

    async def _script(self, _request: Request) -> Response:
        return Response(theme.owner_script(), media_type="text/javascript", headers=_NO_STORE)

    async def _try_form(self, request: Request) -> Response:
        model = request.query_params.get("name", "")
        return HTMLResponse(trial.page(model, self._look(request)))

    async def _try(self, request: Request) -> Response:
        look = self._look(request)
        model, prompt = await field(request, "name"), (await field(request, "prompt")).strip()
        if not prompt:
            return HTMLResponse(trial.page(model, look, note="owner_try_empty"), status_code=400)
        try:
            tried = await self._owner.try_out(model, prompt)
        except Refusal:
            page = trial.page(model, look, prompt=prompt, note="refused_no_model")
            return HTMLResponse(page, status_code=404)
        return HTMLResponse(trial.page(model, look, prompt=prompt, tried=tried))

    async def _retire(self, request: Request) -> Response:
        try:
            await self._owner.retire(await field(request, "name"))
        except Refusal as refusal:
            return self._refused(refusal, self._look(request))
        return _back()

    async def _bring_back(self, request: Request) -> Response:
        try:
            await self._owner.bring_back(await field(request, "name"))
        except Refusal as refusal:
            return self._refused(refusal, self._look(request))
        return _back()

    async def _reload(self, _request: Request) -> Response:
        await self._owner.reload()
        return _back("settings")

    def _look(self, request: Request) -> Look:
        return look_of(request, self._title)

    def _refused(self, refusal: Refusal, look: Look) -> Response:
        texts = look.texts
        status = 404 if refusal.key == "no_model" else 503
        body = f"<h1>{plain(texts('owner_title'))}</h1><p>{plain(texts(f'refused_{refusal.key}'))}</p>"
        body += f'<p><a href="./">{plain(texts("owner_back"))}</a></p>'
        return HTMLResponse(document(look, texts("owner_title"), body), status_code=status)


def _back(part: str = "") -> Response:
    return RedirectResponse(f"./#{quote(part)}" if part else "./", status_code=303)
