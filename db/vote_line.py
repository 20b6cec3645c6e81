"""One line of an export: a vote with its battle, as a JSON object.

`line_of` and `battle_of` convert between records and lines, `json_of` and `read` between lines and JSON. pydantic reads
and checks the JSON; every error is one sentence with the place and the value.
"""

import codecs
import json
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from db.codes import BattleKind, Policy, Reason, State
from db.outcome import Outcome
from db.queries.decks.prompts import deck_key, prepared_id
from db.records.battles import BattleRecord, DeckAnswer, DeckPrompt, StoredSettings, TurnRecord, VoteRecord
from db.records.feedback import NO_FEEDBACK, Feedback
from db.records.fields import STRICT, StoredCount, StoredInteger, StoredJson, StoredText
from db.side_sums import SUMS, SideSums

Winner = Annotated[Outcome, BeforeValidator(Outcome.parse), PlainSerializer(lambda outcome: outcome.winner)]
_KEY = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class VoteLine:
    """Every field is a key, in this order, and so are the fields of nested records.

    The first five are the columns of public votes files (`winner`: model_a, model_b, tie, both_bad; `tstamp`: seconds
    since 1970; `anony`: the names were hidden). `ledger_revision` is the export's, the same on every line.
    `prepared_id` names a quick battle's prompt and unordered pair, the same in every database: KEY:NAME|NAME.
    `campaign` is the name of the campaign that a quick battle belongs to, `same_sent` whether both endpoints got the
    same parameters (null: unknown), and `n_tokens_a` and the others are sums over the answers shown (`db.side_sums`).

    A line without texts has null for its prompts, answers and share id, and no reasoning and no comment; one of a live
    deck has null for the text of its prepared prompt, and no prepared answers. All counts and times are there. Exports
    of older arenas lack the keys that have a default here.
    """

    __pydantic_config__ = STRICT

    model_a: StoredText
    model_b: StoredText
    winner: Winner
    tstamp: float
    anony: bool
    kind: BattleKind
    counted: bool
    reasons: tuple[Reason, ...]
    visitor: StoredText
    revision: StoredInteger
    changed_revision: StoredInteger | None
    ledger_revision: StoredInteger
    battle: StoredText
    share_id: StoredText | None
    draw_probability: float | None
    prepared_id: StoredText | None
    policy: Policy | None
    language: StoredText | None
    opened_at: float
    settings: StoredSettings | None
    rules_version: StoredInteger
    facts: StoredJson
    withdrawn_at: float | None
    withdraw_reason: StoredText | None
    turns: tuple[TurnRecord, ...]
    deck_prompt: DeckPrompt | None
    deck_answers: tuple[DeckAnswer, ...]
    n_turns: StoredCount | None = None
    prompt_chars: StoredCount | None = None
    tags: tuple[StoredText, ...] | None = None
    feedback: Feedback | None = None
    consent_at: float | None = None
    shared_at: float | None = None
    campaign: StoredText | None = None
    same_sent: bool | None = None
    n_tokens_a: StoredInteger | None = None
    n_chars_a: StoredInteger | None = None
    n_headings_a: StoredInteger | None = None
    n_list_items_a: StoredInteger | None = None
    n_bold_a: StoredInteger | None = None
    duration_ms_a: float | None = None
    n_tokens_b: StoredInteger | None = None
    n_chars_b: StoredInteger | None = None
    n_headings_b: StoredInteger | None = None
    n_list_items_b: StoredInteger | None = None
    n_bold_b: StoredInteger | None = None
    duration_ms_b: float | None = None

    def sums(self, side: str) -> SideSums:
        """The sums of the answers of side a or b."""
        return SideSums(*(getattr(self, f"{name}_{side}") for name in SUMS))


_LINE: TypeAdapter[VoteLine] = TypeAdapter(VoteLine)


def json_of(line: VoteLine) -> str:
    """Return a line as JSON."""
    content = _LINE.dump_python(line, mode="json")
    for turn in content["turns"]:
        if not turn["prompt"]:
            turn["prompt"] = None
            for answer in turn["answers"]:
                answer["text"] = None
    if content["deck_prompt"] and not content["deck_prompt"]["text"]:
        content["deck_prompt"]["text"] = None
    return json.dumps(content, ensure_ascii=False)


def read(raw: bytes) -> VoteLine:
    """Parse a line. Raises ValueError, with the place and the value, for what is not a vote.

    A byte order mark is skipped, because some editors write one.
    """
    try:
        return _checked(_LINE.validate_json(raw.removeprefix(codecs.BOM_UTF8)))
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """Describe the first error: place, value and expectation."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    match first["type"]:
        case "json_invalid":
            return f"not JSON: {first['ctx']['error']}"
        case "missing":
            return f"{place} is missing"
        case "unexpected_keyword_argument":
            return f"{place} is unknown"
        case "value_error":
            return f"{place}: {first['ctx']['error']}"
        case _:
            wanted = first["msg"].replace("Input should be ", "not ")
            return f"{place or 'the line'} is {cut(json.dumps(first['input']), 60)}, {wanted}"


def without_texts(battle: BattleRecord) -> BattleRecord:
    """Return a battle without its prompts, answers, reasoning and comment, and without the share id, by which somebody
    could read them."""
    turns = tuple(
        replace(turn, prompt="", answers=tuple(replace(one, text="", reasoning=None) for one in turn.answers))
        for turn in battle.turns
    )
    feedback = replace(battle.feedback, comment=None)
    return replace(battle, turns=turns, feedback=feedback, share_id="", shared_at=None)


def without_deck(battle: BattleRecord) -> BattleRecord:
    """Return a quick battle without the texts of its deck."""
    assert battle.deck_prompt is not None
    return replace(battle, deck_prompt=replace(battle.deck_prompt, text=""), deck_answers=())


def line_of(battle: BattleRecord, ledger_revision: int) -> VoteLine:
    """Return the line of a battle that has a vote."""
    vote = battle.vote
    assert vote is not None
    assert battle.model_b is not None
    return VoteLine(
        model_a=battle.model_a,
        model_b=battle.model_b,
        winner=vote.outcome,
        tstamp=vote.cast_at,
        anony=_is_anonymous(battle.kind),
        kind=battle.kind,
        counted=vote.counted,
        reasons=vote.reasons,
        visitor=battle.visitor,
        revision=vote.revision,
        changed_revision=vote.changed_revision,
        ledger_revision=ledger_revision,
        battle=battle.battle_id,
        share_id=battle.share_id or None,
        draw_probability=battle.draw_probability,
        prepared_id=battle.prompt_key and prepared_id(battle.prompt_key, battle.model_a, battle.model_b),
        policy=battle.policy,
        language=battle.language,
        opened_at=battle.opened_at,
        settings=battle.settings,
        rules_version=vote.rules_version,
        facts=vote.facts,
        withdrawn_at=vote.withdrawn_at,
        withdraw_reason=vote.withdraw_reason,
        turns=battle.turns,
        deck_prompt=battle.deck_prompt,
        deck_answers=battle.deck_answers,
        n_turns=battle.n_turns,
        prompt_chars=battle.prompt_chars,
        tags=battle.tags if battle.tags or battle.deck_prompt else None,
        feedback=battle.feedback or None,
        consent_at=battle.consent_at,
        shared_at=battle.shared_at,
        campaign=battle.campaign,
        same_sent=battle.same_sent,
        **_sums(vote),
    )


def battle_of(line: VoteLine) -> BattleRecord:
    """Return the battle and the vote in a line. Missing counts are computed from its prompts."""
    prompts = [turn.prompt for turn in line.turns] if line.deck_prompt is None else [line.deck_prompt.text]
    return BattleRecord(
        battle_id=line.battle,
        share_id=line.share_id or "",
        kind=line.kind,
        visitor=line.visitor,
        model_a=line.model_a,
        model_b=line.model_b,
        state=State.VOTED,
        opened_at=line.opened_at,
        closed_at=line.tstamp,
        policy=line.policy,
        draw_probability=line.draw_probability,
        settings=line.settings,
        language=line.language,
        turns=line.turns,
        deck_prompt=line.deck_prompt,
        deck_answers=line.deck_answers,
        vote=VoteRecord(
            outcome=line.winner,
            cast_at=line.tstamp,
            revision=line.revision,
            reasons=line.reasons,
            rules_version=line.rules_version,
            facts=line.facts,
            changed_revision=line.changed_revision,
            withdrawn_at=line.withdrawn_at,
            withdraw_reason=line.withdraw_reason,
            sums_a=line.sums("a"),
            sums_b=line.sums("b"),
        ),
        n_turns=len(prompts) if line.n_turns is None else line.n_turns,
        prompt_chars=sum(map(len, prompts)) if line.prompt_chars is None else line.prompt_chars,
        tags=line.tags or (line.deck_prompt.tags if line.tags is None and line.deck_prompt else ()),
        feedback=line.feedback or NO_FEEDBACK,
        consent_at=line.consent_at,
        shared_at=line.shared_at,
        prompt_key=None if line.prepared_id is None else line.prepared_id.partition(":")[0],
        campaign=line.campaign,
        same_sent=line.same_sent,
    )


def _is_anonymous(kind: BattleKind) -> bool:
    return kind not in (BattleKind.NAMED, BattleKind.CHAT)


def _sums(vote: VoteRecord) -> dict[str, Any]:
    return {**vote.sums_a.columns("a"), **vote.sums_b.columns("b")}


def _expected_id(line: VoteLine) -> str | None:
    if line.deck_prompt is None:
        return None
    if line.deck_prompt.text:
        key = deck_key(line.deck_prompt)
    else:  # left out: the key cannot be made from it
        key = (_KEY.match(line.prepared_id or "") or [""])[0]
    return prepared_id(key, line.model_a, line.model_b)


def _checked(line: VoteLine) -> VoteLine:
    """Raise ValueError if a line contradicts itself."""
    if line.counted != (not line.reasons):
        raise ValueError(
            f"counted is {line.counted}, but there are {len(line.reasons)} reasons; a vote counts without reasons"
        )
    if line.anony != _is_anonymous(line.kind):
        raise ValueError(f"anony is {line.anony}, but kind is {line.kind.label}")
    if line.campaign is not None and line.deck_prompt is None:
        raise ValueError(f"campaign is {line.campaign!r}, but there is no prepared prompt")
    expected = _expected_id(line)
    if line.prepared_id != expected:
        raise ValueError(f"prepared_id is {line.prepared_id!r}, but prompt and pair make {expected!r}")
    return line


def cut(text: str, most: int = 300) -> str:
    """Shorten a text for a message."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
