"""Refusals as servers word them: which parameter they name, and what only looks as if it did."""

import json
from typing import Any

import pytest

from arena.players.dialect.evidence import refused

NAMES = {name: name for name in ("temperature", "top_p", "max_tokens", "seed", "stream_options", "stream")}
MESSAGES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "How many rivers cross a town?"}]


def named(
    body: Any,
    *,
    status: int = 400,
    prompt: str | None = None,
    system: bool = True,
    names: dict[str, str] | None = None,
    top_p: float = 0.9,
) -> str | None:
    messages = [*MESSAGES[:1], {"role": "user", "content": prompt}] if prompt is not None else MESSAGES
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"messages": messages if system else messages[1:], "top_p": top_p}
    return refused(status, raw, NAMES if names is None else names, sent)


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | more}


def detail(*loc: Any, msg: str = "Extra inputs are not permitted", type: str = "extra_forbidden") -> dict[str, Any]:
    return {"detail": [{"type": type, "loc": list(loc), "msg": msg, "input": 5}]}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        # OpenAI's o-series and GPT-5, and Azure's
        (
            error(
                "Unsupported parameter: 'max_tokens' is not supported with this model."
                " Use 'max_completion_tokens' instead.",
                param="max_tokens",
                code="unsupported_parameter",
            ),
            "max_tokens",
        ),
        (error("Use 'max_completion_tokens' instead of 'max_tokens', which is not supported."), "max_tokens"),
        (
            error(
                "Unsupported value: 'temperature' does not support 0.7 with this model."
                " Only the default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            ),
            "temperature",
        ),
        (error("Unsupported value: 'temperature' does not support 0.7 with this model."), "temperature"),
        (error("Unrecognized request argument supplied: stream_options"), "stream_options"),
        (error("Unrecognized request arguments supplied: seed, top_p"), "seed"),
        (error("Your organization must be verified to stream this model.", param="stream"), "stream"),
        (error("", param="seed"), "seed"),
        (error("no", param="stream_options.include_usage"), "stream_options"),
        (error("no", param="$.top_p"), "top_p"),
        # Claude, direct and through LiteLLM and Bedrock
        (error("`temperature` and `top_p` cannot both be specified for this model. Please use only one."), "top_p"),
        (error("temperature and top_p are mutually exclusive"), "top_p"),
        (error("You may specify either temperature or top_p, not both.", param="temperature"), "top_p"),
        (error("`temperature` is deprecated for this model."), "temperature"),
        (error("top_p: Extra inputs are not permitted"), "top_p"),
        (
            {
                "error": {
                    "message": "litellm.BadRequestError: AnthropicException - "
                    '{"type":"error","error":{"type":"invalid_request_error","message":"temperature and top_p cannot '
                    'both be specified for this model. Please use only one."}}. Received Model Group=x',
                    "param": None,
                    "code": "400",
                }
            },
            "top_p",
        ),
        (error("The model returned the following errors: seed: Extra inputs are not permitted"), "seed"),
        (
            error("gemini does not support parameters: {'seed': 42}, for model=x. To drop these, set drop_params"),
            "seed",
        ),
        # FastAPI and others that forbid unknown fields
        (detail("body", "seed"), "seed"),
        (detail("body", "stream_options", "include_usage"), "stream_options"),
        ({"object": "error", "message": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "seed"),
        ({"detail": "Extra inputs are not permitted, field: 'stream_options'"}, "stream_options"),
        (
            error("Extra inputs are not permitted, field: 'stream_options', value: {'include_usage': True}"),
            "stream_options",
        ),
        (error("Validation error at #/stream_options: Extra inputs are not permitted"), "stream_options"),
        (
            error("1 validation error for ChatRequest\nseed\n  Extra inputs are not permitted [type=extra_forbidden]"),
            "seed",
        ),
        (error("Additional properties are not allowed ('seed' was unexpected)"), "seed"),
        (error("Additional properties are not allowed ('top_p', 'seed' were unexpected)"), "top_p"),
        (error("create() got an unexpected keyword argument 'seed'"), "seed"),
        ({"issues": [{"code": "unrecognized_keys", "keys": ["stream_options"], "path": []}]}, "stream_options"),
        ({"message": "Unrecognized key(s) in object: 'stream_options'"}, "stream_options"),
        # Go, Rust, Google, Groq, xAI and whatever else
        (error('json: unknown field "seed"'), "seed"),
        (error("unknown field `top_p`, expected one of `messages`, `model`, `temperature`"), "top_p"),
        (
            [
                {
                    "error": {
                        "code": 400,
                        "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
                    }
                }
            ],
            "seed",
        ),
        (error("property 'seed' is unsupported"), "seed"),
        ({"message": "body.seed : property 'body.seed' is unsupported", "code": "wrong_api_format"}, "seed"),
        (
            error("[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs are not permitted'}]"),
            "seed",
        ),
        (error("gpt-5 models don't support temperature=0.7. Only temperature=1 is supported."), "temperature"),
        ({"code": "Client specified an invalid argument", "error": "Model x does not support parameter seed."}, "seed"),
        ({"error_code": "BAD_REQUEST", "message": 'Bad request: json: unknown field "seed"\n'}, "seed"),
        ({"success": False, "errors": [{"code": 5006, "message": "Unknown parameter: seed"}]}, "seed"),
        (error("Argument not supported on this model: seed"), "seed"),
        (error("The parameter seed is currently not supported."), "seed"),
        (error("The 'seed' parameter isn't supported by this model"), "seed"),
        (error("This model doesn't support the temperature parameter"), "temperature"),
        (error("temperature is not configurable, top_p is"), "temperature"),
        (error("`stream_options` is not allowed."), "stream_options"),
        (error("seed cannot be set for reasoning models"), "seed"),
        (error("top_p must not be provided"), "top_p"),
        (error("The seed option is no longer supported"), "seed"),
        (error("Streaming is not supported for this model."), "stream"),
        (error("stream=true is not supported"), "stream"),
        (error("invalid temperature: only 1 is allowed for this model"), "temperature"),
        (b"Unrecognized request argument supplied: stream_options", "stream_options"),
        ({"error": "seed is unsupported"}, "seed"),
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "metadata": {"raw": json.dumps(error("x", param="seed"))},
                }
            },
            "seed",
        ),
        ({"error": {"message": 'Upstream said {\\"param\\": \\"seed\\", and more'}}, "seed"),
    ],
)
def test_a_parameter_that_a_refusal_names_is_found(body: Any, parameter: str) -> None:
    assert named(body) == parameter


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "'system' role is not supported by this model",
        "system messages are not supported",
        "System prompts are not supported for this model.",
        "This model does not support system messages.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        'messages: roles must alternate between "user" and "assistant"',
        "A conversation must alternate between user and assistant roles.",
        "Only user and assistant roles are supported!",
        "Only 'user' and 'assistant' roles are supported",
        "Unexpected role: system",
        "Unsupported message role system",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "A conversation must start with a user message.",
        "Please use a valid role: user, model.",
        "role must be one of user, assistant",
        "Invalid role: system",
        "First message must be from user",
        "The system role is not allowed here",
        "jinja2.exceptions.TemplateError: System role not supported",
        "This model does not accept a system prompt",
    ],
)
def test_a_missing_system_role_is_recognised_in_many_wordings(message: str) -> None:
    assert named(error(message)) == "system"
    assert named({"object": "error", "message": message, "type": "BadRequestError", "code": 400}) == "system"
    assert named(error(message), status=500) == "system"
    assert named(error(message), system=False) is None, "no system role was used"


def test_the_place_of_a_refused_role_is_read() -> None:
    msg = "Input should be 'user' or 'assistant'"
    assert named(detail("body", "messages", 0, "role", msg=msg, type="literal_error")) == "system"
    assert named(error("no", param="messages[0].role")) == "system"
    assert named(detail("body", "messages", 1, "role", msg="Field required", type="missing")) is None


@pytest.mark.parametrize(
    "body",
    [
        error("The response was filtered due to the prompt triggering content management policy.", param="prompt"),
        error("After the optional system message, conversation roles must alternate user/assistant/user/assistant/..."),
        error("Only user and assistant roles are supported, with the exception of an initial optional system message!"),
        error("maximum temperature is 2"),
        error("temperature must be between 0 and 1"),
        error("The operation is not supported. Settings: temperature 0.7, seed 5."),
        error("model is not supported. temperature: 0.7"),
        error("Unknown model: seed"),
        error("Unknown model: seed-oss-36b"),
        error("This model supports temperature, top_p and seed"),
        error("the stream was unexpectedly closed"),
        error("Unsupported content type"),
        error("extra whitespace before the prompt's end"),
        error("unknown field `stop`, expected one of `temperature`, `top_p`, `seed`"),
        detail("body", "messages", 0, "content", msg="Input should be a valid string", type="string_type"),
        detail("body", "messages", 1, "seed"),
        {"error": {"message": "no", "input": "temperature is not supported"}},
        {"detail": [{"loc": ["body"], "msg": "bad", "input": {"seed": 5, "param": "seed"}}]},
        b"<html>seed</html>",
        b"",
        b"null",
        b"[" * 100_000,
        {"error": {"param": {"param": ["x"]}}},
    ],
)
def test_an_error_without_a_parameter_is_not_evidence(body: Any) -> None:
    assert named(body) is None


def test_only_refusals_of_the_request_are_read() -> None:
    body = error("Unsupported parameter: 'seed'", param="seed")
    assert [status for status in (200, 400, 401, 403, 404, 408, 422, 429, 500, 503) if named(body, status=status)] == [
        400,
        422,
        500,
    ]


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("temperature is not supported", "Bad prompt: temperature is not supported"),
        ("Why is 'seed' unsupported?", "Rejected: \"Why is 'seed' unsupported?\""),
        ("Tell me about the temperature", "Content 'tell me about the temperature' is not supported"),
        ("Unsupported parameter:\n  'top_p'", "cannot parse {\"Unsupported parameter:\\n  'top_p'\"}"),
        ("say: System role not supported", "I will not say: System role not supported"),
        ("temperature and top_p cannot both be specified", "flagged: temperature and top_p cannot both be specified"),
        ("water temperature", 'The topic "water temperature" is not allowed'),
    ],
)
def test_words_of_our_own_messages_are_not_evidence(prompt: str, message: str) -> None:
    assert named(error(message), prompt=prompt) is None
    assert named(error(message), prompt="How are you?") is not None, "else this test shows nothing"


def test_a_prompt_about_a_parameter_does_not_hide_a_refusal_of_it() -> None:
    told = error("Unsupported parameter: 'temperature' is not supported with this model.", param="temperature")
    assert named(told, prompt="Unsupported parameter: 'temperature' is not supported with this model.") == "temperature"
    assert named(error("`seed` is not permitted"), prompt="what is a seed, and why is it not permitted?") == "seed"


@pytest.mark.parametrize(
    "body",
    [
        error("max_tokens is too large: 5120. This model supports at most 4096 completion tokens.", param="max_tokens"),
        error("'max_tokens' is too large. This model's maximum context length is 2048 tokens and", param="max_tokens"),
        error("max_tokens must be less than or equal to 512", param="max_tokens"),
        error(
            "This model's maximum context length is 4096 tokens.", param="temperature", code="context_length_exceeded"
        ),
    ],
)
def test_too_large_is_about_a_length_and_not_about_a_parameter(body: Any) -> None:
    assert named(body) is None


def test_a_name_that_was_not_sent_is_not_left_out() -> None:
    without = {name: name for name in NAMES if name != "seed"}
    assert named(error("Unsupported parameter: 'seed'", param="seed"), names=without) is None


def test_a_parameter_is_known_by_the_name_that_was_sent() -> None:
    renamed = {"random_seed": "seed"}
    assert named(error("Unsupported parameter: 'random_seed'"), names=renamed) == "seed"
    assert named(error("Unsupported parameter: 'seed'"), names=renamed) is None


def test_a_server_that_refuses_a_top_p_of_1_is_asked_without_it() -> None:
    body = {"error": "Input validation error: `top_p` must be > 0.0 and < 1.0", "error_type": "validation"}
    assert named(body, status=422, top_p=1.0) == "top_p"
    assert named(body, status=422, top_p=0.9) is None


def test_a_superscript_digit_in_a_place_raises_no_error() -> None:
    assert named({"detail": [{"loc": ["body", "messages", "²", "role"], "msg": "wrong"}]}, status=422) == "system"
    assert named({"detail": [{"loc": ["body", "messages", "1", "role"], "msg": "wrong"}]}, status=422) is None
