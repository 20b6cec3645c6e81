"""Quick rounds and a campaign in a browser: one arena, whose deck and campaign are stored before it starts."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from db import queries
from db.queries import CampaignPair, DeckAnswer, DeckPrompt, ModelInfo
from db.session import open_database
from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.running import App, chromium

NAMES = ("Wren Sol", "Moss Tarn")
SETTINGS = """
[quick]
decks = ["sums"]
[[models]]
name = "Wren Sol"
base_url = "http://127.0.0.1:9/v1"
[[models]]
name = "Moss Tarn"
base_url = "http://127.0.0.1:9/v1"
"""
SETTLE_MS = 450  # quick.js ignores keys for so long after a new screen


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str]]:
    folder: Path = tmp_path_factory.mktemp("quick")
    (folder / "arena.toml").write_text(SETTINGS)
    data = folder / "data"
    data.mkdir()
    database = open_database(f"sqlite:///{data / 'arena.sqlite'}")
    with database.write() as tx:
        queries.upsert_models(tx, [ModelInfo(name) for name in NAMES], now=1.0)
        keys = []
        for n in range(8):
            keys.append(queries.add_deck_prompt(tx, DeckPrompt("sums", f"What is {n} + 1?", (), "en")))
            for name, answer in zip(NAMES, (n + 1, n), strict=True):
                queries.save_deck_answer(tx, keys[-1], DeckAnswer(name, f"It is {answer}.", 7, "stop"))
        pairs = [CampaignPair(key, *NAMES) for key in keys[:3]]
        token = queries.create_campaign(tx, "Sums", deck="sums", pairs=pairs, max_people=1, now=2.0).token
    database.close()
    app = App(data, ("--config", str(folder / "arena.toml")))
    try:
        app.start()
        yield app, token
    finally:
        app.stop()


async def judge(page: Page) -> None:
    """Vote for the right sum by key."""
    await page.wait_for_timeout(SETTLE_MS)
    prompt = await page.locator("#quick-prompt .text").inner_text()
    right = f"It is {int(prompt.split()[2]) + 1}."
    is_a = right in await page.locator("#quick-a").inner_text()
    await page.keyboard.press("ArrowLeft" if is_a else "ArrowRight")


def test_a_round_and_a_campaign_are_played_by_keys_and_survive_a_kill(seeded: tuple[App, str]) -> None:
    app, token = seeded

    async def main() -> None:
        async with chromium() as browser:
            page = await (await browser.new_context()).new_page()
            await page.goto(f"{app.url}/quick")
            await page.locator("#next").click()
            await expect(page.locator("#vote-a")).to_be_visible()
            body = await page.content()
            assert not any(name in body for name in NAMES)
            await assert_accessible(page, "a screen")
            prompt = await page.locator("#quick-prompt .text").inner_text()
            await asyncio.to_thread(app.kill)
            await asyncio.to_thread(app.start)
            await page.reload()
            await expect(page.locator("#quick-prompt .text")).to_have_text(prompt)
            for n in range(6):  # the first vote is withdrawn, and five are won
                await judge(page)
                await expect(page.locator("#quick-a .name")).to_be_visible()
                if n == 0:
                    await page.locator("#withdraw").click()
                    await assert_accessible(page, "after the vote")
                    await page.wait_for_timeout(SETTLE_MS)
                    await page.locator("#withdraw-wrong_button").click()
                    await expect(page.locator("#quick .verdict")).to_contain_text("You withdrew your vote")
                    await expect(page.locator("#withdraw")).to_have_count(0)
                if n < 5:
                    await page.wait_for_timeout(SETTLE_MS)
                    await page.keyboard.press("Enter")
                    await expect(page.locator("#vote-a")).to_be_visible()
            await expect(page.locator("#quick")).to_have_attribute("data-state", "over")
            assert await page.locator("#podium").evaluate("one => one.decode().then(() => one.naturalWidth)") == 480
            await assert_accessible(page, "the end of a round")
            async with page.expect_download() as saved:
                await page.locator("#save-png").click()
            picture = await (await saved.value).path()
            assert picture.read_bytes().startswith(b"\x89PNG")

            await page.goto(f"{app.url}/quick?campaign={token}")
            await page.locator("#next").click()
            for n in range(3):
                await expect(page.locator("#quick-score")).to_contain_text(f"{n} of 3")
                body = await page.content()
                assert not any(name in body for name in NAMES)
                await judge(page)
            await expect(page.locator("#quick")).to_have_attribute("data-state", "finished")
            await expect(page.locator(".judgements tbody tr")).to_have_count(3)
            await expect(page.locator(".judgements")).to_contain_text("Wren Sol better than Moss Tarn")
            await assert_accessible(page, "a finished campaign")

            plain = await (await browser.new_context(java_script_enabled=False)).new_page()
            await plain.goto(f"{app.url}/quick?campaign={token}")
            await expect(plain.locator("#quick")).to_have_attribute("data-state", "full")
            await plain.goto(f"{app.url}/quick")
            await plain.locator("#next").click()
            await plain.locator("#vote-tie").click()
            await expect(plain.locator("#quick-b .name")).to_be_visible()
            await plain.locator("#withdraw").click()
            await plain.locator("#withdraw-misread").click()
            await expect(plain.locator("#quick .verdict")).to_contain_text("You withdrew your vote")

    asyncio.run(main())
