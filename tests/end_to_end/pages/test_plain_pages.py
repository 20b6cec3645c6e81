"""Titles, colours, consent, the page without script and the 404 page, in a real browser."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.end_to_end.running import App, chromium

pytestmark = pytest.mark.browser

TITLES = {
    "en": {"/": "Compare two language models blind", "/leaderboard": "Leaderboard", "/about": "About this arena"},
    "ko": {"/": "이름을 가린 두 언어 모델의 대결", "/leaderboard": "순위표", "/about": "아레나 소개"},
}


def test_titles_and_pages_without_script(tmp_path: Path) -> None:
    console: list[str] = []

    async def scenario(url: str) -> None:
        async with chromium() as browser:
            for language, titles in TITLES.items():
                page = await browser.new_page(locale=language)
                page.on("console", lambda line: console.append(line.text))
                for path, title in titles.items():
                    await page.goto(url + path)
                    if path == "/":
                        await expect(page.locator("main h1")).to_be_visible()  # Gradio has started
                        await expect(page.locator(".plain")).to_have_count(0)
                    await expect(page).to_have_title(f"{title} · Arena")
            await page.locator("#theme button[value=dark]").click()
            await expect(page.locator("body")).to_have_css("background-color", "rgb(14, 17, 22)")
            await page.goto(url)
            await expect(page.locator("body.dark")).to_have_count(1)  # Gradio follows
            await page.locator("#theme button[value=light]").click()
            await expect(page.locator("body.dark")).to_have_count(0)
            await page.locator("#prompt textarea").fill("kept")
            await page.locator("#consent button[value=given]").click()
            await expect(page.locator("#consent .given").first).to_be_visible()
            await page.locator("#consent button[value=hidden]").click()
            await expect(page.locator("#consent")).to_have_count(0)
            await expect(page.locator("#prompt textarea")).to_have_value("kept")
            await page.reload()
            await expect(page.locator("#send")).to_be_visible()
            await expect(page.locator("#consent")).to_have_count(0)
            assert not [line for line in console if "Content Security Policy" in line]

            page = await browser.new_page(locale="en", java_script_enabled=False, color_scheme="dark")
            await page.goto(url)
            await expect(page.locator("main.plain")).to_contain_text("A battle needs JavaScript.")
            await expect(page.locator("body")).to_have_css("background-color", "rgb(14, 17, 22)")
            await page.locator("main a", has_text="Leaderboard").click()
            await expect(page.locator("#leaderboard-table")).to_contain_text("No vote has been counted yet.")
            await page.locator("#language a[lang=ko]").click()
            await expect(page.locator("#leaderboard-table")).to_contain_text("아직 집계된 투표가 없습니다.")
            await page.locator("#header nav a", has_text="소개").click()
            await expect(page.locator("#about h1")).to_have_text("아레나 소개")
            await page.locator("#theme button[value=light]").click()
            await expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
            await expect(page.locator("#about h1")).to_have_text("아레나 소개")
            await page.locator("#consent button[value=refused]").first.click()
            await expect(page.locator("#consent span.refused")).to_be_visible()

            page = await browser.new_page(locale="ko", color_scheme="light")
            answer = await page.goto(f"{url}/no/such/page")
            assert answer is not None
            assert answer.status == 404
            await expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
            await page.locator("main a", has_text="순위표").click()
            await expect(page).to_have_url(f"{url}/leaderboard")

    app = App(tmp_path / "data")
    try:
        app.start()
        asyncio.run(scenario(app.url))
    finally:
        app.stop()
