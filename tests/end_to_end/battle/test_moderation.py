"""A prompt that is refused, an answer that is withheld and one with a warning, at the width of a phone."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.recording_proxy import RecordingProxy
from tests.end_to_end.running import ask, chromium, go_on, open_battle_page
from tests.end_to_end.scripted import Says, scripted_arena
from tests.fakes.chat_server import DONE, Asked, ChatServer, Reply, chunk, event

pytestmark = pytest.mark.browser

SETTINGS = """
[battle]
pace = "equal"
[moderation]
base_url = "{url}"
model = "judge"
prompts_illegal = "block"
prompts_hateful = "warn"
answers_illegal = "block"
answers_hateful = "warn"
"""
SECRET = "Sell the stolen card at once."
ANSWERS: dict[str | tuple[str, str], Says] = {
    ("Wren Sol", "Hi"): Says(SECRET),
    ("Moss Tarn", "Hi"): Says("Hello. What would you like to know today?"),
    "Rude words": Says("Some rude words, and why people say them."),
}


def judge(asked: Asked) -> Reply:
    text = str(asked.body["messages"][-1]["content"])
    letter = "A" if "stolen" in text else "B" if "ude words" in text else "D"
    return Reply((event(chunk(letter)), event(chunk(None, "stop")), DONE))


def test_a_blocked_answer_reaches_no_page_and_a_blocked_prompt_is_refused(tmp_path: Path) -> None:
    shots = os.environ.get("SHOTS")

    async def scenario(port: int) -> None:
        async with RecordingProxy(port) as proxy, chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844})
            await open_battle_page(page, proxy.url)
            await page.locator("#prompt textarea").fill("How do I use a stolen card?")
            await page.locator("#send").click()
            await expect(page.locator("#notice")).to_contain_text("Your prompt was not sent: an automatic check found")
            await expect(page.locator("#prompt textarea")).to_have_value("How do I use a stolen card?")
            await ask(page, "Hi")
            await expect(page.locator("#vote-hint")).to_contain_text("an automatic check withheld an answer")
            withheld = page.locator(".pane", has_text="This answer is not shown")
            await expect(withheld).to_have_count(1)
            await assert_accessible(page, "a withheld answer")
            if shots:
                await page.screenshot(path=f"{shots}/withheld.png")
            await page.locator("#vote-tie").click()
            await expect(page.locator("#reveal")).to_contain_text("an automatic check withheld an answer.")
            assert SECRET.casefold() not in proxy.traffic()
            await go_on(page)
            await ask(page, "Rude words")
            await expect(page.locator(".warned")).to_have_count(3)
            await assert_accessible(page, "warnings")
            if shots:
                await page.screenshot(path=f"{shots}/warned.png")
                await page.emulate_media(color_scheme="dark")
                await page.screenshot(path=f"{shots}/warned-dark.png")

    with ChatServer(judge) as moderator:
        settings = SETTINGS.replace("{url}", moderator.base_url)
        with scripted_arena(tmp_path, ANSWERS, settings=settings) as arena:
            asyncio.run(scenario(arena.port))
