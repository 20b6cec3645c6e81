"""A first page that loads sooner than Gradio's, from the same files.

Gradio's page names one script, which loads others, which load the components: each waits for the one before it, and
half of the 50 requests are small style sheets. Here

- the head names every script that the page will load (`modulepreload`), so that all come at once;
- the style sheets come as one. The head also names each of them as a disabled style sheet, which a browser does not
  load; Gradio's script finds it there and does not load it either;
- the script for pages in frames is left out, since no page may be framed, and so are the other languages' sentences;
- scripts and style sheets are in memory (`assets`): Gradio reads and compresses a file for each request.

If Gradio's files are not as expected, its page stays as it is: slower, but right.
"""

import hashlib
import logging
import re
from collections.abc import Mapping

import gradio as gr
from gradio.routes import toorjson

from arena.ui.framework.frontend_files import FrontendFiles, Loaded

logger = logging.getLogger(__name__)

_FRAMES = re.compile(rb"<script>(?:(?!</script>).)*/static/js/iframeResizer(?:(?!</script>).)*</script>", re.DOTALL)
_ROOT = re.compile(rb'"root":"([^"\\]+)"')
_THEME_HASH = re.compile(rb'"theme_hash":"(\w+)"')
_HEAD_END = b"</head>"


class Frontend:
    """What the pages load, by their path. `theme` is the style sheet that Gradio serves at `/theme.css`."""

    def __init__(
        self,
        pages: gr.Blocks,
        *,
        theme: str,
        sentences: Mapping[str, Mapping[str, str]],
        files: FrontendFiles | None = None,
    ) -> None:
        files = files or FrontendFiles()
        self.assets: dict[str, bytes] = {}
        self._heads: dict[str, str] = {}
        self._sentences = {language: _as_in_the_page({language: texts}) for language, texts in sentences.items()}
        try:
            loaded = {path: files.loaded(kinds) for path, kinds in _kinds(pages).items()}
        except (LookupError, OSError) as error:
            logger.warning("pages load as slowly as Gradio makes them: %s", error)
            return
        frame = files.loaded([]).later_sheets  # Gradio's theme follows the frame's sheets
        sheets = list(dict.fromkeys([*frame, *(name for page in loaded.values() for name in page.later_sheets)]))
        texts = [files.text(name) for name in sheets]
        sheet = "\n".join([*texts[: len(frame)], theme, *texts[len(frame) :]]).encode()
        self._sheet = f"pages-{hashlib.sha256(sheet).hexdigest()[:12]}.css"
        self.assets[f"/assets/{self._sheet}"] = sheet
        for page in loaded.values():
            for name in (*page.scripts, *page.sheets):
                self.assets[f"/assets/{name}"] = files.text(name).encode()
        self._heads = {path: self._head(page, sheets) for path, page in loaded.items()}

    def changed(self, page: bytes, path: str, language: str) -> bytes:
        """Return Gradio's page at `path` so that it loads sooner, for a reader of the language."""
        head = self._heads.get(path)
        if head is None:
            return page
        for other, sentences in self._sentences.items():
            if other != language:
                page = page.replace(b"," + sentences, b"", 1).replace(sentences + b",", b"", 1)
        root, theme = _ROOT.search(page), _THEME_HASH.search(page)
        if root is not None and theme is not None:
            head += _loaded(f"{root[1].decode().rstrip('/')}/theme.css?v={theme[1].decode()}")
        return _FRAMES.sub(b"", page, count=1).replace(_HEAD_END, head.encode() + _HEAD_END, 1)

    def _head(self, page: Loaded, sheets: list[str]) -> str:
        """Return the end of a page's head."""
        text = f'<link rel="stylesheet" crossorigin href="./assets/{self._sheet}">'
        text += "".join(f'<link rel="modulepreload" crossorigin href="./assets/{name}">' for name in page.scripts)
        return text + "".join(_loaded(f"./assets/{name}") for name in sheets)


def _loaded(address: str) -> str:
    return f'<link rel="stylesheet" disabled href="{address}">'


def _as_in_the_page(sentences: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return one language's sentences as they are in the page's configuration."""
    text: str = toorjson(sentences)  # type: ignore[no-untyped-call]
    return text[1:-1].encode()


def _kinds(pages: gr.Blocks) -> dict[str, list[str]]:
    """Return the kinds of components of each page, such as `textbox`, by the page's path."""
    kinds: dict[str, list[str]] = {}
    for block in pages.blocks.values():
        kinds.setdefault(f"/{block.page}", []).append(block.get_block_name())
    return kinds
