"""A page that loses its connection says so in the visitor's language, reconnects by itself, and shows its battle."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.end_to_end.recording_proxy import RecordingProxy
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, App, chromium, open_battle_page
from tests.end_to_end.scripted import Says, ScriptedArena, scripted_arena

pytestmark = pytest.mark.browser

PROMPT = "What is the opposite of hot?"
NEVER = threading.Event()
SETTINGS = """
[battle]
pace = "free"
first_token_timeout_s = 600.0
"""
NOBODY = """
[[models]]
name = "Wren Sol"
base_url = "http://127.0.0.1:9/v1"
[[models]]
name = "Moss Tarn"
base_url = "http://127.0.0.1:9/v1"
"""
LOST = {"en": "The connection to the arena was lost.", "ko": "서버와의 연결이 끊어졌습니다."}
ENDED = {"en": "The arena restarted, and your battle ended.", "ko": "서버가 다시 시작되어 대결이 종료되었습니다."}


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedArena]:
    """Its models never answer the prompt, so that a battle stays unfinished as long as a test needs."""
    folder = tmp_path_factory.mktemp("connection")
    with scripted_arena(folder, {PROMPT: Says("Cold.", gate=NEVER)}, settings=SETTINGS) as arena:
        yield arena


async def begin(page: Page, url: str) -> None:
    await open_battle_page(page, url)
    await page.locator("#prompt textarea").fill(PROMPT)
    await page.locator("#send").click()
    await expect(page.locator("#stop")).to_be_visible()


@pytest.mark.parametrize(("language", "how"), [("en", signal.SIGKILL), ("ko", signal.SIGTERM)])
def test_after_a_restart_the_page_says_what_ended_the_battle_and_gives_the_prompt_back(
    arena: ScriptedArena, language: str, how: signal.Signals
) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page(locale=language, viewport={"width": 390, "height": 844})
            await begin(page, arena.url)
            await expect(page.locator("#connection")).to_be_hidden()
            assert arena.process is not None
            arena.process.send_signal(how)
            await asyncio.to_thread(arena.process.wait, 60)
            await expect(page.locator("#connection")).to_contain_text(LOST[language])
            await expect(page.locator(".toast-wrap")).to_be_hidden()
            await asyncio.to_thread(arena.start)
            await expect(page.locator("#notice")).to_contain_text(ENDED[language], timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#prompt textarea")).to_have_value(PROMPT)
            await expect(page.locator("#connection")).to_be_hidden()
            await asyncio.to_thread(arena.wait_until_ready)
            await page.locator("#send").click()
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)

    asyncio.run(scenario())


def test_after_a_lost_connection_the_page_has_its_battle_and_the_typed_text(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with RecordingProxy(arena.port) as proxy, chromium() as browser:
            page = await browser.new_page()
            await begin(page, proxy.url)
            await page.locator("#prompt textarea").fill("half of the next")
            async with page.expect_navigation(timeout=ANSWER_TIMEOUT_MS):
                proxy.cut()
            await expect(page.locator("#asked")).to_contain_text(PROMPT, timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#stop")).to_be_visible()
            await expect(page.locator("#prompt textarea")).to_have_value("half of the next")

    asyncio.run(scenario())


def test_a_prompt_that_waited_for_the_models_is_given_back_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "arena.toml").write_text(NOBODY, encoding="utf-8")
    app = App(tmp_path / "data", ("--config", str(tmp_path / "arena.toml")))

    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            await page.locator("#prompt textarea").fill(PROMPT)
            await page.locator("#send").click()
            await expect(page.locator("#cancel")).to_be_visible()
            app.kill()
            await expect(page.locator("#connection")).to_contain_text(LOST["en"])
            async with page.expect_navigation(timeout=2 * ANSWER_TIMEOUT_MS):
                await asyncio.to_thread(app.start)
            box = page.locator("#prompt textarea")
            await expect(box).to_have_value(PROMPT)
            await expect(box).to_be_enabled()

    try:
        app.start()
        asyncio.run(scenario())
    finally:
        app.stop()
