"""The shapes of the server's responses, for its OpenAPI page. Field names are OpenAI's and vLLM's.

Completions and errors are built as plain dictionaries, because they share their parts with the chunks of a stream. A
test checks what the server sends against the page.
"""

from typing import Literal

from pydantic import BaseModel, SkipValidation


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorResponse(BaseModel):
    error: ErrorDetail


class PromptTokensDetails(BaseModel):
    cached_tokens: int


class CompletionUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails


class TopLogprob(BaseModel):
    token: str
    token_id: int
    logprob: float
    bytes: list[int]


class ChatTokenLogprob(TopLogprob):
    top_logprobs: list[TopLogprob]


class ChatChoiceLogprobs(BaseModel):
    content: list[ChatTokenLogprob]
    refusal: None


class TextChoiceLogprobs(BaseModel):
    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class AssistantMessage(BaseModel):
    role: Literal["assistant"]
    content: str


class Choice(BaseModel):
    index: int
    finish_reason: Literal["stop", "length"]


class ChatChoice(Choice):
    message: AssistantMessage
    logprobs: ChatChoiceLogprobs | None


class TextChoice(Choice):
    text: str
    logprobs: TextChoiceLogprobs | None


class Completion(BaseModel):
    id: str
    created: int
    model: str
    system_fingerprint: str
    usage: CompletionUsage


class ChatCompletion(Completion):
    object: Literal["chat.completion"]
    choices: list[ChatChoice]


class TextCompletion(Completion):
    object: Literal["text_completion"]
    choices: list[TextChoice]


class ModelCapabilities(BaseModel):
    completion_chat: bool
    completion_fim: bool
    function_calling: bool
    fine_tuning: bool
    vision: bool


class ModelCard(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    type: Literal["base"]
    capabilities: ModelCapabilities
    max_context_length: int


class ModelList(BaseModel):
    object: Literal["list"]
    data: list[ModelCard]


class ModelStatus(BaseModel):
    parameters: int
    fingerprint: str
    max_len: int
    dtype: str
    decode_backend: str | None


class Health(BaseModel):
    status: Literal["ok"]
    decode_library: str
    models: dict[str, ModelStatus]
    failed: dict[str, str]


class TokenizedText(BaseModel):
    count: int
    max_model_len: int
    tokens: SkipValidation[list[int]]  # up to a million
    token_strs: list[str] | None


class DetokenizedText(BaseModel):
    prompt: str


class TokenizerInfo(BaseModel):
    tokenizer_class: str
    vocab_size: int
    bos_token: str
    bos_token_id: int
    eos_token: str
    eos_token_id: int
    add_bos_token: bool
    add_eos_token: bool
    model_max_length: int
    chat_layout: str
