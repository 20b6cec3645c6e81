"""Turn the text of a request into token ids.

All of it is plain computation on a tokenizer, so a long text can be tokenized in a thread beside the event loop.
"""

from dataclasses import dataclass

from inference.engine.engine import check_prompt
from inference.engine.loading import LoadedModel
from inference.engine.request import ContextLengthError, room
from inference.server.requests.messages import ChatMessage, Continuing, conversation
from inference.server.requests.parsing import invalid
from inference.server.requests.protocol import (
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    Sampling,
    TokenizeRequest,
)
from inference.server.responses.errors import ApiError
from inference.text.chat_template import ChatError, render
from inference.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids to continue by at most `max_tokens`, and the text that an echo repeats. `continues_text`: the answer
    continues the text of the ids, so its first space is kept. The strings of `stop` end it too.
    """

    ids: tuple[int, ...]
    max_tokens: int
    continues_text: bool
    echo: str = ""
    stop: tuple[str, ...] = ()


def chat_prompts(body: ChatRequest, model: LoadedModel) -> list[Prompt]:
    """Return the one prompt of a conversation."""
    if body.top_logprobs and not body.logprobs:
        raise invalid("top_logprobs", body.top_logprobs, "0 was expected, or logprobs true beside it")
    check_sampling(body, model)
    ids, continues = chat_ids(body.messages, body, model)
    max_tokens = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
    return [Prompt(tuple(ids), _room(len(ids), max_tokens, model, "messages"), continues, stop=model.folder.chat_stop)]


def text_prompts(body: CompletionRequest, model: LoadedModel) -> list[Prompt]:
    """Return the prompts of a text completion, in order. Only an echo may have max_tokens 0."""
    if body.max_tokens == 0 and not body.echo:
        raise invalid("max_tokens", 0, "at least 1 was expected without echo")
    check_sampling(body, model)
    tokenizer = model.folder.tokenizer
    prompts = []
    for given in body.prompt:
        ids = (
            text_ids(given, tokenizer, has_bos=not given or body.add_special_tokens is not False)
            if isinstance(given, str)
            else list(given)
        )
        max_tokens = _room(len(ids), body.max_tokens, model, "prompt")
        try:
            check_prompt(tuple(ids), tokenizer)
        except ValueError as error:
            raise _refused_prompt(error) from error
        echo = "" if not body.echo else given if isinstance(given, str) else tokenizer.decode(ids)
        prompts.append(Prompt(tuple(ids), max_tokens, continues_text=True, echo=echo))
    return prompts


def tokenize(body: TokenizeRequest, model: LoadedModel) -> list[int]:
    """Return the ids of a text, or of a conversation as it is rendered for an answer.

    A text that is exactly the name of BOS or EOS becomes that id, because vLLM's clients learn the ids that way; any
    other text is text. A text begins with BOS unless `add_special_tokens` is false.
    """
    if (body.prompt is None) == (body.messages is None):
        found = "neither came" if body.prompt is None else "both came"
        raise ApiError(
            400, f"either prompt or messages was expected, but {found}", param="prompt", code="invalid_value"
        )
    if body.messages is not None:
        if body.add_special_tokens:
            raise invalid("add_special_tokens", True, "false or null was expected; the layout of the chat adds them")
        return chat_ids(body.messages, body, model)[0]
    assert body.prompt is not None
    if body.continue_final_message:
        raise invalid(
            "continue_final_message", True, "false or null was expected beside prompt, which is not a message"
        )
    if body.add_generation_prompt is False:
        raise invalid("add_generation_prompt", False, "true or null was expected beside prompt, which is not a message")
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
            raise invalid(f"tokens[{position}]", token_id, _id_expected(tokenizer))
    return tokenizer.decode(body.tokens, shows_control=True)


def check_sampling(body: Sampling, model: LoadedModel) -> None:
    """Raise ApiError for two different seeds, and for a logit_bias of a token that the model does not have."""
    if body.random_seed is not None and body.seed not in (None, body.random_seed):
        raise invalid(
            "random_seed", body.random_seed, f"the number in seed, {body.seed}, was expected, or only one of the two"
        )
    tokenizer = model.folder.tokenizer
    for token_id in body.logit_bias or ():
        if int(token_id) >= tokenizer.vocab_size:
            raise invalid(f"logit_bias.{token_id}", token_id, _id_expected(tokenizer))


def chat_ids(messages: list[ChatMessage], body: Continuing, model: LoadedModel) -> tuple[list[int], bool]:
    """Return the ids of a conversation, and whether the answer continues text of its last message."""
    rendered = conversation(messages, body)
    try:
        ids = render(rendered.messages, model.folder.tokenizer, model.folder.template, continues=rendered.continues)
    except ChatError as error:
        param = "messages" if error.index is None else f"messages[{rendered.places[error.index]}]"
        raise ApiError(400, str(error), param=param, code="invalid_value") from error
    return ids, rendered.continues and bool(rendered.messages[-1].content.strip())


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


def _id_expected(tokenizer: Tokenizer) -> str:
    return f"an id from 0 to {tokenizer.vocab_size - 1} was expected; /tokenize returns the ids of a text"
