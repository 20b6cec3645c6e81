"""Start the arena and its model server.

Settings -> database -> model server -> Arena -> pages: only this module connects all of them.

    arena [--config arena.toml] [--data DIR] [--db URL] [--host 127.0.0.1] [--port 7860]
    arena COMMAND ...       one of the commands of `arena.__main__`, such as init

In a clone that is not installed, `python app.py` does the same.

SIGHUP reads the settings again; the owner's page, whose address is printed at the start, does the same.

Mistakes in files and settings, a port in use and a database that does not answer are reported in one line before
anything starts, with exit code 1. The pages answer before the models are loaded, and say so. SIGTERM and SIGINT end
the arena within ten seconds, open streams or not.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import secrets
import socket
import sys
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from arena import __version__
from arena.settings import Settings, SettingsError
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from fastapi import FastAPI

    from arena.metrics import Metrics
    from arena.players.endpoint import Endpoint
    from arena.players.health import Health
    from arena.players.native.server import NativeServer
    from arena.service import Arena
    from arena.service.owner.owner import Owner
    from arena.web.admin.server import AdminServer
    from db.session import Database

logger = logging.getLogger("arena")

_N_LOOKUPS = 64
_LIBRARIES = {  # Gradio and huggingface_hub read these when they are imported: no telemetry, no downloads
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the arena until a signal stops it, or run a command; return the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words and not words[0].startswith("-"):
        from arena.__main__ import main as run_command

        return run_command(words)
    options = _parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs full addresses, passwords included
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="SSR mode is not supported with multi-page apps")  # we do not use it
    try:
        settings = settings_from(options, os.environ)
        from arena.web.listener import listen

        listener = listen(settings.web.host, settings.web.port)
    except SettingsError as error:
        return _refuse(error)
    with listener:
        return _serve(settings, listener, partial(settings_from, options, dict(os.environ)))


def _refuse(reason: object) -> int:
    """Print in one line why the arena does not start; return the exit code."""
    print("arena:", " ".join(str(reason).split()), file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    name = Path(sys.argv[0]).name
    parser = argparse.ArgumentParser(
        prog="arena" if name == "arena" else "python app.py",
        description="Compare language models blind, with ratings that can be trusted.",
        epilog="Every other setting: arena.toml, or an environment variable such as ARENA_BATTLE_MAX_TOKENS."
        " `arena init` writes arena.toml; `arena admin --help` lists what an owner can do with stored votes.",
    )
    parser.add_argument("--version", action="version", version=f"arena {__version__}")
    add_options(parser)
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default: 7860)")
    return parser


def _serve(settings: Settings, listener: socket.socket, read: Callable[[], Settings]) -> int:
    """Wire everything and serve on the socket until a signal; return the exit code. `read` reads the settings again."""
    environment = dict(os.environ)  # unchanged: the model server may download what the pages never do
    os.environ.update(_LIBRARIES)
    from db.errors import DatabaseError, Unreachable

    with contextlib.ExitStack() as held:
        try:
            app = _wire(settings, environment, held, read)
        except Unreachable as error:
            return _refuse(f"{error}; start or repair the database, or name another with --db")
        except (SettingsError, DatabaseError, OSError, ValueError) as error:
            return _refuse(error)
        gc.collect()
        gc.freeze()  # these objects live as long as the process: each full collection would spend 0.2 s on them
        return _run(app, settings, listener)


def _run(app: "FastAPI", settings: Settings, listener: socket.socket) -> int:
    from arena.web.serving import serve

    def announce() -> None:
        print(f"The arena is at {_address(settings)} (stop it with Ctrl-C)", flush=True)
        if app.state.owner_page is not None:
            print(f"The owner's page is at {app.state.owner_page}", flush=True)

    return 0 if serve(app, listener, trusted_proxies=settings.web.trusted_proxies, on_start=announce) else 1


def _address(settings: Settings) -> str:
    host = f"[{settings.web.host}]" if ":" in settings.web.host else settings.web.host
    return settings.web.public_url or f"http://{host}:{settings.web.port}"


def _wire(
    settings: Settings, env: Mapping[str, str], held: contextlib.ExitStack, read: Callable[[], Settings]
) -> "FastAPI":
    """Make every part and join them; the app's lifespan starts and stops them. `held` keeps the data folder locked.

    Raises `SettingsError`, `DatabaseError`, `DataFolderError`.
    """
    from arena.players.roster import Roster

    roster = Roster(settings.models, settings.file)
    roster.check_folders()
    roster.check_keys(env)
    roster.check_can_battle(same_family=settings.matchmaking.same_family)

    from arena import data_folder
    from db.session import open_database

    folder = settings.arena.data
    held.enter_context(data_folder.lock(folder))
    secret = settings.secret.encode() if settings.secret else data_folder.secret(folder)
    replica = data_folder.replica(folder)
    database = open_database(settings.database_url)

    from fastapi import FastAPI

    with _without_proxies():
        from arena import ui
    from arena.metrics import Metrics
    from arena.players.connect import Connector
    from arena.players.health import Health
    from arena.players.native.server import NativeServer
    from arena.service import Arena
    from arena.service.decks.opening import open_decks
    from arena.service.moderation import Moderator
    from arena.service.owner.owner import Owner, retired_by_owner
    from arena.service.trials import trials_of
    from arena.ui import links
    from arena.web import protect
    from arena.web.routes import routes
    from arena.web.sender.visitor import identify, renew

    open_decks(database, settings, now=time.time())
    metrics = Metrics()
    native = NativeServer(roster.native, settings.inference, environment=env) if roster.native else None
    connector = Connector(env, native.base_url if native else None)
    roster = replace(roster, retired=retired_by_owner(database))
    health = Health(
        roster,
        connector.endpoints(roster, settings.battle),
        trials=trials_of(roster, settings.battle),
        server=native,
        metrics=metrics,
    )
    judge = connector.moderator(roster, settings.moderation, settings.battle) if settings.moderation.is_on else None
    moderator = (
        Moderator(settings.moderation.name or "", judge, settings.moderation, metrics=metrics) if judge else None
    )
    arena = Arena(settings, roster, database, health, replica=replica, metrics=metrics, moderator=moderator)
    owner = Owner(settings, roster, arena=arena, health=health, database=database, connector=connector, read=read)
    metrics.watch(owner.running, owner.states)
    app = FastAPI(
        title=settings.arena.title,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lambda app: _running(database, native, health, arena, owner, app.state.admin, judge),
    )
    app.state.admin, app.state.owner_page = _admin(settings, owner, metrics)
    texts = ui.PlainPages(settings)
    owner.on_change = texts.apply
    visitor_of = partial(identify, secret=secret)
    app.include_router(routes(arena, visitor_of))
    app.include_router(ui.plain_routes(arena, texts, visitor_of, renew))
    pages = ui.build(arena, settings, visitor_of=visitor_of)
    protect(
        app,
        pages=list(links.pages_of(settings, links.LIVE).values()),
        n_inputs={number: len(event.inputs) for number, event in pages.fns.items() if event.fn is not None},
        texts=texts,
        public_url=settings.web.public_url,
        script=ui.script(),
        documents=[*links.DOCUMENTS.values(), links.OLD_LEADERBOARD],
        document_script=ui.plain_script(),
        forms=list(links.FORMS.values()),
        metrics=metrics,
        frontend=ui.frontend(pages),
    )
    return ui.mount(app, pages, settings)


def _admin(settings: Settings, owner: "Owner", metrics: "Metrics") -> "tuple[AdminServer | None, str | None]":
    """Return the server of the admin port and the address to print; None and None without one."""
    from arena.ui.plain.owner import OwnerPages
    from arena.web.admin import admin_app
    from arena.web.admin.server import AdminServer
    from arena.web.listener import listen

    port = settings.web.admin_port
    if not port:
        return None, None
    try:
        listener = listen("127.0.0.1", port, port_key="admin_port of [web] (0 for none)")
    except SettingsError as error:
        logger.warning("there is no owner's page: %s", error)
        return None, None
    token = secrets.token_urlsafe(24)
    pages = OwnerPages(owner, settings)
    server = AdminServer(admin_app(pages.routes, metrics, token=token, port=port, locked=pages.locked), listener)
    return server, f"http://127.0.0.1:{port}/?token={token}"


@contextlib.contextmanager
def _without_proxies() -> Iterator[None]:
    """Hide the variables that name proxies and certificates. Gradio makes an HTTP client when it is imported, which
    ends in a traceback if one of them is wrong; the pages make no request."""
    names = [name for name in os.environ if name.upper().endswith("_PROXY") or name.startswith("SSL_CERT_")]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextlib.asynccontextmanager
async def _running(
    database: "Database",
    native: "NativeServer | None",
    health: "Health",
    arena: "Arena",
    owner: "Owner",
    admin: "AdminServer | None",
    judge: "Endpoint | None",
) -> AsyncIterator[None]:
    """Run the arena, the model server, the probes and the admin port while pages are served."""
    from arena.web.admin.hang_up import reloading

    # Host names of endpoints are looked up in these threads: enough that one resolver that hangs does not stop the rest
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_N_LOOKUPS, thread_name_prefix="lookup"))
    await arena.start(parameters=native.parameters if native else None)
    try:
        if native is not None:
            await native.start()
        await health.start()
        if admin is not None:
            await admin.start()
        with reloading(owner.reload):
            yield
    finally:
        if admin is not None:
            await admin.stop()
        await arena.close()
        await health.aclose()
        if judge is not None:
            await judge.aclose()
        if native is not None:
            await native.stop()
        await asyncio.to_thread(database.close)


if __name__ == "__main__":
    sys.exit(main())
