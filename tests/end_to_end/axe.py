"""axe-core in a page: what it finds that keeps people out.

The Content-Security-Policy of the pages stops injected scripts, but not those that Playwright evaluates.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

_GRAVE = ("serious", "critical")
_STILL = """Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => null)))"""
"""What fades in has its contrast only at the end."""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


async def assert_accessible(
    page: Page, state: str, *, within: str | None = None, without: tuple[str, ...] = ()
) -> None:
    """Fail if axe-core finds a serious or critical violation, and name each with its elements.

    `state` says in the message what the page showed. `within` is the selector of the part to look at (default: the
    whole page); `without` are ids of axe-core's rules to leave out, each with a reason beside the call.
    """
    if not await page.evaluate("window.axe !== undefined"):
        await page.evaluate(_axe())
    await page.evaluate(_STILL)
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
    found: list[dict[str, Any]] = await page.evaluate(
        "([within, options]) => axe.run(within ?? document, options).then((found) => found.violations)",
        [within, options],
    )
    lines = [
        f"{one['impact']} {one['id']}: {one['help']}\n"
        f"    {node['target']}: {node['failureSummary']}\n    {node['html']}"
        for one in found
        if one["impact"] in _GRAVE
        for node in one["nodes"]
    ]
    assert not lines, "\n".join([f"axe-core, {state}:", *lines])
