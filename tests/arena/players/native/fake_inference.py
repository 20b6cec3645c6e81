"""Stands in for `python -m inference`: the command line, `/health` and the ways to end that the supervisor relies on.

What it does is written in `behaviour.json` in the folder of its first model, read at each start:
`damaged` (ends at once with this message), `crashes` (after that message, by a signal), `load_s`, `ignores_sigterm`,
`hangs` (once ready, `/health` never answers again), `failed` (models left out, with the reason of each).
`GET /die` ends it at once, as a crash would. It appends its process id to `starts` in the same folder, and a dot to
`answers` for each answer of a ready server.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def main(arguments: list[str]) -> None:
    assert arguments[0] == "serve"
    assert "--stop-with-stdin" in arguments
    models = dict(arguments[at + 1].split("=", 1) for at, word in enumerate(arguments) if word == "--model")
    folder = Path(next(iter(models.values())))
    behaviour = json.loads((folder / "behaviour.json").read_text())
    with (folder / "starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    sys.stderr.write(f"spin {os.environ.get('GOMP_SPINCOUNT')}\n")
    if message := behaviour.get("damaged"):
        now = "2026-01-02 12:00:00,345"
        sys.stderr.write(f"{now} ERROR inference: {message}\n{now} INFO uvicorn.error: Finished\n")
        sys.stderr.flush()
        if behaviour.get("crashes"):
            os.kill(os.getpid(), signal.SIGKILL)
        sys.exit(1)
    if behaviour.get("ignores_sigterm"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready_at = time.monotonic() + behaviour.get("load_s", 0.0)
    n_answers = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal n_answers
            if self.path == "/die":
                os._exit(9)
            is_ready = time.monotonic() >= ready_at
            if is_ready:
                n_answers += 1
                with (folder / "answers").open("a") as answers:
                    answers.write(".")
            if behaviour.get("hangs") and n_answers > 1:
                time.sleep(60)
            about = {"parameters": 5, "fingerprint": "f00d", "max_len": 64, "dtype": "float32"}
            failed = behaviour.get("failed", {})
            served = {name: about for name in models if name not in failed}
            body = json.dumps(
                {"status": "ok", "models": served, "failed": failed} if is_ready else {"status": "loading"}
            )
            self.send_response(200 if is_ready else 503)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    port = int(arguments[arguments.index("--port") + 1])
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the pipe closes
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
