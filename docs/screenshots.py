"""Takes the pictures of the README: starts the arena with an empty database, plays battles, photographs the pages.

    make screenshots        needs Chromium; writes docs/screenshots/*.png, light and dark, desktop and phone

The battles are real: the demo models answer, and the votes go where the script's dice send them.
"""

import asyncio
import sys
import tempfile
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, expect  # noqa: E402

from tests.end_to_end.running import App, ask, cast, chromium, open_battle_page  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
N_BATTLES = 24
PROMPTS = (
    "Reverse the word planet.",
    "What is 17 plus 25?",
    "Tell me a story about a fox named Pip.",
    "What is the capital of Japan?",
    "Sort these numbers: 9, 4, 7.",
)
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
    """Battles with votes, so that the board has something to show."""
    dice = Random(3)
    page = await browser.new_page()
    await open_battle_page(page, app.url)
    for number in range(N_BATTLES):
        await ask(page, PROMPTS[number % len(PROMPTS)])
        await cast(page, dice.choice(["vote-a", "vote-b", "vote-tie"]))
        await expect(page.locator("#head-a .name")).to_be_visible()
        await page.locator("#next").click()
    await page.close()


async def photograph(browser: Browser, app: App, device: str, scheme: Literal["light", "dark"]) -> None:
    context = await browser.new_context(**DEVICES[device], color_scheme=scheme)
    page = await context.new_page()

    async def shoot(name: str) -> None:
        await page.wait_for_timeout(400)
        await page.screenshot(path=FOLDER / f"{name}-{device}-{scheme}.png")

    await open_battle_page(page, app.url)
    await expect(page.locator("#send")).to_be_visible()
    await shoot("start")
    await ask(page, "Tell me a story about a fox named Pip.")
    await shoot("battle")
    await cast(page, "vote-a")
    await expect(page.locator("#head-a .name")).to_be_visible()
    await shoot("reveal")
    await page.goto(app.url + "/leaderboard")
    await expect(page.locator("#leaderboard-table table")).to_be_visible()
    await shoot("leaderboard")
    await page.goto(app.url + "/about")
    await shoot("about")
    await context.close()


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder))
        app.start()
        try:
            app.wait_until_ready()
            async with chromium() as browser:
                await play(browser, app)
                schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
                for device, scheme in product(DEVICES, schemes):
                    await photograph(browser, app, device, scheme)
        finally:
            app.stop()
    print(f"wrote {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    asyncio.run(main())
