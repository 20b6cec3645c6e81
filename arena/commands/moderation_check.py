"""`moderation-check`: measure a moderator on labelled texts."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arena.commands import Commands
from arena.commands.quiet import without_log
from arena.settings import ModerationSettings, Settings, SettingsError
from arena.settings.command_line import add_options, settings_from
from arena.settings.moderation import moderator_in

if TYPE_CHECKING:
    from arena.rules.moderation import Verdict
    from arena.service.moderation.checking import Item, Scores
    from arena.service.moderation.moderator import Moderator

_MAX_WRONG = 60


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "moderation-check",
        help="measure a moderator on labelled texts",
        description="Let a model put labelled texts into the categories of [moderation], and print precision and recall"
        " by category, and the share of harmless prompts that it would refuse. Without --items the texts are those that"
        " come with the arena: 48 of the three categories and 48 harmless ones that look unsafe, in English and Korean."
        " Exit code 1 if the model does not answer.",
    )
    add_options(command)
    command.add_argument(
        "--items", type=Path, metavar="FILE", help='JSONL, a line such as {"text": "Hello", "category": "none"} each'
    )
    command.add_argument(
        "--moderator", metavar="NAME", help="a model under [[models]] (default: the moderator of [moderation])"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Raises `SettingsError`."""
    from arena.service.moderation.checking import SHIPPED, ItemsError, NoModerator, read_items, scores_of

    settings = settings_from(options, env)
    moderation = _moderation(settings, options.moderator)
    try:
        items = read_items(options.items or SHIPPED)
    except ItemsError as error:
        raise SettingsError(str(error)) from error
    with without_log():
        try:
            found, causes = asyncio.run(_judge(settings, moderation, env, items))
        except NoModerator as error:
            raise SettingsError(
                f"{moderation.name!r} does not answer ({error}); start its server, correct its address, or raise"
                " timeout_s of [moderation]"
            ) from error
    print(report(moderation.name or "", items, scores_of(items, found), causes))
    return 0


def _moderation(settings: Settings, name: str | None) -> ModerationSettings:
    """Return the settings with the moderator of this name, or of the file."""
    given = settings.moderation
    if name is not None:
        moderator_in(settings, name, where="--moderator")
        given = replace(given, moderator=name, base_url=None, model=None, api_key_env=None)
    if given.name is None:
        raise SettingsError(
            f"{settings.file}, [moderation]: no moderator; name a model of [[models]] with --moderator NAME"
        )
    return given


async def _judge(
    settings: Settings, moderation: ModerationSettings, env: Mapping[str, str], items: "Sequence[Item]"
) -> "tuple[tuple[Verdict, ...], Mapping[str, int]]":
    """Return the verdicts, and why texts have none, by cause."""
    from arena.service.moderation.checking import judge_all
    from elo.commands.shared.progress import Progress

    progress = Progress()
    async with _moderator(settings, moderation, env) as moderator:
        try:
            found = await judge_all(moderator, items, lambda n: progress.count("judging", "texts", n, len(items)))
            return found, moderator.state().causes
        finally:
            progress.clear()


@contextlib.asynccontextmanager
async def _moderator(
    settings: Settings, moderation: ModerationSettings, env: Mapping[str, str]
) -> "AsyncIterator[Moderator]":
    """Reach the moderator; one with a path is loaded for this command alone. Raises `SettingsError`."""
    from arena.players.connect import Connector, moderator_of
    from arena.players.native.server import NativeServer
    from arena.players.roster import Roster
    from arena.service.moderation.moderator import Moderator

    roster = Roster(settings.models, settings.file)
    player = moderator_of(roster, moderation)
    async with contextlib.AsyncExitStack() as held:
        native = None
        if player.is_native:
            roster.check_folder(player)
            native = NativeServer([player], replace(settings.inference, port=0), environment=env)
            await native.start()
            held.push_async_callback(native.stop)
            if not await native.wait_ready():
                raise SettingsError(f"{player.name!r} could not be loaded: {native.problem}")
        endpoint = Connector(env, native.base_url if native else None).moderator(roster, moderation, settings.battle)
        held.push_async_callback(endpoint.aclose)
        yield Moderator(player.name, endpoint, moderation)


def report(name: str, items: "Sequence[Item]", scores: "Scores", causes: Mapping[str, int]) -> str:
    """Return the lines to print; `causes`: why texts have no verdict."""
    lines = [f"{name}: {len(items):,} texts", "", "category      texts  found  right  precision  recall"]
    for category, score in scores.by_category.items():
        counts = f"{score.n:>5,}  {score.n_found:>5,}  {score.n_right:>5,}"
        lines.append(f"{category:<12}  {counts}  {_share(score.precision):>9}  {_share(score.recall):>6}")
    lines.append("")
    for subject, what in (("prompt", "harmless prompts refused"), ("answer", "harmless answers withheld")):
        n, total = scores.refused[subject]  # type: ignore[index]
        if total:
            lines.append(f"{what}, if every category blocks: {n:,} of {total:,} ({_share(n / total)})")
    why = "".join(f"; {cause}: {n:,}" for cause, n in sorted(causes.items()))
    lines.append(f"texts without a verdict: {scores.n_without:,} of {len(items):,}{why}")
    if 2 * causes.get("nonsense", 0) > len(items):
        lines.append("This model cannot judge: most of its answers are not one of the letters. Use a larger one.")
    wrong = [f"{item.line} {verdict} (not {item.category})" for item, verdict in scores.wrong]
    if wrong:
        more = f", and {len(wrong) - _MAX_WRONG:,} more" if len(wrong) > _MAX_WRONG else ""
        lines.append(f"other than labelled, by line: {', '.join(wrong[:_MAX_WRONG])}{more}")
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
