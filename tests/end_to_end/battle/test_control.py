"""Control battles, with the same model on both sides: nothing tells them apart before the vote, and the reveal explains
them. Every second battle of this arena is one."""

import asyncio
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.async_api import expect

from tests.end_to_end.axe import assert_accessible
from tests.end_to_end.running import ask, chromium, go_on, open_battle_page
from tests.end_to_end.scripted import MODELS, Says, ScriptedArena, scripted_arena
from tests.test_app import ask as stream_of

pytestmark = pytest.mark.browser

SETTINGS = """
[battle]
pace = "free"
[limits]
battles_per_hour = 10000
[matchmaking]
control_share = 0.5
"""
ONE, OTHER = "The owl sleeps by day.", "The fox hunts by night"
MOST = 60
"""Battles until both kinds came, at most: it takes more once in 10^17 times."""


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedArena]:
    """Both models have both answers, each prompt is asked once: every battle has one and the other."""
    wren, moss = MODELS
    answers: dict[str | tuple[str, str], Says] = {}
    for number in range(2 * MOST):
        answers[wren, prompt(number)] = Says(ONE, again=OTHER)
        answers[moss, prompt(number)] = Says(OTHER, again=ONE)
    with scripted_arena(tmp_path_factory.mktemp("control"), answers, settings=SETTINGS) as arena:
        yield arena


def prompt(number: int) -> str:
    return f"Tell me something, and begin with {number:04}."


def newest_is_control(arena: ScriptedArena) -> bool:
    with closing(sqlite3.connect(arena.data / "arena.sqlite")) as database:
        ((is_control,),) = database.execute("SELECT model_a = model_b FROM battles ORDER BY id DESC LIMIT 1")
    return bool(is_control)


def masked(text: str) -> str:
    """Replace what differs between any two battles: ids, times, the prompt and which answer is on which side."""
    text = re.sub(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "ID", text)
    text = re.sub(r"begin with \d{4}", "begin", text)
    return re.sub(f"{re.escape(ONE)}|{re.escape(OTHER)}", "ANSWER", text)


def test_the_page_shows_it_only_after_the_vote(arena: ScriptedArena) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="en")
            await open_battle_page(page, arena.url)
            seen: dict[bool, str] = {}
            for number in range(MOST):
                await ask(page, prompt(number))
                is_control = newest_is_control(arena)
                seen[is_control] = masked(await page.locator("#battle").inner_text())
                if is_control and len(seen) == 2:
                    break
                await go_on(page)
            assert seen[True] == seen[False]
            assert "ANSWER" in seen[True]
            await page.locator("#vote-a").click()
            await expect(page.locator("#reveal .not-counted")).to_contain_text(
                "this was a control battle with the same model on both sides."
            )
            names = [await page.locator(f"#reveal .of-{side} .name").inner_text() for side in "ab"]
            assert names[0] == names[1]
            assert names[0] in MODELS
            assert await page.evaluate("document.documentElement.scrollWidth") == 390
            await assert_accessible(page, "the reveal of a control battle")

    asyncio.run(scenario())


def test_its_events_before_the_vote_are_those_of_any_battle(arena: ScriptedArena) -> None:
    last: dict[bool, list[Any]] = {True: [], False: []}
    kinds: dict[bool, set[str]] = {True: set(), False: set()}
    for number in range(MOST, 2 * MOST):
        text = stream_of(
            arena.url, visitor=secrets.token_hex(16), came_from=f"203.0.113.{number}", prompt=prompt(number)
        )
        assert "control" not in text
        assert not any(model in text for model in MODELS)
        events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
        (completed,) = [event for event in events if event["msg"] == "process_completed"]
        is_control = newest_is_control(arena)
        last[is_control].append(json.loads(masked(json.dumps(completed["output"]["data"]))))
        kinds[is_control] |= {event["msg"] for event in events} - {"heartbeat"}
        if min(map(len, last.values())) >= 2:
            break
    assert last[True][0] == last[True][1] == last[False][0] == last[False][1]
    assert str(last[True][0]).count("ANSWER") == 2
    assert kinds[True] == kinds[False]
