"""Every page and state of `states.py`: axe-core finds nothing serious, nothing is wider than the window, and nothing
fails in a script."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.pages.states import Stage, show_all, stage
from tests.end_to_end.running import chromium
from tests.waiting import read_until

pytestmark = pytest.mark.browser

_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOOKS: tuple[tuple[int, int, Literal["light", "dark"]], ...] = ((1280, 860, "light"), (390, 844, "dark"))


def test_every_state_is_accessible_and_as_wide_as_its_window(tmp_path: Path) -> None:
    seen: list[str] = []
    errors: list[str] = []

    async def scenario(running: Stage) -> None:
        async with chromium() as browser:
            page = await browser.new_page(reduced_motion="reduce", locale="en")
            page.on("pageerror", lambda error: errors.append(str(error)))

            async def look(state: str) -> None:
                seen.append(state)
                for width, height, scheme in LOOKS:
                    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    await page.set_viewport_size({"width": width, "height": height})
                    await page.evaluate(_TWO_FRAMES)  # what scrolls sideways can be focused then
                    if len(seen) % 2 == (scheme == "dark"):  # each state once: most elements are in several
                        await assert_accessible(page, f"{state}, {scheme}, {width} px wide")
                    assert await read_until(lambda: _is_within(page), bool), f"{state}, {width} px wide"
                    await _check_dock(page, f"{state}, {width} px wide")

            await show_all(page, running, look)

    with stage(tmp_path) as running:
        asyncio.run(scenario(running))
    assert not errors
    assert len(seen) == len(set(seen)) > 20


async def _is_within(page: Page) -> bool:
    found: bool = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found


async def _check_dock(page: Page, state: str) -> None:
    """The dock of a battle ends where the window ends, and what is above it has room."""
    dock = page.locator(".in-battle #dock")
    if await dock.count() == 0:
        return
    await expect(page.locator("#footer")).to_be_hidden()

    async def read() -> tuple[float, float, float]:
        box = "node.getBoundingClientRect()"
        top, bottom, height = await dock.evaluate(f"node => [{box}.top, {box}.bottom, innerHeight]")
        return top, bottom, height

    top, bottom, height = await read_until(read, lambda found: abs(found[1] - found[2]) < 2)
    assert abs(bottom - height) < 2, state
    if not state.startswith("reasons"):
        assert top > height / 3, state
