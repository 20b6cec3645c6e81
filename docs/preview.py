"""Draw the picture of link previews: the arena's mark on its page colour.

    python docs/preview.py        needs Chromium; writes arena/ui/theme/icons/preview.png

It has no words, so one picture serves every language and every title.
"""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.end_to_end.running import chromium  # noqa: E402

ICONS = ROOT / "arena" / "ui" / "theme" / "icons"
PAGE = """
<style>
  body { margin: 0; width: 1200px; height: 630px; display: grid; place-items: center; background: #ffffff; }
  svg { width: 360px; height: 360px; }
</style>
"""


async def draw() -> bytes:
    mark = (ICONS / "favicon.svg").read_text(encoding="utf-8")
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1200, "height": 630}, color_scheme="light")
        await page.set_content(PAGE + mark)
        return await page.screenshot()


if __name__ == "__main__":
    picture = ICONS / "preview.png"
    picture.write_bytes(asyncio.run(draw()))
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")
