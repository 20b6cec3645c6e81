"""Run app.py with a probe on its event loop, which records how late it wakes.

A measurement starts this file by its path, so that `app` is the one in the current folder.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

PROBE_S = 0.01


def serve(lags: Path, port: str, folder: str) -> int:
    """Run the current folder's app.py; the probe writes a line `time lag` each time it wakes."""
    sys.path.insert(0, os.getcwd())
    import app  # of the current folder

    started = uvicorn.Server.startup

    async def probe() -> None:
        with lags.open("w", encoding="ascii") as file:
            written = time.monotonic()
            while True:
                before = time.monotonic()
                await asyncio.sleep(PROBE_S)
                file.write(f"{time.time():.3f} {time.monotonic() - before - PROBE_S:.6f}\n")
                if before - written > 1:
                    file.flush()
                    written = before

    async def startup(self: Any, sockets: Any = None) -> None:
        await started(self, sockets)
        self.probe = asyncio.create_task(probe())

    uvicorn.Server.startup = startup  # type: ignore[method-assign]
    return app.main(["--config", f"{folder}/arena.toml", "--data", f"{folder}/data", "--port", port])


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
