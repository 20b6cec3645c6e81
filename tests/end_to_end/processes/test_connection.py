"""A page that loses its connection says so in the visitor's language, reconnects by itself, and shows its battle."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.end_to_end.processes.test_processes import children
from tests.end_to_end.recording_proxy import RecordingProxy
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, App, chromium, open_battle_page

pytestmark = pytest.mark.browser

PROMPT = "What is the opposite of hot?"
LOST = {"en": "The connection to the arena was lost.", "ko": "서버와의 연결이 끊어졌습니다."}
ENDED = {"en": "The arena restarted, and your battle ended.", "ko": "서버가 다시 시작되어 대결이 종료되었습니다."}


async def begin(page: Page, app: App, url: str) -> int:
    """Send a prompt to halted models, so that its battle stays unfinished as long as the test needs."""
    await open_battle_page(page, url)
    assert app.process is not None
    (native,) = children(app.process.pid)
    os.kill(native, signal.SIGSTOP)
    await page.locator("#prompt textarea").fill(PROMPT)
    await page.locator("#send").click()
    await expect(page.locator("#stop")).to_be_visible()
    return native


@pytest.mark.parametrize(("language", "how"), [("en", signal.SIGKILL), ("ko", signal.SIGTERM)])
def test_after_a_restart_the_page_says_what_ended_the_battle_and_gives_the_prompt_back(
    app: App, language: str, how: signal.Signals
) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page(locale=language, viewport={"width": 390, "height": 844})
            native = await begin(page, app, app.url)
            await expect(page.locator("#connection")).to_be_hidden()
            assert app.process is not None
            app.process.send_signal(how)
            await asyncio.to_thread(app.process.wait, 30)
            with contextlib.suppress(ProcessLookupError):
                os.kill(native, signal.SIGCONT)  # to find that its parent is gone
            await expect(page.locator("#connection")).to_contain_text(LOST[language])
            await expect(page.locator(".toast-wrap")).to_be_hidden()
            await asyncio.to_thread(app.start)
            await expect(page.locator("#notice")).to_contain_text(ENDED[language], timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#prompt textarea")).to_have_value(PROMPT)
            await expect(page.locator("#connection")).to_be_hidden()
            await asyncio.to_thread(app.wait_until_ready)
            await page.locator("#send").click()
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)

    asyncio.run(scenario())


def test_after_a_lost_connection_the_page_has_its_battle_and_the_typed_text(app: App) -> None:
    async def scenario() -> None:
        async with RecordingProxy(app.port) as proxy, chromium() as browser:
            page = await browser.new_page()
            native = await begin(page, app, proxy.url)
            try:
                await page.locator("#prompt textarea").fill("half of the next")
                async with page.expect_navigation(timeout=ANSWER_TIMEOUT_MS):
                    proxy.cut()
                await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)
                await expect(page.locator("#stop")).to_be_visible()
                await expect(page.locator("#prompt textarea")).to_have_value("half of the next")
            finally:
                os.kill(native, signal.SIGCONT)

    asyncio.run(scenario())


def test_a_prompt_that_waited_for_the_models_is_given_back_after_a_restart(tmp_path: Path) -> None:
    app = App(tmp_path / "data")

    async def scenario(native: int) -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            try:
                await open_battle_page(page, app.url)
                await page.locator("#prompt textarea").fill(PROMPT)
                await page.locator("#send").click()
                await expect(page.locator("#cancel")).to_be_visible()
                app.kill()
            finally:
                os.kill(native, signal.SIGCONT)
            await expect(page.locator("#connection")).to_contain_text(LOST["en"])
            async with page.expect_navigation(timeout=ANSWER_TIMEOUT_MS):
                await asyncio.to_thread(app.start)
            box = page.locator("#prompt textarea")
            await expect(box).to_have_value(PROMPT)
            await expect(box).to_be_enabled()

    try:
        app.start()
        assert app.process is not None
        (native,) = children(app.process.pid)
        os.kill(native, signal.SIGSTOP)  # before the browser starts, which may take longer than the models to load
        asyncio.run(scenario(native))
    finally:
        app.stop()
