"""What a visitor waits for, in a browser: the first page, and the names after a vote."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, Response, async_playwright

CHROMIUM_ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_TIMEOUT_MS = 60_000
_CAN_SEND = ("#prompt textarea:not([disabled])", "#send:not([disabled])")
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
    """Seconds until a prompt could be sent, with an empty and with a full cache, the requests of the first page, and
    the milliseconds from a vote to the names."""

    cold_s: float
    warm_s: float
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
        cold = await _open(page, url)
        n_requests, n_bytes = len(responses), 0
        for response in responses:
            if "queue/data" not in response.url:  # a stream has no size before its end
                n_bytes += (await response.request.sizes())["responseBodySize"]
        await page.close()
        page = await context.new_page()
        warm = await _open(page, url)
        await page.locator("#prompt textarea").fill("Which is better?")
        await page.locator("#send").click()
        await page.wait_for_selector("#vote-tie:not([disabled])", timeout=_TIMEOUT_MS)
        reveal_ms = float(await page.evaluate(_CLICK_AND_WAIT))
        taken = await page.evaluate(_REQUEST)
    request_ms = None if taken is None else round(float(taken), 1)
    return Visit(round(cold, 3), round(warm, 3), n_requests, round(n_bytes / 1000, 1), round(reveal_ms, 1), request_ms)


async def _open(page: Page, url: str) -> float:
    started = time.perf_counter()
    await page.goto(url, wait_until="commit", timeout=_TIMEOUT_MS)
    for element in _CAN_SEND:
        await page.wait_for_selector(element, timeout=_TIMEOUT_MS)
    return time.perf_counter() - started
