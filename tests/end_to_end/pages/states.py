"""Every page and state that a visitor or the owner can see, made with scripted models, one after the other.

    with stage(folder) as arena:
        await show_all(page, arena, look)        look(name) is called in each state

Pictures are taken of them (docs/screenshots.py), and axe-core looks at them (test_states.py).
"""

import asyncio
import os
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from db import queries
from db.codes import State
from db.outcome import Outcome
from db.session import open_database
from tests.db.building import ELO, SETTINGS
from tests.end_to_end.running import ANSWER_TIMEOUT_MS, ROOT, ask, go_on, open_battle_page
from tests.end_to_end.scripted import MODELS, Says, ScriptedArena, scripted_arena
from tests.ports import free_port

Look = Callable[[str], Awaitable[None]]
WREN, MOSS = MODELS
RICH = (ROOT / "tests/data/gallery/plain.md").read_text(encoding="utf-8")
LONG = "\n\n".join(f"Paragraph {n}. " + 8 * "Some ordinary words about foxes. " for n in range(12))
SHORT, STORY, THINKS, FAILS, SAME, NAMED = (
    *("Reverse the word planet.", "Tell me a story about a fox named Pip.", "Which of 17 and 71 is prime?"),
    *("What is the tallest tree?", "What is the capital of Japan?", "Who are you?"),
)
PROMPT_LINES = "Please read this long text and say what is missing in it. " * 30
N_VOTES = 24
_SETTINGS = """
[battle]
pace = "free"
stall_timeout_s = 600.0
[limits]
battles_per_hour = 10000
votes_per_hour = 10000
"""


class Stage:
    """The running arena, with what the states need of it. `gate` lets the last words of STORY and THINKS through."""

    def __init__(self, arena: ScriptedArena, gate: threading.Event, admin_port: int) -> None:
        self.arena, self.gate, self.admin_port = arena, gate, admin_port

    @property
    def url(self) -> str:
        return self.arena.url

    @property
    def owner_url(self) -> str:
        found = re.search(rf"http://\S*:{self.admin_port}/\S*", self.arena.log)
        assert found, self.arena.log
        return found.group()


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Run an arena with scripted models, and votes of which most went to the first one."""
    gate, admin_port = threading.Event(), free_port()
    answers: dict[str | tuple[str, str], Says] = {
        (WREN, SHORT): Says("tenalp"),
        (MOSS, SHORT): Says("The word planet, read from its end, is **tenalp**."),
        (WREN, STORY): Says(LONG, n_chars=60, gate=gate),
        (MOSS, STORY): Says("A fox named Pip lived under a hedge.\n\n- He slept.\n- He ran.", n_chars=12, gate=gate),
        (WREN, THINKS): Says("71 is prime, and so is 17.", reasoning="Both have no divisor. " * 20, start=gate),
        (MOSS, THINKS): Says("Both of them are.", start=gate),
        (WREN, FAILS): Says("A redwood, 116 m high."),
        (MOSS, FAILS): Says("Hyperion, a redwood in California.", status=503),
        SAME: Says("It is Tokyo."),
        (WREN, NAMED): Says("I am Wren Sol, a small language model."),
        (MOSS, NAMED): Says("A program that answers questions."),
        (WREN, "Show all"): Says(RICH, n_chars=1000),
        (MOSS, "Show all"): Says(LONG, n_chars=1000),
    }
    environment = os.environ | {"ARENA_WEB_ADMIN_PORT": str(admin_port)}
    with scripted_arena(folder, answers, settings=_SETTINGS, environment=environment) as arena:
        _cast_votes(arena)
        yield Stage(arena, gate, admin_port)


def _cast_votes(arena: ScriptedArena) -> None:
    database = open_database(f"sqlite:///{arena.data / 'arena.sqlite'}")
    with database.write() as tx:
        for number in range(N_VOTES):
            battle = queries.open_battle(tx, queries.NewBattle("ann", WREN, MOSS, SETTINGS), now=float(number))
            queries.set_battle_state(tx, battle, State.VOTABLE, now=float(number))
            outcome = Outcome.B if number % 6 == 5 else Outcome.A
            queries.cast_vote(
                tx, battle, visitor="ann", outcome=outcome, reasons=(), facts={}, rules_version=1, elo=ELO, now=1.0
            )
    database.close()


async def show_all(page: Page, stage: Stage, look: Look) -> None:
    """Bring the page into each state and call `look` with its name."""
    for show in (show_battle, show_after_vote, show_named, show_documents, show_failed, show_deletion):
        await show(page, stage, look)


async def show_battle(page: Page, stage: Stage, look: Look) -> None:
    """Show a battle from the first visit to its vote."""
    stage.gate.clear()
    await asyncio.to_thread(stage.arena.wait_until_ready)
    await page.goto(stage.url + "/mine")
    await look("mine-empty")
    await open_battle_page(page, stage.url)
    await expect(page.locator("#chips .chip").first).to_be_visible()
    await look("start")
    await page.locator("#consent button[value=given]").click()
    await expect(page.locator("#consent span.given")).to_be_visible()
    await look("start-consent-given")
    await page.locator("#consent button[value=hidden]").click()
    await _send(page, THINKS)
    await expect(page.locator("#head-a .state")).to_contain_text(re.compile(r"\d"), timeout=ANSWER_TIMEOUT_MS)
    await look("waiting")
    stage.gate.set()
    await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
    await look("votable-short")
    stage.gate.clear()
    await _send(page, STORY)
    await expect(page.locator("#answer-a")).to_contain_text(re.compile("Paragraph 10|He slept"))
    await look("writing")
    stage.gate.set()
    await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
    await ask(page, "Show all")
    await look("turns")
    await page.evaluate("scroll(0, 0)")
    await expect(page.locator("#jump")).to_be_visible()
    await look("turns-top")
    await go_on(page)
    await ask(page, PROMPT_LINES.strip())
    await look("long-prompt")
    await go_on(page)
    await ask(page, SAME)
    await look("identical")
    await go_on(page)


async def show_after_vote(page: Page, stage: Stage, look: Look) -> None:
    """Show what follows a vote."""
    stage.gate.set()
    await open_battle_page(page, stage.url)
    await _vote_for(page, SHORT, MOSS)
    await look("reveal-upset")
    await page.locator("#feedback summary").click()
    await page.locator("#feedback .of-a .tag-clear").click()
    await expect(page.locator("#feedback .said")).not_to_be_empty()
    await look("reasons")
    await page.locator("#feedback summary").click()
    await page.locator("#share").click()
    await expect(page.locator("#share-box .link")).to_be_visible()
    await look("sharing")
    link = await page.locator("#share-box .link").get_attribute("href") or ""
    await page.locator("#withdraw").click()
    await look("withdrawing")
    await page.locator("#withdraw-misread").click()
    await expect(page.locator("#reveal .not-counted")).to_be_visible()
    await look("withdrawn")
    await go_on(page)
    await _vote_for(page, STORY, WREN)
    await look("reveal-counted")
    chosen = await page.locator("#head-a .name").inner_text()
    await page.locator("#head-a .name a").click()
    await expect(page.locator("#model h1")).to_have_text(chosen)
    await page.go_back()
    await expect(page.locator("#reveal .sides")).to_be_visible(timeout=ANSWER_TIMEOUT_MS)
    await go_on(page)
    await _vote_for(page, NAMED, MOSS)
    await look("reveal-not-counted")
    await go_on(page)
    await page.goto(f"{stage.url}/{link.removeprefix('./')}")
    await expect(page.locator("#shared")).to_be_visible()
    await look("shared")


async def show_named(page: Page, stage: Stage, look: Look) -> None:
    """Show the pages on which models are chosen."""
    await open_battle_page(page, stage.url + "/side-by-side")
    await look("side-by-side-start")
    await open_battle_page(page, stage.url + "/side-by-side?a=Moss+Tarn&b=Wren+Sol")
    await expect(page.locator("#pick-b input")).to_have_value(WREN)
    await ask(page, SHORT)
    await look("side-by-side")
    await page.locator("#vote-tie").click()
    await expect(page.locator("#reveal")).to_be_visible()
    await look("side-by-side-voted")
    await open_battle_page(page, stage.url + "/chat")
    await look("chat-start")
    await open_battle_page(page, stage.url + "/chat?model=Wren+Sol")
    for number, prompt in enumerate((SHORT, "Show all", SHORT)):
        await _send(page, prompt)
        await expect(page.locator("#history .turn")).to_have_count(number)
        await expect(page.locator("#regenerate")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)
    await look("chat")


async def show_documents(page: Page, stage: Stage, look: Look) -> None:
    """Show the pages without a battle, the owner's among them."""
    await page.goto(stage.url + "/leaderboard")
    await expect(page.locator("#leaderboard-table tbody tr")).to_have_count(2)
    await look("leaderboard")
    await page.locator("#leaderboard-table tbody a", has_text=WREN).click()
    await expect(page.locator("#model h1")).to_have_text(WREN)
    await look("model")
    await page.goto(page.url + "&lang=ko")
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await look("model in Korean")
    await page.goto(stage.url + "/leaderboard?decisive=1&kind=both&sort=votes")
    await page.locator("#offline summary").click()
    await look("leaderboard with filters")
    await page.goto(stage.url + "/mine")
    await expect(page.locator("#mine .battles li").first).to_be_visible()
    await look("mine")
    for path in ("about", "nowhere"):
        await page.goto(f"{stage.url}/{path}")
        await look(path)
    await page.goto(stage.owner_url)
    await expect(page.locator(".owner .model")).to_have_count(2)
    await look("owner")


async def show_failed(page: Page, stage: Stage, look: Look) -> None:
    """Show a side that failed. It comes last: its model leaves the draw for a while."""
    await open_battle_page(page, stage.url)
    await ask(page, FAILS)
    await expect(page.locator(".pane .aside")).to_have_count(1)
    await _show_side(page, ".is-failed")
    await look("failed")


async def show_deletion(page: Page, stage: Stage, look: Look) -> None:
    """Show what asks before the visitor's data are deleted, and what follows."""
    await page.goto(stage.url + "/mine?delete=ask")
    await look("mine-delete")
    await page.locator("#mine .danger").click()
    await expect(page.locator("#mine .danger")).to_have_count(0)
    await look("mine-deleted")


async def _send(page: Page, prompt: str) -> None:
    await page.locator("#prompt textarea").fill(prompt)
    await page.locator("#send").click()
    await expect(page.locator("#asked")).to_contain_text(prompt)


async def _show_side(page: Page, within: str) -> None:
    """On a phone, show the side that has such an element."""
    if not await page.locator("#switch").is_visible():
        return
    for side in "ab":
        if await page.locator(f"#head-{side} {within}").count():
            await page.locator(f"#side-{side}").click()


async def _vote_for(page: Page, prompt: str, model: str) -> None:
    """Vote for the side on which `model` answered."""
    await ask(page, prompt)
    moss = {SHORT: "read from its end", STORY: "lived under a hedge", NAMED: "A program"}[prompt]
    await expect(page.locator("#turn .answer", has_text=moss)).to_have_count(1)
    side_of_moss = "a" if moss in await page.locator("#answer-a").inner_text() else "b"
    side = side_of_moss if model == MOSS else {"a": "b", "b": "a"}[side_of_moss]
    await page.locator(f"#vote-{side}").click()
    await expect(page.locator("#reveal .sides")).to_be_visible()
