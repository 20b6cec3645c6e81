"""Take the pictures of the README and the documentation.

An arena is started, battles are played in it, and the pages are photographed.

    make screenshots                          needs Chromium; writes docs/screenshots/*.png, light and dark, desktop and
                                              phone
    make screenshots ARGS="--states FOLDER"   writes every page and state to FOLDER instead, in English and Korean

The battles of the documentation are real: the demo models answer, and a seeded random number decides each vote.
overview.png shows one battle in four steps, put together from four photographs. In the states, scripted models answer
(tests/end_to_end/pages/states.py).
"""

import argparse
import asyncio
import base64
import re
import sys
import tempfile
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page, ViewportSize, expect  # noqa: E402

from arena.ui.messages import LANGUAGES  # noqa: E402
from tests.end_to_end.pages.states import Stage, show_all, stage  # noqa: E402
from tests.end_to_end.running import App, ask, cast, chromium, open_battle_page  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
N_BATTLES = 24
FURTHER = {"quick": "/quick", "model": "/model?name=Wren+Sol", "mine": "/mine", "about": "/about"}
"""Pages that are photographed as they open, by the picture's name."""
STORY = "Tell me a story about a fox named Pip."
PROMPTS = (
    "Reverse the word planet.",
    "What is 17 plus 25?",
    STORY,
    "What is the capital of Japan?",
    "Sort these numbers: 9, 4, 7.",
)
STARTED = re.compile(r"\w{3}.{30}", re.DOTALL)
DECLINED = re.compile(r"[Ss]orry|not learned|regret|^No |I don't do")
"""How the demo models decline, each in its manner (inference/demo/corpus/manners)."""
MAX_TRIES = 12
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PANEL: ViewportSize = {"width": 860, "height": 560}
STEPS = (
    ("stream", "1. Two anonymous models answer, at one pace"),
    ("vote", "2. The visitor votes"),
    ("reveal", "3. Names and ratings are revealed"),
    ("board", "4. The leaderboard moves"),
)
OVERVIEW = """
<style>
  body { margin: 0; padding: 20px; width: 1560px; background: #f0f2f6; font: 600 24px/1.3 sans-serif; color: #1b1f27;
         display: grid; grid-template-columns: 1fr 1fr; gap: 24px 20px; }
  figure { margin: 0; } figcaption { margin-bottom: 8px; }
  img { display: block; width: 100%; border: 1px solid #cfd4dd; border-radius: 10px; }
</style>
"""
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}


async def play(browser: Browser, app: App) -> None:
    """Play battles with votes, so that the board has something to show."""
    dice = Random(3)
    page = await browser.new_page()
    await open_battle_page(page, app.url)
    for number in range(N_BATTLES):
        await ask(page, PROMPTS[number % len(PROMPTS)])
        await cast(page, await preferred(page) or dice.choice(["vote-a", "vote-b", "vote-tie"]))
        await expect(page.locator("#head-a .name")).to_be_visible()
        await page.locator("#next").click()
    await page.close()


async def preferred(page: Page) -> str | None:
    """The vote for the one side that does not decline; None if both or none of them do."""
    declined_a, declined_b = [await declines(page, side) for side in "ab"]
    return {(True, False): "vote-b", (False, True): "vote-a"}.get((declined_a, declined_b))


async def declines(page: Page, side: str) -> bool:
    """Whether a demo model says, in its manner, that it has not learned this."""
    return DECLINED.search(await page.locator(f"#answer-{side}").inner_text()) is not None


async def photograph(browser: Browser, app: App, device: str, scheme: Literal["light", "dark"]) -> None:
    context = await browser.new_context(**DEVICES[device], color_scheme=scheme)
    page = await context.new_page()

    async def shoot(name: str) -> None:
        await page.wait_for_timeout(400)
        await page.screenshot(path=FOLDER / f"{name}-{device}-{scheme}.png")

    await open_battle_page(page, app.url)
    await expect(page.locator("#send")).to_be_visible()
    await shoot("start")
    await ask(page, STORY)
    await shoot("battle")
    await cast(page, await preferred(page) or "vote-a")
    await expect(page.locator("#head-a .name")).to_be_visible()
    await shoot("reveal")
    await page.goto(app.url + "/leaderboard")
    await expect(page.locator("#leaderboard-table table")).to_be_visible()
    await shoot("leaderboard")
    for name, path in FURTHER.items():
        await page.goto(app.url + path)
        await expect(page.locator("h1").first).to_be_visible()
        await shoot(name)
    await context.close()


async def photograph_steps(browser: Browser, app: App) -> None:
    """Write overview.png: a battle while it streams, at the vote, after it, and the board."""
    context = await browser.new_context(viewport=PANEL, device_scale_factor=2)
    page = await context.new_page()
    pictures: dict[str, bytes] = {}

    async def shoot(name: str) -> None:
        await page.wait_for_timeout(400)
        pictures[name] = await page.screenshot()

    await open_battle_page(page, app.url)
    for _ in range(MAX_TRIES):
        await page.locator("#prompt textarea").fill(STORY)
        await page.locator("#send").click()
        for side in "ab":
            await expect(page.locator(f"#answer-{side}")).to_have_text(STARTED, timeout=60_000)  # a refusal has "Copy"
        pictures["stream"] = await page.screenshot()
        await expect(page.locator("#vote-tie")).to_be_enabled(timeout=60_000)
        await shoot("vote")
        if not any([await declines(page, side) for side in "ab"]):
            break
        await cast(page, await preferred(page) or "vote-tie")
        await page.locator("#next").click()
    await cast(page, await preferred(page) or "vote-a")
    await expect(page.locator("#head-a .name")).to_be_visible()
    await shoot("reveal")
    await page.goto(app.url + "/leaderboard")
    await expect(page.locator("#leaderboard-table table")).to_be_visible()
    await shoot("board")
    figures = "".join(
        f"<figure><figcaption>{text}</figcaption>"
        f'<img src="data:image/png;base64,{base64.b64encode(pictures[name]).decode()}"></figure>'
        for name, text in STEPS
    )
    await page.set_viewport_size({"width": 1600, "height": 1000})
    await page.set_content(OVERVIEW + figures)
    await page.screenshot(path=FOLDER / "overview.png", full_page=True, scale="css")
    await context.close()


async def photograph_states(folder: Path, running: Stage) -> None:
    """Write a picture of every state in both languages, on both devices, in both schemes."""
    async with chromium() as browser:
        for language, device in product(LANGUAGES, DEVICES):
            context = await browser.new_context(**DEVICES[device], locale=language, reduced_motion="reduce")
            await context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = await context.new_page()

            async def look(state: str, page: Page = page, suffix: str = f"{language}-{device}") -> None:
                for scheme in SCHEMES:
                    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    await page.wait_for_timeout(400)
                    await page.screenshot(path=folder / f"{state}-{suffix}-{scheme}.png")

            await show_all(page, running, look)
            await context.close()


async def photograph_documentation() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder))
        app.start()
        try:
            app.wait_until_ready()
            async with chromium() as browser:
                await play(browser, app)
                await photograph_steps(browser, app)
                for device, scheme in product(DEVICES, SCHEMES):
                    await photograph(browser, app, device, scheme)
        finally:
            app.stop()
    print(f"wrote {FOLDER.relative_to(ROOT)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the README and the documentation.")
    parser.add_argument("--states", type=Path, metavar="FOLDER", help="write every page and state to FOLDER instead")
    states: Path | None = parser.parse_args().states
    if states is None:
        asyncio.run(photograph_documentation())
        return
    states.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as running:
        asyncio.run(photograph_states(states, running))
    print(f"wrote {states}")


if __name__ == "__main__":
    main()
