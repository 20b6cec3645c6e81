"""One model's answer to one prepared prompt, and why it cannot be used.

An answer is refused if no vote on it could count: a stream that fails, an answer without visible text or cut by a
filter, one that names its model.
"""

from collections.abc import Collection
from contextlib import aclosing
from dataclasses import replace

from arena.players.events import EndpointError, Finish, Message, ModelStream, Request, Token, is_about_the_prompt
from arena.players.roster import Player
from arena.rules import guardrails, identity, ledger
from arena.service.verdicts.facts import turn_facts
from arena.settings import BattleSettings
from db.codes import Reason, Side
from db.queries import AnswerRecord, DeckAnswer, TurnRecord

_WHY = {
    Reason.NO_ANSWER: "the answer has no visible text",
    Reason.FAILED_SIDE: "a filter cut the answer",
}


class UnusableAnswer(Exception):
    """There is no answer that could be judged. The message is the reason; `is_about_the_model` if the next prompt may
    well fail in the same way."""

    def __init__(self, reason: str, *, is_about_the_model: bool = False) -> None:
        super().__init__(reason)
        self.is_about_the_model = is_about_the_model


def request_of(player: Player, prompt: str, battle: BattleSettings, *, seed: int) -> Request:
    """Return what a battle would ask a model first."""
    system = guardrails.system_prompt_of(battle, player)
    messages = (*((Message("system", system),) if system else ()), Message("user", prompt))
    return Request(messages, battle.temperature, battle.top_p, battle.max_tokens, seed)


async def ask(
    endpoint: ModelStream, request: Request, own: identity.Names, roster: Collection[identity.Names]
) -> DeckAnswer:
    """Return the answer of the model with the names `own`. Raises UnusableAnswer."""
    text, finish = "", None
    try:
        async with aclosing(endpoint.stream(request)) as events:
            async for event in events:
                if isinstance(event, Token):
                    text += event.text
                elif isinstance(event, Finish):
                    finish = event
    except EndpointError as error:
        raise UnusableAnswer(f"{error.code}: {error}", is_about_the_model=not is_about_the_prompt(error)) from error
    assert finish is not None
    answer = DeckAnswer(
        model=own.name,
        text=text,
        seed=request.seed,
        finish_reason=finish.finish_reason,
        prompt_tokens=finish.prompt_tokens,
        completion_tokens=finish.completion_tokens,
        fingerprint=finish.fingerprint,
        duration_ms=finish.duration_ms,
        sent=finish.sent,
    )
    record = AnswerRecord(side=Side.A, attempt=1, text=text, finish_reason=finish.finish_reason)
    turn = TurnRecord(1, request.messages[-1].content, (record, replace(record, side=Side.B)))
    for reason in ledger.lacking((turn_facts(turn),)):
        raise UnusableAnswer(_WHY[reason])
    if identity.names_itself([text], own, roster):
        raise UnusableAnswer("the answer names its model")
    return answer
