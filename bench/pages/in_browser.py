"""What a visitor waits for, in a browser: the first page, and the names after a vote."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, Response, async_playwright

CHROMIUM_ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_TIMEOUT_MS = 60_000
_CAN_TYPE = ":is(#early, #prompt) textarea:not([disabled])"
_LISTENS = "#send:not([disabled])"
_STREAMS = ("queue/data", "/heartbeat/")
_CLICK_AND_WAIT = """() => new Promise(resolve => {
    const started = performance.now();
    const isShown = () => {
        const shown = document.querySelector('#reveal');
        return shown !== null && /\\bone\\b/.test(shown.innerText) && /\\btwo\\b/.test(shown.innerText);
    };
    const look = () => isShown() ? resolve(performance.now() - started) : requestAnimationFrame(look);
    document.querySelector('#vote-tie').click();
    look();
})"""

_REQUEST = """() => performance.getEntriesByType('resource')
    .filter(entry => entry.name.includes('/gradio_api/run/')).at(-1)?.duration ?? null"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Seconds until a prompt can be typed, and until the page listens and would send it, with an empty and with a full
    cache; the requests of the first page; the milliseconds from a vote to the names."""

    cold_s: float
    cold_listens_s: float
    warm_s: float
    warm_listens_s: float
    n_requests: int
    n_kb: float
    reveal_ms: float
    request_ms: float | None
    """The part of it that the request took; None where a queue answers."""


@asynccontextmanager
async def _browser(executable: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGS))
        try:
            yield browser
        finally:
            await browser.close()


async def visit(url: str, executable: str) -> Visit:
    """Open the page in a new browser, open it again, send a prompt, and vote."""
    async with _browser(executable) as browser:
        context = await browser.new_context()
        page = await context.new_page()
        responses: list[Response] = []
        page.on("response", lambda response: responses.append(response))
        cold_s, cold_listens_s = await _open(page, url)
        n_requests, n_bytes = len(responses), 0
        for response in responses:
            if not any(stream in response.url for stream in _STREAMS):  # a stream has no size before its end
                n_bytes += (await response.request.sizes())["responseBodySize"]
        await page.close()
        page = await context.new_page()
        warm_s, warm_listens_s = await _open(page, url)
        await page.locator("#prompt textarea").fill("Which is better?")
        await page.locator("#send").click()
        await page.wait_for_selector("#vote-tie:not([disabled])", timeout=_TIMEOUT_MS)
        async with asyncio.timeout(_TIMEOUT_MS / 1000):
            reveal_ms = float(await page.evaluate(_CLICK_AND_WAIT))
        taken = await page.evaluate(_REQUEST)
    request_ms = None if taken is None else round(float(taken), 1)
    return Visit(
        cold_s=cold_s,
        cold_listens_s=cold_listens_s,
        warm_s=warm_s,
        warm_listens_s=warm_listens_s,
        n_requests=n_requests,
        n_kb=round(n_bytes / 1000, 1),
        reveal_ms=round(reveal_ms, 1),
        request_ms=request_ms,
    )


async def _open(page: Page, url: str) -> tuple[float, float]:
    """Return the seconds until a prompt can be typed, and until the page listens."""
    started = time.perf_counter()
    await page.goto(url, wait_until="commit", timeout=_TIMEOUT_MS)
    await page.wait_for_selector(_CAN_TYPE, timeout=_TIMEOUT_MS)
    typed_s = time.perf_counter() - started
    await page.wait_for_selector(_LISTENS, timeout=_TIMEOUT_MS)
    return round(typed_s, 3), round(time.perf_counter() - started, 3)
