"""Turn the text of a request into token ids.

All of it is plain computation on a tokenizer, so a long text can be tokenized in a thread beside the event loop.
"""

from dataclasses import dataclass

from inference.engine.engine import check_prompt
from inference.engine.loading import LoadedModel
from inference.engine.request import ContextLengthError, room
from inference.server.requests.protocol import (
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    TokenizeRequest,
)
from inference.server.responses.errors import ApiError
from inference.text.chat_template import ChatError, Message, render
from inference.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids to continue by at most `max_tokens`, and the text that an echo repeats."""

    ids: tuple[int, ...]
    max_tokens: int
    echo: str = ""


def chat_prompts(body: ChatRequest, model: LoadedModel) -> list[Prompt]:
    """Return the one prompt of a conversation."""
    if body.top_logprobs is not None and not body.logprobs:
        raise ApiError(
            400,
            f"top_logprobs is {body.top_logprobs}: logprobs true was expected beside it",
            param="top_logprobs",
            code="invalid_value",
        )
    ids = chat_ids(body.messages, model)
    max_tokens = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
    return [Prompt(tuple(ids), _room(len(ids), max_tokens, model, "messages"))]


def text_prompts(body: CompletionRequest, model: LoadedModel) -> list[Prompt]:
    """Return the prompts of a text completion, in order. Only an echo may have max_tokens 0."""
    if body.max_tokens == 0 and not body.echo:
        raise ApiError(
            400, "max_tokens is 0: at least 1 was expected without echo", param="max_tokens", code="invalid_value"
        )
    tokenizer = model.folder.tokenizer
    prompts = []
    for given in body.prompt:
        ids = text_ids(given, tokenizer, has_bos=body.add_special_tokens) if isinstance(given, str) else list(given)
        max_tokens = _room(len(ids), body.max_tokens, model, "prompt")
        try:
            check_prompt(tuple(ids), tokenizer)
        except ValueError as error:
            raise _refused_prompt(error) from error
        echo = "" if not body.echo else given if isinstance(given, str) else tokenizer.decode(ids)
        prompts.append(Prompt(tuple(ids), max_tokens, echo))
    return prompts


def tokenize(body: TokenizeRequest, model: LoadedModel) -> list[int]:
    """Return the ids of a text, or of a conversation as it is rendered for an answer.

    A text that is exactly the name of BOS or EOS becomes that id, because vLLM's clients learn the ids that way; any
    other text is text. A text begins with BOS unless `add_special_tokens` is false.
    """
    if (body.prompt is None) == (body.messages is None):
        raise ApiError(400, "either prompt or messages was expected", param="prompt", code="invalid_value")
    if body.messages is not None:
        return chat_ids(body.messages, model)
    assert body.prompt is not None
    tokenizer = model.folder.tokenizer
    for token_id in (tokenizer.bos_id, tokenizer.eos_id):
        if body.prompt == tokenizer.piece(token_id):
            return [token_id]
    return text_ids(body.prompt, tokenizer, has_bos=body.add_special_tokens is not False)


def detokenize(body: DetokenizeRequest, model: LoadedModel) -> str:
    """Return the text of ids, with control tokens by name, as vLLM shows them."""
    tokenizer = model.folder.tokenizer
    for position, token_id in enumerate(body.tokens):
        if token_id >= tokenizer.vocab_size:
            raise ApiError(
                400,
                f"tokens[{position}] is {token_id}; an id from 0 to {tokenizer.vocab_size - 1} was expected",
                param=f"tokens[{position}]",
                code="invalid_value",
            )
    return tokenizer.decode(body.tokens, shows_control=True)


def chat_ids(messages: list[ChatMessage], model: LoadedModel) -> list[int]:
    try:
        given = [Message(message.role, message.content) for message in messages]
        return render(given, model.folder.tokenizer, model.folder.template)
    except ChatError as error:
        param = "messages" if error.index is None else f"messages[{error.index}]"
        raise ApiError(400, str(error), param=param, code="invalid_value") from error


def text_ids(text: str, tokenizer: Tokenizer, *, has_bos: bool) -> list[int]:
    try:
        return [*([tokenizer.bos_id] if has_bos else []), *tokenizer.encode(text)]
    except ValueError as error:
        raise _refused_prompt(error) from error


def _room(n_prompt: int, max_tokens: int | None, model: LoadedModel, param: str) -> int:
    try:
        return room(n_prompt, max_tokens, model.engine.max_len)
    except ContextLengthError as error:
        raise ApiError(400, str(error), param=param, code="context_length_exceeded") from error


def _refused_prompt(error: ValueError) -> ApiError:
    return ApiError(400, f"prompt: {error}", param="prompt", code="invalid_value")
