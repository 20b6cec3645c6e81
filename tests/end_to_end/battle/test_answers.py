"""Sides that think aloud, answer nothing or answer the same, in a real browser: the open votes and notices."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.end_to_end.recording_proxy import RecordingProxy
from tests.end_to_end.running import ROOT, App, ask, chromium, open_battle_page
from tests.fakes import Script, ScriptedEndpoint

pytestmark = pytest.mark.browser

THOUGHT = (
    "A secret thought.\n\n1. <b>Tokyo</b>, $$\\frac{1}{2}$$ ![x](http://127.0.0.1:9/x.png)\n```mermaid\ngraph TD\n```"
)
UNTAKEN = {"error": {"message": "Unsupported parameter: 'temperature'", "param": "temperature", "code": "unsupported"}}


def _stream(*deltas: dict[str, Any]) -> Script:
    chunks = [*({"choices": [{"index": 0, "delta": delta}]} for delta in deltas)]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return Script(raw=(*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n"))


SAME = _stream({"content": "It is Tokyo."})
PLAIN = _stream({"content": "Tokyo is the capital of Japan. It was called Edo until 1868."})


@pytest.fixture
def scripted_app(tmp_path: Path) -> Iterator[App]:
    """Two endpoints. One thinks and rejects a temperature, then answers like the other, then with nothing."""
    thinking = _stream({"reasoning_content": THOUGHT}, {"content": "The capital of Japan is Tokyo."})
    one = ScriptedEndpoint(Script(status=400, error=UNTAKEN), thinking, SAME, _stream({"content": " \n"}), PLAIN)
    with one, ScriptedEndpoint(PLAIN, SAME, SAME) as other:
        settings = tmp_path / "arena.toml"
        models = {"Wren Sol": one.base_url, "Moss Tarn": other.base_url}
        tables = (f'[[models]]\nname = "{name}"\nbase_url = "{url}"\n' for name, url in models.items())
        settings.write_text("".join(tables), encoding="utf-8")
        app = App(tmp_path / "data", ("--config", str(settings)))
        try:
            app.start()
            app.wait_until_ready()
            yield app
        finally:
            app.stop()


def test_thoughts_appear_after_the_vote_and_the_page_warns_of_empty_and_identical_answers(scripted_app: App) -> None:
    async def scenario() -> None:
        async with RecordingProxy(scripted_app.port) as proxy, chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, proxy.url)

            await ask(page, "What is the capital of Japan?")
            traffic = proxy.traffic()
            assert "tokyo" in traffic, "the proxy recorded nothing"
            for secret in ("secret thought", "left it out", "wren sol", "moss tarn"):
                assert secret not in traffic, f"{secret!r} was sent before the vote"
            await page.locator("#vote-a").click()
            await expect(page.locator("#reveal")).to_contain_text("Your vote counts.")
            below = page.locator("#more-a, #more-b")
            await expect(below).to_contain_text("This model does not accept temperature. The arena left it out.")
            thoughts = page.locator("details.thoughts")
            await expect(thoughts).to_have_count(1)
            await expect(thoughts.locator("div")).not_to_be_visible()
            await thoughts.locator("summary").click()
            await expect(thoughts.locator("div")).to_be_visible()
            assert (await thoughts.locator("div").inner_text()).split() == THOUGHT.split()
            assert await thoughts.locator("img, svg, b, .katex").count() == 0
            await page.locator("#next").click()

            await expect(page.locator("#examples")).to_be_visible()
            await ask(page, "And of France?")
            await expect(page.locator("#vote-hint")).to_contain_text("Both answers are the same")
            await expect(page.locator("#vote-a")).to_be_disabled()
            await expect(page.locator("#vote-b")).to_be_disabled()
            await page.locator("#battle").click(position={"x": 5, "y": 5})
            await page.keyboard.press("a")
            await page.keyboard.press("ArrowRight")
            await page.keyboard.press("t")
            await expect(page.locator("#reveal")).to_contain_text("You chose a tie. Your vote counts.")
            await expect(page.locator("details.thoughts")).to_have_count(0)
            await page.locator("#next").click()

            await expect(page.locator("#examples")).to_be_visible()
            await ask(page, "And of Italy?")
            await expect(page.locator("#vote-hint")).to_contain_text("A vote would not count")
            await expect(page.locator(".pane .aside")).to_have_text("This model returned an empty answer.")
            await page.locator("#retry-a, #retry-b").locator("visible=true").click()
            await expect(page.locator("#vote-hint")).to_contain_text("Which is better?")
            await page.locator("#vote-b").click()
            await expect(page.locator("#reveal")).to_contain_text("Your vote counts.")
            assert scripted_app.n_votes() == 3

    asyncio.run(scenario())
    command = [sys.executable, "-m", "arena", "admin", "recompute-verdicts", "--data", str(scripted_app.data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # beside the running arena
    assert done.stdout.splitlines()[1] == "verdicts that changed: 0"
