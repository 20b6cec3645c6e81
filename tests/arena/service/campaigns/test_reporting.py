"""A campaign of five voters: its report, and the same numbers from an export."""

import json
import random
from pathlib import Path

import pytest

from arena.service.campaigns.choosing import choose_pairs
from arena.service.campaigns.reporting import CampaignReport, report
from db import exchange, queries
from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries import DeckAnswer, DeckPrompt, ModelInfo, NewBattle
from db.session import open_database
from elo.__main__ import main
from elo.settings import Settings
from tests.db import building

MODELS = ("ant", "bee", "cat", "dog")
N_PROMPTS = 30
VOTERS = tuple(f"{voter:064x}" for voter in range(5))


def outcome(pair: tuple[str, str], careless: random.Random) -> Outcome:
    """Later models by name are better; one vote in three is careless."""
    return careless.choice(list(Outcome)) if careless.random() < 0.33 else Outcome.B if pair[0] < pair[1] else Outcome.A


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, CampaignReport]:
    """The database's address, and the report; the last voter has judged half, and one vote does not count."""
    url = f"sqlite:///{tmp_path_factory.mktemp('campaign') / 'arena.sqlite'}"
    database, rng = open_database(url), random.Random(7)
    with database.write() as tx:
        queries.upsert_models(tx, [ModelInfo(name) for name in MODELS], now=1.0)
        for i in range(N_PROMPTS):
            key = queries.add_deck_prompt(tx, DeckPrompt("d", f"Question {i}?"))
            for model in MODELS:
                queries.save_deck_answer(tx, key, DeckAnswer(model, f"{model} {i}"))
        pairs = choose_pairs(queries.deal_candidates(tx, "d", ""), rng=rng)
        queries.create_campaign(tx, "may", deck="d", pairs=pairs, max_people=5, now=2.0)
        for number, voter in enumerate(VOTERS):
            for pair in pairs[: 15 if number == 4 else None]:
                a, b = rng.sample(pair[1:], 2)
                new = NewBattle(voter, a, b, None, BattleKind.QUICK, deck_prompt=pair.key, campaign="may")
                battle = queries.open_battle(tx, new, now=3.0)
                reasons = [Reason.RATE_LIMITED] if number == 3 and pair is pairs[0] else []
                building.vote(tx, battle, outcome((a, b), rng), voter, reasons=reasons)
        building.vote(tx, building.votable_quick(tx))
        found = report(queries.campaign_by_name(tx, "may"), queries.campaign_votes(tx, "may"), Settings())
    database.close()
    return url, found


def test_the_report_has_progress_agreement_and_a_board(held: tuple[str, CampaignReport]) -> None:
    found = held[1]
    assert list(found.n_done.values()) == [30, 30, 30, 30, 15]
    assert found.n_counted == 134
    assert (found.agreement.n_pairs, found.agreement.n_votes, found.agreement.n_voters) == (30, 134, 5)
    assert found.agreement.nominal is not None
    assert 0.2 < found.agreement.nominal.value < 0.6
    assert found.board is not None
    assert [row.model for row in found.board.rows] == ["dog", "cat", "bee", "ant"]
    text = str(found)
    assert "Campaign may, deck d, open: 30 pairs, 5 of 5 people, 135 votes, of which 134 count." in text
    assert f"  {VOTERS[0][:12]}  30 of 30 (finished)" in text
    assert "  15 of 30\n" in text
    assert "nominal 0." in text
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert content["voters"][0] == {"voter": VOTERS[0], "votes": 30}
    assert content["board"]["settings"]["cluster"] == "pair"


def test_board_and_agreement_are_those_of_an_export(
    held: tuple[str, CampaignReport], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, found = held
    database = open_database(url)
    exchange.export_votes(database, tmp_path / "votes.jsonl", all_texts=False)
    database.close()
    chosen = ["--votes", str(tmp_path / "votes.jsonl"), "--kind", "quick", "--where", "campaign=may"]
    out = str(tmp_path / "out.json")
    assert main(["recompute", *chosen, "--cluster", "pair", "--json", out]) == 0
    board = json.loads(Path(out).read_text())
    assert found.board is not None
    assert board["models"] == json.loads(json.dumps(found.board.to_json()))["models"]
    for source in (chosen, ["--db", url, *chosen[2:]]):
        assert main(["quality", *source, "--json", out]) == 0
        assert json.loads(Path(out).read_text())["agreement"] == {"may": found.agreement.to_json()}
        assert "campaign may: 30 pairs with two votes or more (134 votes of 5 voters)" in capsys.readouterr().out


def test_a_campaign_without_votes_says_so(held: tuple[str, CampaignReport]) -> None:
    found = report(held[1].campaign, [], Settings())
    assert found.board is None
    assert "  nobody has voted" in str(found)
    assert "  no pair has two votes" in str(found)
    assert "  no vote counts yet" in str(found)
    assert json.loads(json.dumps(found.to_json()))["why_no_board"] == "no vote counts yet"
