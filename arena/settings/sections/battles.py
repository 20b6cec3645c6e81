"""`[battle]`, `[matchmaking]`, `[limits]` and `[quick]`: what models are asked, which ones, and how often."""

from dataclasses import dataclass
from typing import Literal

from arena.settings.sections.keys import key


@dataclass(frozen=True, slots=True)
class BattleSettings:
    """`[battle]`: what the arena asks of both sides of every battle, and how long it waits."""

    max_tokens: int = key("Most tokens of an answer.", 1024, low=1, high=32768)
    temperature: float = key("Sampling temperature.", 0.7, low=0.0, high=2.0)
    top_p: float = key("Share of the probability that tokens are sampled from.", 1.0, above=0.0, high=1.0)
    system_prompt: str = key("System prompt of both sides.", "")
    guardrails: bool = key(
        "Whether the safety prompt of the Mistral 7B paper comes before the system prompt of both sides.", False
    )
    redraw: bool = key(
        "Whether another pair is drawn, once, if a side fails on the first prompt before any text is shown.", True
    )
    pace: Literal["equal", "together", "free"] = key(
        '"equal" shows both answers while they are written, at the pace of the slower model; "together" shows'
        ' nothing until both are complete and the slower model would have had time for the longer one; "free"'
        " shows tokens as they arrive, which gives the faster model away.",
        "equal",
    )
    max_chars_per_s: float = key(
        'Most characters shown per second, except with pace "free".', 200.0, low=10.0, high=100_000.0
    )
    max_prompt_chars: int = key("Most characters of a prompt.", 4000, low=1, high=1_000_000)
    max_turns: int = key("Most prompts in one conversation.", 10, low=1, high=1000)
    first_token_timeout_s: float = key(
        "Longest wait for the first token, all tries together, in seconds.", 60.0, above=0.0, high=3600.0
    )
    stall_timeout_s: float = key("Longest silence between two tokens, in seconds.", 20.0, above=0.0, high=3600.0)
    thinking_timeout_s: float = key(
        "Longest wait, in seconds, for the first text of a model that has begun to reason, and for an answer that is"
        " not streamed.",
        300.0,
        above=0.0,
        high=3600.0,
    )
    retries: int = key("Further tries before the first token, each after a longer pause.", 2, low=0, high=10)
    abandon_after_s: float = key(
        "A battle that no page has watched for this many seconds is stopped.", 60.0, low=0.0, high=86400.0
    )


Policy = Literal["uniform", "balanced", "adaptive"]
"""How a pair of models is drawn; `arena.rounds.matchmaking` has the rules."""


@dataclass(frozen=True, slots=True)
class MatchmakingSettings:
    """`[matchmaking]`: which models are drawn for a battle."""

    policy: Policy = key(  # noqa: RUF009, a dataclass field, made by a function
        '"uniform" draws every pair alike; "balanced" prefers models with fewer votes; "adaptive" prefers the pairs'
        " whose next vote narrows the intervals most.",
        "uniform",
    )
    exploration: float = key(
        'Share of the draws that are uniform with policy "adaptive", so that every pair keeps meeting.',
        0.2,
        low=0.01,
        high=1.0,
    )
    new_model_boost: float = key(
        "How many times as often a new model is drawn, until it has new_model_battles counted votes.",
        1.0,
        low=1.0,
        high=100.0,
    )
    new_model_battles: int = key("Counted votes from which a model is no longer new.", 100, low=1, high=1_000_000)
    same_family: Literal["allow", "never"] = key(
        '"never" draws no two models of one family; models without a family may meet everybody.', "allow"
    )
    control_share: float = key(
        "Share of the battles with the same model on both sides, which measure side bias. Their votes do not count.",
        0.0,
        low=0.0,
        high=0.5,
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: how much one visitor may do."""

    battles_per_hour: int = key("Most battles that a visitor may start in an hour.", 120, low=1)
    votes_per_hour: int = key("Votes of a visitor beyond this many in an hour are stored but not counted.", 60, low=1)
    min_read_s: float = key(
        "Votes sooner than this many seconds after the answers' end are stored but not counted.",
        0.0,
        low=0.0,
        high=3600.0,
    )
    screens_per_hour: int = key(
        "Most prepared prompts that a visitor is dealt in an hour, in quick rounds and campaigns. They do not count in"
        " battles_per_hour, and votes on them do not count in votes_per_hour.",
        360,
        low=1,
    )


@dataclass(frozen=True, slots=True)
class QuickSettings:
    """`[quick]`: quick rounds, on prepared prompts with prepared answers."""

    decks: tuple[str, ...] = key(
        'Decks that quick rounds are dealt from; "demo" comes with the demo models. Without any there are no rounds.',
        ("demo",),
    )
    round_length: int = key(
        "Screens of a round, which also ends when a model has won half of them.", 10, low=2, high=100
    )
