"""The site: it builds without a warning, and a browser that shows it asks no other host for anything."""

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from tests.docs.pages import ROOT
from tests.end_to_end.running import chromium

WIDTHS = (1280, 390)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, from a copy of docs/ so that nothing is written into the checkout."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("zensical")), "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_site_has_every_page_and_no_program(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {path.stem for path in site.glob("*.html")} == pages | {"404"}
    assert list(site.rglob("*.py")) == []


@pytest.mark.browser
def test_pages_fit_the_width_and_ask_no_other_host(site: Path) -> None:
    with served(site) as url:
        asyncio.run(_visit_all(url, sorted(path.name for path in site.glob("*.html"))))


async def _visit_all(url: str, names: list[str]) -> None:
    hosts: set[str] = set()
    complaints: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or urlsplit(request.url).scheme))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            for name in names:
                await page.goto(f"{url}/{name}")
                complaints += await _overflow(page, f"{name} at {width}")
    assert complaints == []
    assert hosts <= {"127.0.0.1", "data"}


async def _overflow(page: Page, name: str) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{name} scrolls sideways by {wide} px"] if wide > 0 else []
