"""The leaderboard in a real browser: filters, order and search with and without script, and a vote that arrives."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from db import queries
from db.codes import State
from db.outcome import Outcome
from db.session import Database, open_database
from tests.db.building import ELO, SETTINGS
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, chromium
from tests.end_to_end.scripted import MODELS, ScriptedArena, scripted_arena

pytestmark = pytest.mark.browser

WREN, MOSS = MODELS


def cast(database: Database, number: int) -> None:
    with database.write() as tx:
        new = queries.NewBattle("ann", WREN, MOSS, SETTINGS, language="en" if number % 4 == 1 else "ko")
        battle = queries.open_battle(tx, new, now=float(number))
        queries.set_battle_state(tx, battle, State.VOTABLE, now=float(number))
        outcome = Outcome.B if number % 5 == 0 else Outcome.A
        queries.cast_vote(
            tx, battle, visitor="ann", outcome=outcome, reasons=(), facts={}, rules_version=1, elo=ELO, now=1.0
        )


def test_filters_order_search_and_a_vote_that_arrives(tmp_path: Path) -> None:
    async def scenario(arena: ScriptedArena, database: Database) -> None:
        async with chromium() as browser:
            await without_script(browser, arena.url)
            await with_script(browser, arena.url, database)

    with scripted_arena(tmp_path, {}) as arena:
        database = open_database(f"sqlite:///{arena.data / 'arena.sqlite'}")
        for number in range(32):
            cast(database, number)
        asyncio.run(scenario(arena, database))
        database.close()


async def without_script(browser: Browser, url: str) -> None:
    page = await browser.new_page(java_script_enabled=False, viewport={"width": 1280, "height": 900}, locale="en")
    await page.goto(url + "/leaderboard.html")
    assert page.url == url + "/leaderboard"
    rows, computed = page.locator("#leaderboard-table tbody tr"), page.locator("#computed")
    await expect(rows).to_have_count(2)
    await expect(computed).to_contain_text("Computed from 32 votes")
    await expect(page.locator("th[aria-sort=descending]")).to_have_text("Rating ↓")
    await page.locator("#filters summary").click()
    await page.locator("#filters select[name=language]").select_option("ko")
    await page.locator("#filters button").click()
    await expect(page).to_have_url(url + "/leaderboard?language=ko")  # without empty fields and defaults
    await expect(computed).to_contain_text("Computed from 24 votes")
    await expect(computed).to_contain_text("8 other votes do not match")
    await page.locator("#leaderboard-table thead a", has_text="Model").click()
    await expect(page.locator("th[aria-sort=ascending]")).to_have_text("Model ↑")
    await expect(rows.first).to_contain_text(MOSS)
    await expect(computed).to_contain_text("Computed from 24 votes")  # the order keeps the filter
    await expect(page.locator("#offline code")).to_contain_text("--where language=ko")
    for kind in ("JSON", "CSV"):
        link = await page.locator("#download a", has_text=kind).get_attribute("href")
        assert link is not None
        answer = await page.request.get(f"{url}/{link}")
        assert answer.ok
        text = await answer.text()
        assert text.index(MOSS) < text.index(WREN)
    await page.locator("#chosen a", has_text="Korean").click()
    await expect(computed).to_contain_text("Computed from 32 votes")
    await page.locator("#filters input[name=find]").fill("moss")
    await page.locator("#filters button").click()
    await expect(rows).to_have_count(1)
    await page.goto(url + "/leaderboard?mine=1")
    await expect(page.locator("#leaderboard-table .notice")).to_contain_text("match these filters: 0.")
    wrong = await page.goto(url + "/leaderboard?turns=banana")
    assert wrong is not None
    assert wrong.status == 400
    await expect(page.locator("#leaderboard-table .notice")).to_contain_text("turns=banana")
    await expect(page.locator("#leaderboard-table .notice")).to_contain_text("one, many")
    await page.locator("#leaderboard-table a").click()
    await expect(rows).to_have_count(2)
    await page.close()


async def with_script(browser: Browser, url: str, database: Database) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="en")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(url + "/leaderboard")
    table = page.locator("#leaderboard-table")
    await expect(page.locator("#computed")).to_contain_text("Computed from 32 votes")
    await page.locator("#filters input[name=find]").fill("wren")
    await expect(table.locator("tbody tr:visible")).to_have_count(1)
    cast(database, 33)
    await expect(page.locator("#computed")).to_contain_text("Computed from 33 votes", timeout=ANSWER_TIMEOUT_MS)
    await expect(table.locator("tbody tr:visible")).to_have_count(1)  # the search still holds
    await page.goto(url + "/leaderboard?decisive=1")
    await expect(page.locator("#computed")).to_contain_text("Computed from 33 votes")
    cast(database, 34)
    await expect(page.locator("#computed")).to_contain_text("1 newer vote or change", timeout=ANSWER_TIMEOUT_MS)
    await page.locator("#computed a", has_text="reload").click()
    await expect(page.locator("#computed")).to_contain_text("Computed from 34 votes")
    assert await fits(page)
    assert not errors


async def fits(page: Page) -> bool:
    found: bool = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found
