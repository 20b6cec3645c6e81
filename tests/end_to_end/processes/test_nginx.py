"""A battle through nginx with TLS, as in `docs/deployment.md`: at its own host, and at a path of a host.

The models are scripted and wait between two words until the test has seen the first: what a buffering proxy keeps back
never comes.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.end_to_end.processes.nginx import documented, nginx
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, App, chromium, go_on, open_battle_page
from tests.fakes import Script, ScriptedEndpoint
from tests.ports import free_port

pytestmark = pytest.mark.browser


class Models:
    """Two models that count to three, in words and in figures, and wait before the second and the third."""

    def __init__(self) -> None:
        self.gates = {1: threading.Event(), 2: threading.Event()}
        counts = (("One", " Two", " Three"), ("1", " 2", " 3"))
        self.servers = [ScriptedEndpoint(Script(tokens=count, gates=self.gates)) for count in counts]

    def wait_again(self) -> None:
        for gate in self.gates.values():
            gate.clear()


@contextmanager
def arena(folder: Path, public_url: str) -> Iterator[tuple[App, Models]]:
    models = Models()
    settings = f'[web]\npublic_url = "{public_url}"\n[battle]\npace = "free"\n'
    with models.servers[0], models.servers[1]:
        for server in models.servers:
            settings += f'[[models]]\nname = "model {server.port}"\nbase_url = "{server.base_url}"\n'
        (folder / "arena.toml").write_text(settings, encoding="utf-8")
        app = App(folder / "data", options=("--config", str(folder / "arena.toml")))
        try:
            app.start()
            app.wait_until_ready()
            yield app, models
        finally:
            app.stop()


async def battle(page: Page, url: str, models: Models) -> None:
    """Play a battle; each step waits for the result of the one before."""
    models.wait_again()
    await open_battle_page(page, url)
    assert await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    await page.locator("#prompt textarea").fill("Count to three.")
    await page.locator("#send").click()
    answer = page.locator("#answer-a p")
    await expect(answer).to_have_text(re.compile(r"^\s*(One|1)\s*$"), timeout=ANSWER_TIMEOUT_MS)
    await page.reload()
    await expect(answer).to_have_text(re.compile(r"^\s*(One|1)\s*$"), timeout=ANSWER_TIMEOUT_MS)
    models.gates[1].set()
    await expect(answer).to_have_text(re.compile(r"^\s*(One Two|1 2)\s*$"))
    models.gates[2].set()
    await expect(answer).to_have_text(re.compile(r"^\s*(One Two Three|1 2 3)\s*$"))
    await expect(page.locator("#vote-a")).to_be_enabled()
    await page.locator("#vote-a").click()
    await expect(page.locator("#head-a .name")).to_be_visible()


async def look_around(page: Page, url: str) -> None:
    """Visit the other pages after a vote."""
    await go_on(page)
    await page.locator("#so-far a").click()
    await expect(page.locator("#leaderboard-table tbody tr")).to_have_count(2)
    assert page.url == f"{url}/leaderboard"
    board = await page.request.get(f"{url}/leaderboard.json")
    assert (await board.json())["votes"] > 0
    await page.locator("#language a[lang=ko]").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await page.reload()
    await expect(page.locator('nav a[aria-current="page"]')).to_have_text("순위표")
    await expect(page.locator('#language a[aria-current="true"]')).to_have_text("한국어")
    await page.locator("#header .title").click()
    await expect(page.locator("#send")).to_be_enabled()
    await expect(page.locator('nav a[aria-current="page"]')).to_have_text("대결")
    assert page.url == f"{url}/"


async def visit(browser: Browser, url: str, models: Models) -> None:
    """Visit as a new visitor: no request leaves the arena's address or fails, and no cookie is sent elsewhere."""
    async with await browser.new_context(ignore_https_errors=True) as context:
        page = await context.new_page()
        wrong: list[str] = []
        page.on(
            "request", lambda request: None if f"{request.url}/".startswith(f"{url}/") else wrong.append(request.url)
        )
        page.on(
            "response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status > 399 else None
        )
        await battle(page, url, models)
        await look_around(page, url)
        assert wrong == []
        path = url.partition("//")[2].partition("/")[2]
        cookies = {cookie["name"]: cookie for cookie in await context.cookies()}
        assert cookies.keys() == {"visitor", "lang"}
        assert {cookie["path"] for cookie in cookies.values()} == {f"/{path}/" if path else "/"}
        assert cookies["visitor"]["secure"]


def test_a_battle_through_nginx_at_its_own_host(tmp_path: Path) -> None:
    port = free_port()
    url = f"https://localhost:{port}"

    async def scenario(models: Models) -> None:
        async with chromium() as browser:
            await visit(browser, url, models)

    with arena(tmp_path, url) as (app, models):
        with nginx(tmp_path / "nginx", documented("/"), port=port, upstream=app.port) as certificate:
            trust = ssl.create_default_context(cafile=certificate)
            with httpx.stream("GET", f"{url}/gradio_api/heartbeat/x", verify=trust, trust_env=False) as stream:
                assert "ALIVE" in next(stream.iter_text()), "nginx keeps back what fills none of its buffers"
            asyncio.run(scenario(models))


def test_a_battle_through_nginx_at_a_path_that_it_strips_or_keeps(tmp_path: Path) -> None:
    port = free_port()
    url = f"https://localhost:{port}/arena"
    taken_off = documented("/arena/")
    kept = taken_off.replace("location /arena/ ", "location /arena ").replace(":7860/;", ":7860;")
    assert kept.count("/arena ") == 1

    async def scenario(app: App, models: Models) -> None:
        async with chromium() as browser:
            with nginx(tmp_path / "nginx", taken_off, port=port, upstream=app.port):
                await visit(browser, url, models)
                await look_at_addresses(browser, url)
            with nginx(tmp_path / "nginx", kept, port=port, upstream=app.port):
                async with await browser.new_context(ignore_https_errors=True) as context:
                    await battle(await context.new_page(), url, models)
                await look_at_addresses(browser, url)

    with arena(tmp_path, url) as (app, models):
        asyncio.run(scenario(app, models))


async def look_at_addresses(browser: Browser, url: str) -> None:
    """Request other addresses at the path: with and without a slash, by HEAD, and one that does not exist."""
    async with await browser.new_context(ignore_https_errors=True) as context:
        for address, found, status in (
            ("", "/", 200),
            ("/about/?lang=ko", "/about?lang=ko", 200),
            ("/health", "/health", 200),
            ("/leaderboard.csv", "/leaderboard.csv", 200),
            ("/leaderboard.html?lang=ko", "/leaderboard?lang=ko", 200),
            ("/favicon.ico", "/favicon.ico", 200),
            ("/favicon.svg", "/favicon.svg", 200),
            ("/nowhere", "/nowhere", 404),
        ):
            for ask in (context.request.get, context.request.head):
                answer = await ask(url + address)
                assert (answer.url, answer.status) == (url + found, status)
