"""A conversation in a real browser: several turns, following, failing sides, another tab, and named models."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.end_to_end.running import ANSWER_TIMEOUT_MS, ask, chromium, go_on, open_battle_page, still
from tests.end_to_end.scripted import Says, ScriptedArena, scripted_arena
from tests.waiting import until

pytestmark = pytest.mark.browser

LONG = "\n\n".join(f"Paragraph {n}. " + 12 * "Some ordinary words. " for n in range(20))
MANY_WORDS = ("A long prompt with many words. " * 60).strip()
GATE = threading.Event()
ANSWERS: dict[str | tuple[str, str], Says] = {
    "Long": Says(LONG, n_chars=200, gap_s=0.01),
    "Waits": Says(LONG, n_chars=200, gate=GATE),
    MANY_WORDS: Says("Fine.", gate=GATE),
    ("Wren Sol", "Uneven"): Says(LONG, n_chars=1000),
    ("Moss Tarn", "Uneven"): Says("Short."),
    ("Moss Tarn", "Fails"): Says(status=503),
    ("Wren Sol", "Again"): Says("It went well.", gate=GATE),
    ("Moss Tarn", "Again"): Says("It worked the second time.", gate=GATE, status=503, n_times=3),
}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
_BELOW = "document.scrollingElement.scrollHeight - innerHeight - scrollY"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedArena]:
    with scripted_arena(tmp_path_factory.mktemp("scripted"), ANSWERS) as arena:
        yield arena


async def _page(browser: Browser, url: str, **options: Any) -> Page:
    context = await browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    await open_battle_page(page, url)
    return page


async def _send(page: Page, prompt: str) -> None:
    await page.locator("#prompt textarea").fill(prompt)
    await page.locator("#send").click()


def test_turns_follow_each_other_and_the_page_follows_the_newest(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await _page(browser, arena.url)
            await ask(page, "Long")
            await expect(page.locator("#votes")).to_be_focused()  # the keys vote, and no ring is shown
            assert await still(page, _BELOW) < 5, "the page followed the answers to their end"
            GATE.clear()
            await _send(page, "Waits")
            await expect(page.locator("#history .turn")).to_have_count(1)
            await expect(page.locator("#history .answer")).to_have_count(2)
            await expect(page.locator("#answer-a")).to_contain_text("Paragraph 15")
            assert await still(page, _BELOW) < 5
            assert await page.locator("#asked").evaluate("node => node.getBoundingClientRect().top") < 0
            heads = await page.locator(".pane .head").evaluate_all("all => all.map(n => n.getBoundingClientRect().top)")
            assert heads == [0, 0], "both sides stay labelled"
            await expect(page.locator("#jump")).to_be_hidden()

            await page.mouse.move(400, 300)
            await page.mouse.wheel(0, -600)
            await expect(page.locator("#jump")).to_be_visible()
            away = await still(page, "scrollY")  # the wheel scrolls smoothly
            GATE.set()
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            assert abs(await still(page, "scrollY") - away) < 5, "the reader stays where they are"
            await page.evaluate("scroll(0, 0)")
            await page.locator("#jump").click()
            await expect(page.locator("#asked")).to_be_in_viewport()

            for number in range(3):  # each is sent the moment that the last one can be voted on: no click is lost
                await ask(page, f"Turn {number}")
            await expect(page.locator("#history .turn")).to_have_count(4)
            assert all(len(asked) >= 5 for asked in arena.asked.values())
            await expect(page.locator("#asked, #history .asked")).to_have_count(5)
            await page.keyboard.press("t")
            await expect(page.locator("#head-a .name")).to_be_visible()
            await expect(page.locator("#next")).to_be_focused()

    asyncio.run(scenario())


def test_a_long_prompt_folds_and_opens_by_keyboard(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await _page(browser, arena.url)
            GATE.clear()
            await _send(page, MANY_WORDS)
            await expect(page.locator("#stop")).to_be_focused()
            fold = page.locator("#asked .fold")
            await expect(fold).to_have_attribute("aria-expanded", "false")
            low = await still(page, "document.querySelector('#asked').offsetHeight")
            await fold.focus()
            GATE.set()
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            await still(page, "scrollY")
            await expect(fold).to_be_focused()  # the end of the answers leaves the focus where the visitor put it
            await page.keyboard.press("Enter")
            await expect(fold).to_have_attribute("aria-expanded", "true")
            assert await page.locator("#asked").evaluate("node => node.offsetHeight") > 2 * low
            await go_on(page)
            await ask(page, "Short")
            await expect(page.locator("#asked .fold")).to_be_hidden()

    asyncio.run(scenario())


def test_a_short_side_stays_in_view_and_a_phone_shows_one_side_at_its_own_length(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await _page(browser, arena.url)
            await ask(page, "Uneven")
            await page.evaluate("scroll(0, 1000)")
            await expect(page.get_by_text("Short.", exact=True)).to_be_in_viewport()

            page = await _page(browser, arena.url, **PHONE)
            await ask(page, "Uneven")
            heights = []
            for side in "ab":
                await page.locator(f"#side-{side}").click()
                await expect(page.locator(f"#side-{side}")).to_have_attribute("aria-pressed", "true")
                await expect(page.locator(f"#answer-{side}")).to_be_visible()
                heights.append(await still(page, "document.scrollingElement.scrollHeight"))
            assert max(heights) > 2 * min(heights)
            assert min(heights) < 1500, "no empty column"
            await expect(page.locator("#unseen")).to_be_hidden()
            assert await page.evaluate("document.documentElement.scrollWidth") == 390
            await ask(page, "Next")
            await expect(page.locator("#history .side:visible")).to_have_count(1)

    asyncio.run(scenario())


def test_a_failed_side_is_tried_again_both_are_regenerated_and_another_pair_is_asked(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await _page(browser, arena.url)
            GATE.set()
            await ask(page, "Again")
            await expect(page.locator(".pane .aside")).to_have_text("This model is not responding.")
            await expect(page.locator("#send")).to_be_disabled()
            await page.locator("#retry-a, #retry-b").locator("visible=true").click()
            await expect(page.locator(".answer", has_text="It worked the second time.")).to_be_visible()
            await expect(page.locator("#send")).to_be_enabled()

            n_asked = [len(requests) for requests in arena.asked.values()]
            GATE.clear()
            await page.locator("#regenerate").click()
            await expect(page.locator("#stop")).to_be_visible()
            await until(lambda: [len(requests) for requests in arena.asked.values()] == [n + 1 for n in n_asked])
            GATE.set()
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            battle = (await page.locator("#marker").text_content() or "").split()[0]
            await page.locator("#another").click()
            await expect(page.locator("#marker")).not_to_contain_text(battle)
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            await expect(page.locator("#asked")).to_contain_text("Again")

    asyncio.run(scenario())


def test_a_second_tab_follows_what_the_first_one_did(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            first = await _page(browser, arena.url)
            second = await first.context.new_page()
            await open_battle_page(second, arena.url)
            await ask(first, "Hello")
            await expect(second.locator("#asked")).to_contain_text("Hello")
            await expect(second.locator("#vote-tie")).to_be_enabled()
            await first.locator("#vote-tie").click()
            await expect(second.locator("#head-b .name")).to_be_visible()
            await second.locator("#next").click()
            await expect(first.locator("#intro")).to_be_visible()

            await ask(first, "Fails")
            await expect(second.locator(".pane .aside")).to_have_count(1)
            await expect(second.locator("#send")).to_be_disabled()  # until the side is tried again
            await first.locator("#next").click()
            await expect(second.locator("#intro")).to_be_visible()

    asyncio.run(scenario())


def test_another_browser_with_the_same_cookie_is_followed_when_the_visitor_comes_back(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            first = await _page(browser, arena.url)
            second = await _page(browser, arena.url, storage_state=await first.context.storage_state())
            async with second.expect_response("**/pulse"):
                await second.evaluate("dispatchEvent(new Event('blur'))")
            await ask(first, "Hello")
            await expect(second.locator("#intro")).to_be_visible()
            await second.evaluate("dispatchEvent(new Event('focus'))")
            await expect(second.locator("#asked")).to_contain_text("Hello")
            await expect(second.locator("#vote-tie")).to_be_enabled()

    asyncio.run(scenario())


def test_two_models_by_link_and_a_chat_with_one(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await _page(browser, arena.url + "/side-by-side?a=Moss+Tarn&b=Nobody")
            await expect(page.locator("#notice")).to_contain_text("“Nobody” is not a model of this arena")
            await expect(page.locator("#pick-a input")).to_have_value("Moss Tarn")
            n_asked = sum(map(len, arena.asked.values()))
            await _send(page, "Long")
            await expect(page.locator("#notice")).to_contain_text("No model is chosen.")
            assert sum(map(len, arena.asked.values())) == n_asked
            await page.locator("#pick-b input").click()
            await page.get_by_role("option", name="Wren Sol").click()
            await expect(page).to_have_url(f"{arena.url}/side-by-side?a=Moss+Tarn&b=Wren+Sol")
            await ask(page, "Long")
            await expect(page.locator("#head-a .name")).to_have_text("Moss Tarn")
            await expect(page.locator("#vote-hint")).to_contain_text("not count")
            await page.locator("#vote-tie").click()
            await expect(page.locator("#reveal")).to_contain_text("does not count")

            await open_battle_page(page, arena.url + "/chat?model=Wren+Sol")
            for number, prompt in enumerate(("Hi", "And then?")):
                await _send(page, prompt)
                await expect(page.locator("#asked")).to_contain_text(prompt)
                await expect(page.locator("#regenerate")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
                await expect(page.locator("#history .turn")).to_have_count(number)
            await expect(page.locator("#head-a")).to_contain_text("Wren Sol")
            await expect(page.locator("#pane-b, #votes, #switch")).to_have_count(0)

    asyncio.run(scenario())
