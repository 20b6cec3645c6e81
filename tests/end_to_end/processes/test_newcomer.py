"""The newcomer's whole loop in a real browser against the real models: prompt, two streams, vote, reveal, leaderboard.

Everything that passes between browser and server before a vote goes through a recording proxy and is searched for
what could name a model.
"""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.end_to_end.recording_proxy import RecordingProxy
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, App, ask, cast, chromium, go_on, open_battle_page

pytestmark = pytest.mark.browser

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# Answers of unlike length, so that now one side ends first and now the other.
PROMPTS = tuple(f"Tell me a story about {who}." for who in ("a fox named Pip", "an owl named Mia", "a bear named Tom"))
VOTES = ("vote-a", "vote-b", "vote-tie", "vote-bad")

WATCH_ENDS = """
window.ends = [];
new MutationObserver(() => {
  const ended = ["a", "b"].filter((side) => document.querySelector(`#head-${side} .is-done, #head-${side} .is-failed`));
  if (window.ends.length === 0 && ended.length > 0) window.ends.push(ended.length === 2 ? "both" : ended[0]);
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
"""


def identities(app: App) -> set[str]:
    """Return everything that names a model: display name, folder name, similar spellings, weights fingerprint."""
    board = app.get_json("/leaderboard.json")
    assert board is not None
    names = [row["model"] for row in board["models"]] + list(board["unrated"])
    assert len(names) == 4
    spellings = {
        spelling for name in names for spelling in (name, *(name.replace(" ", glue) for glue in ("-", "_", "")))
    }
    return {spelling.lower() for spelling in spellings}


def assert_absent(words: Iterable[str], traffic: str) -> None:
    for word in words:
        at = traffic.find(word)
        assert at < 0, f"{word!r} was sent before the vote: ...{traffic[max(0, at - 200) : at + 100]}..."


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_newcomer_battles_votes_and_sees_the_leaderboard_change(app: App, device: dict[str, Any]) -> None:
    """Play one battle for each vote; on the page both sides end together."""

    async def scenario() -> None:
        secrets = identities(app)
        async with RecordingProxy(app.port) as proxy, chromium() as browser:
            context = await browser.new_context(**device)
            await context.add_init_script(WATCH_ENDS)
            page = await context.new_page()
            foreign: list[str] = []
            page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith((proxy.url, "data:")) else None)
            await open_battle_page(page, proxy.url)
            for battle, vote in enumerate(VOTES):
                await page.evaluate("window.ends = []")
                proxy.forget()
                await ask(page, PROMPTS[battle % len(PROMPTS)])
                for side in "ab":
                    await expect(page.locator(f"#answer-{side}")).to_contain_text(re.compile(r"\S"))
                assert_absent(secrets, proxy.traffic())
                assert_absent(secrets, (await page.content()).lower())
                assert_absent(secrets, (await page.title()).lower())
                assert await page.evaluate("window.ends") == ["both"]

                await cast(page, vote)
                names = page.locator("#head-a .name, #head-b .name")
                await expect(names).to_have_count(2)
                shown = {(await name.inner_text()).lower() for name in await names.all()}
                assert len(shown) == 2
                assert shown <= secrets
                await expect(page.locator("#reveal")).to_be_visible()
                assert shown <= {secret for secret in secrets if secret in proxy.traffic()}, "the recorder is deaf"
                if vote != VOTES[-1]:
                    await go_on(page)

            await page.goto(proxy.url + "/leaderboard")
            table = page.locator("#leaderboard-table")
            for name in shown:
                await expect(table.get_by_text(re.compile(re.escape(name), re.IGNORECASE)).first).to_be_visible()
            assert app.n_votes() == len(VOTES)
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
            assert not foreign, f"requests left for other hosts: {foreign}"

    asyncio.run(scenario())


NAMED_FILES = """() => [...document.querySelectorAll('link[rel=stylesheet], link[rel=modulepreload]')]
    .filter(link => !link.disabled).map(link => link.href)"""


def test_a_page_before_any_battle_names_no_model(app: App) -> None:
    """Fetch the battle page, its configuration and its API pages, as a curious visitor would."""

    async def scenario() -> None:
        secrets = identities(app)
        async with RecordingProxy(app.port) as proxy, chromium() as browser:
            page = await browser.new_page()
            loaded: list[str] = []
            page.on("request", lambda r: loaded.append(r.url) if "/assets/" in r.url or "theme" in r.url else None)
            await open_battle_page(page, proxy.url)
            await expect(page.locator("#send")).to_be_visible()
            named = await page.evaluate(NAMED_FILES)
            assert sorted(loaded) == sorted(named), "the page loads what its head names, once, and nothing else"
            for path in (
                "/config",
                "/gradio_api/info",
                "/gradio_api/info?all_endpoints=true",
                "/openapi.json",
                "/health",
            ):
                await page.request.get(proxy.url + path)
            assert_absent(secrets, proxy.traffic())

    asyncio.run(scenario())


def test_reload_in_mid_answer_goes_on_with_the_same_battle(app: App) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            await page.locator("#prompt textarea").fill("Tell me a story about a cat named Bo.")
            await page.locator("#send").click()
            await expect(page.locator("#stop")).to_be_visible()
            await page.reload()
            await expect(page.locator("#asked")).to_contain_text("a cat named Bo")
            await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
            await page.locator("#vote-tie").click()
            await expect(page.locator("#head-a .name")).to_be_visible()

    asyncio.run(scenario())


def test_second_turn_keeps_the_same_two_models_and_one_vote(app: App) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            await ask(page, "What is 7 plus 5?")
            await ask(page, "Reverse the word planet.")
            await cast(page, "vote-a")
            await expect(page.locator("#head-a .name")).to_be_visible()
            assert app.n_votes() == 1

    asyncio.run(scenario())
