"""The gallery: everything that an answer can hold, while it is written and when it is finished, in both themes, widths
and languages. axe-core finds nothing serious, nothing is wider than the window, and no other host is asked.

GALLERY=/some/folder keeps a picture of each state.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, Route, expect

from arena.ui import theme
from arena.ui.markup import static, whole
from arena.web.headers import POLICY
from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.running import ROOT, chromium, open_battle_page
from tests.end_to_end.scripted import MODELS, Says, ScriptedArena, scripted_arena
from tests.waiting import read_until

pytestmark = pytest.mark.browser

TEXTS = {name: (ROOT / f"tests/data/gallery/{name}.md").read_text(encoding="utf-8") for name in ("plain", "korean")}
Scheme = Literal["light", "dark"]
Size = tuple[int, int]
DESKTOP, PHONE = (1280, 900), (390, 844)
LOOKS: tuple[tuple[str, Scheme, Size], ...] = (
    *(("en", "light", DESKTOP), ("en", "dark", DESKTOP), ("en", "light", PHONE), ("en", "dark", PHONE)),
    *(("ko", "light", DESKTOP), ("ko", "dark", DESKTOP), ("ko", "light", PHONE), ("ko", "dark", PHONE)),
)
SOME = LOOKS if os.environ.get("GALLERY") else (LOOKS[3], LOOKS[4])
"""While an answer is written, and on a page of the server, the elements are the same: two looks show all of them."""
PROMPT = "Show all"
_BODY = "body { color: var(--ink); background: var(--page); font: 16px/1.6 system-ui; margin: 8px; }"
_INK = {"light": "rgb(27, 31, 39)", "dark": "rgb(232, 235, 240)"}

# Words in cells are whole: each is in one line. Code in a line is not cut, nor mixed into Arabic. Everything that is
# wider than its place scrolls, and by keyboard.
_LOOK = """() => {
    const lines = (node, start, end) => {
        const range = document.createRange();
        range.setStart(node, start);
        range.setEnd(node, end);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    };
    const broken = [];
    for (const cell of document.querySelectorAll(".answer :is(td, th)")) {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            for (const word of walker.currentNode.data.matchAll(/[A-Za-z0-9가-힣]+/g)) {
                if (lines(walker.currentNode, word.index, word.index + word[0].length) > 1) broken.push(word[0]);
            }
        }
    }
    const boxes = [...document.querySelectorAll(".answer :is(pre, .table, .katex-display, .formula > math[display])")];
    const scrolls = boxes.filter((box) => box.scrollWidth > box.clientWidth + 1);
    const right = (node) => node.getBoundingClientRect().right;
    const inLine = [...document.querySelectorAll(".answer :is(p, li) > :is(code, a)")];
    return {
        broken,
        cut: inLine.filter((node) => right(node) > right(node.closest(".answer"))).map((node) => node.textContent),
        mixed: inLine.filter((node) => node.matches("code") && getComputedStyle(node).unicodeBidi !== "isolate").length,
        wider: Math.max(0, document.documentElement.scrollWidth - innerWidth),
        unreachable: scrolls.filter((box) => box.tabIndex < 0 || !box.ariaLabel).map((box) => box.textContent),
        small: [...document.querySelectorAll(".answer li")].filter((item) => getComputedStyle(item).fontSize !== "16px")
            .length,
    };
}"""


@pytest.fixture(scope="module")
def gate() -> threading.Event:
    return threading.Event()


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory, gate: threading.Event) -> Iterator[ScriptedArena]:
    says: dict[str | tuple[str, str], Says] = {
        (model, PROMPT): Says(text, n_chars=300, gate=gate) for model, text in zip(MODELS, TEXTS.values(), strict=True)
    }
    settings = '[battle]\npace = "free"\nstall_timeout_s = 600.0\n'  # both stand still while they are looked at
    with scripted_arena(tmp_path_factory.mktemp("gallery"), says, settings=settings) as arena:
        yield arena


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[Page]:
    """A page that asks no other host, has no error, and whose policy had to stop nothing."""
    asked: list[str] = []
    complaints: list[str] = []
    async with chromium() as browser:
        context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert not [url for url in asked if not url.startswith((address, "data:"))]
    assert not complaints


async def _check(page: Page, state: str) -> None:
    await page.evaluate("document.fonts.ready")
    folder = os.environ.get("GALLERY")
    if folder:
        await page.screenshot(path=f"{folder}/{state}.png", full_page=True)
    good = {"broken": [], "cut": [], "mixed": 0, "wider": 0, "unreachable": [], "small": 0}
    found: dict[str, Any] = await read_until(lambda: page.evaluate(_LOOK), lambda found: found == good)
    assert found == good, state  # what scrolls can be focused a frame after it has its width
    await assert_accessible(page, state)


async def _check_all(page: Page, address: str, state: str, looks: Sequence[tuple[str, Scheme, Size]]) -> None:
    """Check a state in these languages, themes and widths."""
    current = ""
    for language, scheme, (width, height) in looks:
        if language != current:
            await page.context.add_cookies([{"name": "lang", "value": language, "url": address}])
            await page.reload()
            await expect(page.locator("#answer-a .table").first).to_be_visible()
            await expect(page.locator("#answer-a .katex").first).to_be_attached()
            current = language
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator("#answer-a p").first).to_have_css("color", _INK[scheme])
        await _check(page, f"{state}-{language}-{scheme}-{width}")


def test_the_gallery_is_readable_and_accessible_in_every_state(arena: ScriptedArena, gate: threading.Event) -> None:
    async def scenario() -> None:
        async with _page(arena.url) as page:
            await open_battle_page(page, arena.url)
            await page.locator("#prompt textarea").fill(PROMPT)
            await page.locator("#send").click()
            await expect(page.locator("#answer-a .code").first).to_be_visible()
            await expect(page.locator("#answer-a > .copy")).to_have_count(0)  # while it is written
            await _check_all(page, arena.url, "writing", SOME)
            gate.set()
            await expect(page.locator("#vote-a")).to_be_enabled()
            await expect(page.locator(".answer > .copy")).to_have_count(2)
            await _check_all(page, arena.url, "finished", LOOKS)
            await _check_copies(page)

    asyncio.run(scenario())


async def _check_copies(page: Page) -> None:
    """By keyboard: a block's button copies its code, the answer's button copies Markdown that reads the same."""
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})  # a phone shows one side at a time
    code = page.locator(".answer .code", has_text="class Point").first
    await code.locator(".copy").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".copy-status")).to_have_text("복사했습니다")
    assert (await page.evaluate("navigator.clipboard.readText()")).startswith("@dataclass(frozen=True)\nclass Point:\n")
    copied = []
    for answer in await page.locator(".answer:has(> .copy)").all():
        await answer.locator("> .copy").focus()
        await page.keyboard.press("Enter")
        await expect(answer.locator("> .copy")).to_have_text("복사했습니다")
        copied.append(await page.evaluate("navigator.clipboard.readText()"))
    assert {whole(text) for text in copied} == {whole(text) for text in TEXTS.values()}


def test_an_answer_on_a_page_of_the_server_looks_the_same() -> None:
    """No KaTeX is there: formulas are MathML."""
    address = "http://127.0.0.1:9"

    async def scenario() -> None:
        async with _page(address) as page:
            for name, text in TEXTS.items():
                n_formulas = text.count("$$") // 2 + {"plain": 4, "korean": 1}[name]
                for language, scheme, (width, height) in SOME:
                    await page.route(f"{address}/{name}", _serve(static(text), language, scheme))
                    await page.set_viewport_size({"width": width, "height": height})
                    await page.goto(f"{address}/{name}")
                    await expect(page.locator(".answer > .copy")).to_have_count(1)
                    assert await page.locator(".formula > math").count() == n_formulas
                    await _check(page, f"static-{name}-{language}-{scheme}-{width}")

    asyncio.run(scenario())


def _serve(answer: str, language: str, scheme: Scheme) -> Callable[[Route], Awaitable[None]]:
    """Serve a page with one answer, its style sheets and its scripts, under the policy of all pages."""
    folder = Path(theme.__file__).parent
    styles = "".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in ("frame/tokens", "answer/answer"))
    page = (
        f'<!doctype html><html lang="{language}" data-theme="{scheme}"><head><title>Answer</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{styles}{_BODY}</style>"
        f'<script nonce="n">{theme.plain_script()}</script></head>'
        f"<body><main><h1>Answer</h1>{answer}</main></body></html>"
    )
    headers = {"content-security-policy": POLICY.replace("script-src 'self'", "script-src 'nonce-n'")}

    async def serve(route: Route) -> None:
        await route.fulfill(body=page, content_type="text/html; charset=utf-8", headers=headers)

    return serve
