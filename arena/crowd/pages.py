"""What a browser sends to the battle page, over HTTP.

Gradio names its events by number. `/config` says which number belongs to a click on which element, and what its inputs
are; the page's own script reads the same.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Self

import httpx

TIMEOUT_S = 120.0


class CrowdError(Exception):
    """The arena did not answer as expected; the message says what came and what to do."""


class Events:
    """The numbers of the battle page's events."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        ids = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        own = set(config["page"][""]["components"])
        self._clicks = {
            ids[target]: int(event["id"])
            for event in config["dependencies"]
            for target, kind in event["targets"]
            if kind == "click" and target in own and ids.get(target)
        }

    def click(self, element: str) -> int:
        """Raises CrowdError."""
        if element not in self._clicks:
            raise CrowdError(f"the battle page has no button {element!r}; is the arena of the same version?")
        return self._clicks[element]


class Visitor:
    """One browser with its cookie."""

    def __init__(self, client: httpx.AsyncClient, events: Events) -> None:
        self._client = client
        self._events = events
        self._session = secrets.token_hex(5)

    @classmethod
    async def arrive(cls, url: str, transport: httpx.AsyncBaseTransport | None = None) -> Self:
        """Open the start page. Raises CrowdError."""
        if not _is_address(url):
            raise CrowdError(f"{url!r} is no address of an arena; give one such as http://127.0.0.1:7860")
        client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False, transport=transport)
        try:
            (await client.get("/")).raise_for_status()
            config = (await client.get("/config")).raise_for_status().json()
            return cls(client, Events(config))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            await client.aclose()
            raise CrowdError(
                f"{url} does not answer as an arena does ({error}); start one, or give its --url"
            ) from error

    async def leave(self) -> None:
        await self._client.aclose()

    async def ask(self, prompt: str) -> dict[str, Any]:
        """Send a first prompt, wait until both answers have ended, and return the battle as `/mine.json` has it.

        Raises CrowdError if the arena refuses the prompt.
        """
        before = {battle["id"] for battle in await self.battles()}
        said = await self._stream(self._events.click("send"), ["", prompt])
        new = [battle for battle in await self.battles() if battle["id"] not in before and not battle["replaced_by"]]
        if not new:
            raise CrowdError(f"no battle began: the page said {said!r}")
        return new[0]

    async def vote(self, battle_id: str, button: str) -> None:
        event = {"fn_index": self._events.click(button), "data": [battle_id], "session_hash": self._session}
        await self._post("/gradio_api/run/predict", event)

    async def battles(self) -> list[dict[str, Any]]:
        """Return everything that the arena stores about this visitor's battles, newest first."""
        found: list[dict[str, Any]] = (await self._get("/mine.json")).json()["battles"]
        return found

    async def board(self, kind: str) -> dict[str, Any]:
        """Return the board of the votes on battles or on prepared answers; empty if there are too few."""
        response = await self._client.get("/leaderboard.json", params={} if kind == "battle" else {"kind": kind})
        found: dict[str, Any] = response.json() if response.is_success else {"models": []}
        return found

    async def form(self, path: str, fields: Mapping[str, str]) -> str:
        """Send one of the page's forms as its script does; return the HTML that the page then shows."""
        address = self._client.base_url
        headers = {"accept": "application/json", "origin": f"{address.scheme}://{address.netloc.decode()}"}
        try:
            response = await self._client.post(path, data=dict(fields), headers=headers)
            if response.status_code == httpx.codes.NOT_FOUND:
                raise CrowdError(
                    f"{path}: there is no campaign with the token {fields.get('campaign')!r}; give the part of its link"
                    " after campaign="
                )
            return str(response.json()["html"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise CrowdError(f"{path}: {error}") from error

    async def _stream(self, event: int, data: list[str]) -> str:
        """Call an event through the queue; return the notices that its last answer shows."""
        call = {"fn_index": event, "data": data, "session_hash": self._session, "trigger_id": 0}
        await self._post("/gradio_api/queue/join", call)
        path, last = f"/gradio_api/queue/data?session_hash={self._session}", ""
        try:
            async with self._client.stream("GET", path) as stream:
                async for line in stream.aiter_lines():
                    if '"process_completed"' in line:
                        last = line
        except httpx.HTTPError as error:
            raise CrowdError(f"the answers broke off: {error}") from error
        return last[last.find('class="notice') :][:300] if 'class="notice' in last else ""

    async def _get(self, path: str) -> httpx.Response:
        try:
            return (await self._client.get(path)).raise_for_status()
        except httpx.HTTPError as error:
            raise CrowdError(f"{path}: {error}") from error

    async def _post(self, path: str, body: Mapping[str, Any]) -> None:
        try:
            (await self._client.post(path, json=body)).raise_for_status()
        except httpx.HTTPError as error:
            raise CrowdError(f"{path}: {error}") from error


def _is_address(url: str) -> bool:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parts.scheme in ("http", "https") and bool(parts.host) and (parts.port or 0) < 1 << 16
