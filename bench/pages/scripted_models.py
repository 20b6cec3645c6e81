"""Two scripted models behind an OpenAI-compatible server, which write Markdown at a steady speed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

_PIECES_PER_S = 10
_SECTION = """## Section {n}

Sorting is **stable** where equal elements keep their *order*, as `sorted` promises; see https://docs.python.org/3 for
the details, which fill another line and a half of ordinary words so that this is a paragraph like any other.

1. Read the input, and `strip` each line.
2. Sort it by **length**, then by letter:
   - short words first
   - long words last

```python
def by_length(words: list[str]) -> list[str]:
    return sorted(words, key=lambda word: (len(word), word))
```

| method | time | stable |
|:-------|-----:|:------:|
| merge  | 12.5 | yes    |
| heap   | 31.0 | no     |

The cost is \\(O(n \\log n)\\).

"""


def answer(n_chars: int) -> str:
    """Return Markdown with `n_chars` characters: headings, text, lists, code, a table and a formula."""
    sections = "".join(_SECTION.format(n=n) for n in range(n_chars // len(_SECTION) + 1))
    return sections[:n_chars]


class Models:
    """Both models; they write `text` in `seconds`."""

    def __init__(self) -> None:
        self.text = ""
        self.seconds = 0.0
        self.app = FastAPI()
        self.app.get("/v1/models")(self._list)
        self.app.post("/v1/chat/completions")(self._complete)

    async def _list(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in ("one", "two")]}

    async def _complete(self) -> StreamingResponse:
        return StreamingResponse(self._write(), media_type="text/event-stream")

    async def _write(self) -> AsyncIterator[str]:
        n_pieces = round(self.seconds * _PIECES_PER_S)
        size = -(-len(self.text) // n_pieces)
        for place in range(0, len(self.text), size):
            yield _event({"content": self.text[place : place + size]})
            await asyncio.sleep(1 / _PIECES_PER_S)
        yield _event({}, "stop")
        yield "data: [DONE]\n\n"


def _event(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"


@asynccontextmanager
async def serving(models: Models) -> AsyncIterator[int]:
    """Serve the models, and yield the port."""
    server = uvicorn.Server(uvicorn.Config(models.app, port=0, log_level="error", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the server of the scripted models ended before it started")
        await asyncio.sleep(0.05)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
