"""A visitor faster than the machine: clicks before the page listens, and prompts before the models are loaded."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.end_to_end.processes.test_processes import children
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, LOAD_TIMEOUT_MS, App, chromium, open_battle_page

pytestmark = pytest.mark.browser

PROMPT = "What is 7 plus 5?"


def test_before_the_page_listens_buttons_are_disabled_and_enter_is_remembered_once(app: App) -> None:
    """The page starts to listen only when the test releases the first event."""
    events: list[Route] = []
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        events.append(route)
        await let_go.wait()
        await route.continue_()

    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await page.route("**/gradio_api/queue/join*", hold)
            await page.goto(app.url)
            box = page.locator("#prompt textarea")
            await box.fill(PROMPT, timeout=ANSWER_TIMEOUT_MS)
            await box.press("Enter")
            await box.press("Enter")
            await expect(page.locator("#send")).to_be_disabled()
            await expect(page.locator(".chip:not(:disabled)")).to_have_count(0)
            assert len(events) <= 1, "nothing but the page's load was sent"
            let_go.set()
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            assert len(events) == 2

    asyncio.run(scenario())


def test_a_prompt_typed_before_gradio_has_made_its_box_is_kept_and_sent(app: App) -> None:
    """The server's own box shows first. Gradio's script comes only when the test releases it."""

    async def early(browser: Browser, let_go: asyncio.Event) -> tuple[Page, list[str]]:
        async def hold(route: Route) -> None:
            await let_go.wait()
            await route.continue_()

        page = await (await browser.new_context()).new_page()
        joined: list[str] = []
        page.on("request", lambda request: joined.append(request.url) if "/queue/join" in request.url else None)
        await page.route("**/assets/index-*.js", hold)
        await page.goto(app.url, wait_until="commit")
        return page, joined

    async def scenario() -> None:
        async with chromium() as browser:
            let_go = asyncio.Event()
            page, joined = await early(browser, let_go)
            box = page.locator("#early textarea")
            await box.fill(PROMPT)
            await box.press("Enter")
            await expect(page.locator("#early button")).to_be_disabled()
            await box.press("Enter")
            let_go.set()
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            assert len(joined) == 2, "the page's load and one prompt"
            await page.close()

            let_go = asyncio.Event()
            page, joined = await early(browser, let_go)
            await page.locator("#early textarea").press_sequentially(PROMPT)
            await page.keyboard.press("ArrowLeft")
            let_go.set()
            await expect(page.locator("#send")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#early")).to_have_count(0)
            await page.keyboard.type("!")
            await expect(page.locator("#prompt textarea")).to_have_value(PROMPT[:-1] + "!" + PROMPT[-1])
            assert len(joined) == 1, "nothing was sent"
            await page.close()

            page = await (await browser.new_context()).new_page()
            await page.route("**/assets/index-*.js", lambda route: route.fulfill(status=404))
            await page.goto(app.url, wait_until="commit")
            await page.locator("#early textarea").fill("two\nlines")
            await expect(page.locator("#early [role=alert]")).to_contain_text("reload the page")
            await page.unroute_all()
            await page.reload()
            await expect(page.locator("#prompt textarea")).to_have_value("two\nlines", timeout=ANSWER_TIMEOUT_MS)

    asyncio.run(scenario())


def test_a_prompt_waits_for_the_models_through_a_reload_and_is_then_sent(tmp_path: Path) -> None:
    """The model server is halted while it loads, so that nothing depends on speed."""
    app = App(tmp_path / "data")

    async def scenario(native: int) -> None:
        async with chromium() as browser:
            page = await (await browser.new_context()).new_page()
            await open_battle_page(page, app.url)
            box = page.locator("#prompt textarea")
            await box.fill(PROMPT)
            await page.locator("#send").click()
            await expect(page.locator("#status")).to_contain_text("Your prompt will be sent when")
            await expect(box).to_be_disabled()
            second = await page.context.new_page()
            await second.goto(app.url)
            await expect(second.locator("#cancel")).to_be_visible(timeout=ANSWER_TIMEOUT_MS)
            await page.locator("#cancel").click()
            await expect(box).to_be_enabled()
            await expect(second.locator("#cancel")).to_have_count(0)
            await expect(box).to_have_value(PROMPT)
            await page.locator("#send").click()
            await expect(box).to_be_disabled()
            await page.reload()
            await expect(box).to_have_value(PROMPT)
            await expect(page.locator(".notice")).to_have_count(1)
            await expect(second.locator("#prompt textarea")).to_have_value(PROMPT)
            await expect(second.locator("#cancel")).to_be_visible()
            os.kill(native, signal.SIGCONT)
            await expect(second.locator("#asked")).to_contain_text(PROMPT, timeout=LOAD_TIMEOUT_MS)
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#status .notice, #notice .notice")).to_have_count(0)
            await expect(box).to_have_value("")

    try:
        app.start()
        assert app.process is not None
        (native,) = children(app.process.pid)
        os.kill(native, signal.SIGSTOP)
        try:
            assert app.n_ready() == 0
            asyncio.run(scenario(native))
        finally:
            os.kill(native, signal.SIGCONT)
    finally:
        app.stop()
