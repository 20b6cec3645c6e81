"""`campaign`: let some people judge the same pairs of prepared answers, and report what came of it."""

import argparse
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.one_line import is_name
from arena.settings import Settings, SettingsError
from arena.settings.command_line import add_options, settings_from

if TYPE_CHECKING:
    from db.queries import Campaign
    from db.session import Database

_MOST = 1_000_000
"""People, prompts, and pairs of a prompt."""


def add_to(commands: Commands) -> None:
    command = commands.add_parser("campaign", help="let some people judge the same prepared pairs, by a link")
    steps = command.add_subparsers(dest="step", required=True)

    create = steps.add_parser(
        "create",
        help="fix the prompts and pairs, and print the link",
        description="Fix a list of prompts and pairs of a deck, and print the link: whoever has it judges all of them.",
    )
    add_options(create)
    create.add_argument("--name", required=True, help="name of the campaign, also in exports")
    create.add_argument("--deck", required=True, help="the deck that the prompts are from")
    create.add_argument(
        "--prompts",
        metavar="N|FILE",
        help="a random sample of N prompts, or the prompts of a file (default: all with two different answers)",
    )
    create.add_argument(
        "--pairs",
        default="1",
        metavar="N|all",
        help="pairs of models for each prompt, chosen so that all pairs meet about equally often (default: 1)",
    )
    create.add_argument("--models", nargs="+", metavar="NAME", help="only pairs of these models (default: all)")
    create.add_argument("--people", type=int, metavar="N", help="most people who may judge (default: any number)")
    create.add_argument(
        "--seed", type=int, default=None, metavar="N", help="repeat the same choice of prompts and pairs"
    )
    create.set_defaults(run=_create)

    listed = steps.add_parser("list", help="list the campaigns with their links")
    add_options(listed)
    listed.set_defaults(run=_list)

    close = steps.add_parser("close", help="end a campaign; its votes stay")
    add_options(close)
    close.add_argument("name", metavar="NAME")
    close.set_defaults(run=_close)

    reported = steps.add_parser("report", help="progress, agreement between voters, and the board of a campaign")
    add_options(reported)
    reported.add_argument("name", metavar="NAME")
    reported.add_argument("--json", action="store_true", help="print the report as JSON")
    reported.set_defaults(run=_report)


def _create(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from arena.service.campaigns.choosing import CampaignError, choose_pairs, prompts_named
    from db import queries
    from elo.board.notes import counted

    settings = settings_from(options, env)
    name = _name(options.name)
    if options.people is not None and not 1 <= options.people <= _MOST:
        raise SettingsError(f"--people {options.people}: expected 1 to {_MOST:,}")
    texts = _texts(options.prompts, settings)
    is_apart = settings.matchmaking.same_family == "never"
    database = _opened(settings)
    try:
        with database.write() as tx:
            known = [deck.name for deck in queries.list_decks(tx)]
            if options.deck not in known:
                raise SettingsError(
                    f"there is no deck {options.deck!r}; the decks are {', '.join(known) or 'none yet'}"
                )
            answered = queries.deal_candidates(tx, options.deck, "")
            _check_models(options.models, {model for one in answered for model in one.digests})
            try:
                if isinstance(texts, tuple):
                    keys = set(prompts_named(queries.deck_prompts_of(tx, options.deck), texts))
                    answered = [one for one in answered if one.key in keys]
                pairs = choose_pairs(
                    answered,
                    n_prompts=texts if isinstance(texts, int) else len(keys) if isinstance(texts, tuple) else None,
                    per_prompt=_per_prompt(options.pairs),
                    models=options.models,
                    kin={player.name: player.kin for player in settings.models} if is_apart else {},
                    rng=random.Random(options.seed),
                )
            except CampaignError as error:
                raise SettingsError(str(error)) from error
            campaign = queries.create_campaign(
                tx, name, deck=options.deck, pairs=pairs, max_people=options.people, now=time.time()
            )
    finally:
        database.close()
    people = "1 person" if options.people == 1 else f"{options.people} people"
    people = "anybody with the link" if options.people is None else people
    n_prompts = counted(len({pair.key for pair in pairs}), "prompt")
    print(f"Campaign {name}: {counted(campaign.n_pairs, 'pair')} on {n_prompts} of {options.deck}, for {people}.")
    print(_link(campaign, settings))
    return 0


def _list(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from db import queries
    from elo.board.notes import counted

    settings = settings_from(options, env)
    database = _opened(settings)
    try:
        with database.read() as tx:
            campaigns = queries.list_campaigns(tx)
    finally:
        database.close()
    for one in campaigns:
        people = f"{one.n_people:,} of " * (one.max_people is not None)
        people += counted(one.max_people or one.n_people, "person", "people")
        state = "open" if one.is_open else "closed"
        n_pairs, n_votes = counted(one.n_pairs, "pair"), counted(one.n_votes, "vote")
        print(f"{one.name} ({state}): deck {one.deck}, {n_pairs}, {people}, {n_votes}")
        if one.is_open:
            print(f"  {_link(one, settings)}")
    if not campaigns:
        print("No campaigns yet: `arena campaign create --name NAME --deck DECK` makes one.")
    return 0


def _close(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from db import queries

    name, database = _name(options.name), _opened(settings_from(options, env))
    try:
        with database.write() as tx:
            queries.close_campaign(tx, name, now=time.time())
    finally:
        database.close()
    print(f"Campaign {name} is closed: its link says so, and its votes stay.")
    return 0


def _report(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`, `DatabaseError`."""
    from arena.service.campaigns.reporting import report
    from db import queries

    settings, name = settings_from(options, env), _name(options.name)
    database = _opened(settings)
    try:
        with database.read() as tx:
            campaign = queries.campaign_by_name(tx, name)
            votes = queries.campaign_votes(tx, name)
    finally:
        database.close()
    found = report(campaign, votes, settings.elo)
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=2, allow_nan=False) if options.json else found)
    return 0


def _name(given: str) -> str:
    """Return the name of a campaign. Raises `SettingsError`."""
    if not is_name(given, most=80):
        raise SettingsError(f"the name {given[:100]!r}: expected 1 to 80 printable characters")
    return given


def _opened(settings: Settings) -> "Database":
    from db.session import open_database

    return open_database(settings.database_url, create=False)


def _texts(given: str | None, settings: Settings) -> "int | tuple[str, ...] | None":
    """Return the number of prompts, or the prompts of a file. Raises `SettingsError`."""
    from arena.decks.prompt_file import PromptFileError, read_prompts

    if given is None:
        return None
    if given.isdecimal():
        return _count(given, "--prompts", "or a file")
    try:
        found = read_prompts(Path(given), max_chars=settings.battle.max_prompt_chars)
    except PromptFileError as error:
        raise SettingsError(str(error)) from error
    return tuple(prompt.text for prompt in found.prompts)


def _per_prompt(given: str) -> int | None:
    if given == "all":
        return None
    return _count(given, "--pairs", "the pairs of each prompt, or all")


def _count(given: str, option: str, more: str) -> int:
    """Raises `SettingsError`."""
    n = int(given) if given.isdecimal() and len(given) <= len(str(_MOST)) else 0
    if not 1 <= n <= _MOST:
        raise SettingsError(f"{option} {given[:100]!r}: expected a number from 1 to {_MOST:,}, {more}")
    return n


def _check_models(given: list[str] | None, known: set[str]) -> None:
    for name in given or ():
        if name not in known:
            raise SettingsError(
                f"--models: {name!r} has no answers in the deck; expected some of {', '.join(sorted(known))}"
            )


def _link(campaign: "Campaign", settings: Settings) -> str:
    """Return the address of a campaign, as visitors type it."""
    web = settings.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"{web.public_url or f'http://{host}:{web.port}'}/quick?campaign={campaign.token}"
