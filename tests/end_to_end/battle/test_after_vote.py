"""After the vote, in a real browser: the reveal on a desktop and a phone, withdrawal, reasons, sharing."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.running import ask, chromium, go_on, open_battle_page, still
from tests.end_to_end.scripted import Says, scripted_arena

pytestmark = pytest.mark.browser

PROMPT = "Reverse the word planet."
TITLE = re.compile(r"^(\w+ \w+) or (?!\1)\w+ \w+: the vote went to \1 · Arena$")  # the vote is for A
TOP = "document.querySelector('#duel').getBoundingClientRect().top"
LONG = "\n\n".join(f"Paragraph {n} is about planets, and goes on for a while." for n in range(20))


async def _vote(page: Page, url: str) -> None:
    await open_battle_page(page, url)
    await ask(page, PROMPT)
    await page.locator("#vote-a").click()
    await expect(page.locator("#reveal .counted")).to_be_visible()


async def _check_reveal(browser: Browser, url: str) -> None:
    """The names are where the vote was, and nothing above them moves."""
    for width, height in ((1280, 800), (390, 844), (640, 360)):
        page = await browser.new_page(viewport={"width": width, "height": height}, locale="en")
        await open_battle_page(page, url)
        await ask(page, PROMPT)
        top = await still(page, TOP)
        await page.locator("#vote-a").click()
        await expect(page.locator("#reveal .counted")).to_be_in_viewport()
        for side in "ab":
            await expect(page.locator(f"#reveal .of-{side} .name")).to_be_in_viewport()
        await expect(page.locator("#next")).to_be_focused()
        if height > 560:  # a low window goes to the reveal
            assert abs(await still(page, TOP) - top) < 2, "nothing jumps"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scroll"
        await page.context.close()


async def _after_half_a_second(route: Route) -> None:
    await asyncio.sleep(0.5)
    await route.continue_()


async def _check_reasons_and_withdrawal(page: Page, url: str) -> None:
    await page.route("**/battle/feedback", _after_half_a_second)  # what is pressed meanwhile is kept
    await _vote(page, url)
    await page.locator("#feedback summary").press("Enter")
    tag = page.locator("#feedback .of-b .tag-superficial")
    await tag.press("Space")
    await expect(tag).to_have_attribute("aria-pressed", "true")
    await page.locator("#feedback textarea").fill("A is short.")
    await expect(page.locator("#feedback .said")).to_have_text("Saved.")
    await page.reload()
    await page.locator("#feedback summary").click()
    await expect(tag).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#feedback .of-a .tag-superficial")).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("#feedback textarea")).to_have_value("A is short.")

    await expect(page.locator("#withdraw-note")).to_contain_text("You have 1 withdrawal left.")
    await expect(page.locator("#withdraw-misread")).to_be_hidden()
    await page.locator("#withdraw").click()
    await page.locator("#withdraw-misread").click()
    await expect(page.locator("#reveal .not-counted")).to_contain_text("You withdrew your vote.")
    await expect(page.locator("#feedback textarea")).to_have_value("A is short.")

    await go_on(page)
    await _vote(page, url)
    await expect(page.locator("#withdraw-note")).to_contain_text("after 40 votes in total")
    await expect(page.locator("#withdraw")).to_be_hidden()


async def _check_sharing(browser: Browser, url: str) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", locale="ko")
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, stranger = await context.new_page(), await browser.new_page(locale="en")
    await _vote(page, url)
    await page.locator("#share").click()
    await expect(page.locator("#share-box .said")).to_have_text("복사했습니다.")
    link = await page.evaluate("navigator.clipboard.readText()")
    answer = await stranger.goto(link)
    assert answer is not None
    assert answer.status == 200
    await expect(stranger).to_have_title(TITLE)
    await expect(stranger.locator("#shared .prompt")).to_have_text(PROMPT)
    await expect(stranger.locator("#own")).to_have_count(0)
    await page.locator("#unshare").click()
    await expect(page.locator("#share")).to_be_focused()
    answer = await stranger.goto(link)
    assert answer is not None
    assert answer.status == 404
    await page.goto(link)  # its own visitor's link is dead too: it was taken back for good
    await expect(page.locator("h1")).to_have_text("대결이 없습니다")
    await context.close()


async def _check_own_page(page: Page, url: str) -> None:
    """Every state of /mine is accessible, and a deletion needs only the keyboard."""
    await _vote(page, url)
    await page.goto(f"{url}/mine")
    await expect(page.locator("#battles .verdict")).to_have_text("You chose A. Counted.")
    await assert_accessible(page, "a visitor's battles")
    await page.locator("#data .button").last.press("Enter")
    await expect(page.locator("#mine .danger")).to_be_visible()
    await assert_accessible(page, "before a deletion")
    await page.locator("#mine .danger").press("Enter")
    await expect(page.locator("h1")).to_have_text("Your data is deleted")
    await page.goto(f"{url}/mine")
    await expect(page.locator("#mine")).to_contain_text("There is no battle from this browser yet.")
    await assert_accessible(page, "a visitor without battles")


def test_after_the_vote(tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        async with chromium() as browser:
            await _check_reveal(browser, url)
            await _check_own_page(await browser.new_page(locale="en"), url)
            page = await browser.new_page(locale="en", color_scheme="dark")
            await _check_reasons_and_withdrawal(page, url)
            await _check_sharing(browser, url)

    answers: dict[str | tuple[str, str], Says] = {
        ("Wren Sol", PROMPT): Says("tenalp"),
        ("Moss Tarn", PROMPT): Says(LONG),
    }
    with scripted_arena(tmp_path, answers) as arena:
        asyncio.run(scenario(arena.url))
