"""Tables of the fields that this server does not have: field, values that ask for nothing, refusal of all others.

They are those of OpenAI's API, of mistralai's client and of vLLM's server that clients commonly send. A field that is
in no table, and that no request uses, is accepted only as null.
"""

from inference.server.requests.neutral import Neutral

_TOOLS = "this server calls no tools; describe them in a message and read the call from the answer's text"
_FORMAT = "this server does not constrain answers; ask for the format in a message and check the answer"
_TEXT_ONLY = "this server reads and writes only text; send text"
_ONE_ANSWER = "this server returns one answer to a prompt; send the request again, with another seed, for another"
_NOTHING_STORED = "this server stores nothing; store what you need on your side"
_REASONING = "no model of this server has a setting for reasoning; ask for it in a message"
_HISTORY = "this server cannot show it to a model; leave it out, or write it into content"
_NOT_USED = "this server does not use it; leave it out"
_SAMPLING = "this server does not sample that way; leave it out"
_PROMPT_LOGPROBS = "a chat has none for its prompt; send the text to /v1/completions with echo and logprobs"
_SPECIAL = "this server never writes control tokens into an answer; leave it out"
_TEMPLATE = "the layout of a chat is chosen when the server starts; use its option --template"

_FORMATS = dict.fromkeys(
    (
        "guided_json",
        "guided_regex",
        "guided_choice",
        "guided_grammar",
        "guided_decoding_backend",
        "guided_whitespace_pattern",
        "structural_tag",
        "structured_outputs",
    ),
    Neutral((), _FORMAT),
)

BOTH = {
    "n": Neutral((1,), _ONE_ANSWER),
    "best_of": Neutral((1,), _ONE_ANSWER),
    "user": Neutral((str,), _NOT_USED),
    "metadata": Neutral((dict,), _NOT_USED),  # notes beside a stored answer; `store` true is refused
    "response_format": Neutral(({"type": "text"},), _FORMAT),
    **_FORMATS,
    "min_tokens": Neutral((0,), "this server cannot forbid a model to end its answer; leave it out"),
    "ignore_eos": Neutral((False,), "this server cannot keep a model from ending its answer; leave it out"),
    "use_beam_search": Neutral((False,), _SAMPLING),
    "length_penalty": Neutral((1,), _SAMPLING),
    "bad_words": Neutral(([],), "this server cannot forbid words; give their tokens a logit_bias of -100"),
    "allowed_token_ids": Neutral((), "this server cannot forbid all other tokens; give these a logit_bias of 100"),
    "logits_processors": Neutral(([],), "this server runs no code of clients; leave it out"),
    "stop_token_ids": Neutral(([],), "this server stops at strings; name them in stop"),
    "include_stop_str_in_output": Neutral((False,), "an answer ends before its stop string; add the string to it"),
    "skip_special_tokens": Neutral((True,), _SPECIAL),
    "spaces_between_special_tokens": Neutral((True,), _SPECIAL),
    "truncate_prompt_tokens": Neutral((), "this server never cuts a prompt; send a shorter one"),
    "return_tokens_as_token_ids": Neutral((False,), "this server writes tokens as text; ask /tokenize for their ids"),
    "return_token_ids": Neutral((False,), "this server writes tokens as text; ask /tokenize for their ids"),
    "priority": Neutral((0,), "this server takes requests in the order in which they come; leave it out"),
}
"""Of both kinds of completion."""

LAYOUT = {
    "tools": Neutral(([],), _TOOLS),
    "documents": Neutral(([],), _HISTORY),
    "chat_template": Neutral((), _TEMPLATE),
    "chat_template_kwargs": Neutral(({"enable_thinking": False},), _TEMPLATE),
    "mm_processor_kwargs": Neutral(({},), _TEXT_ONLY),
}
"""Of requests with messages: chats, and conversations that are tokenized."""

CHAT = {
    **LAYOUT,
    "tool_choice": Neutral(("none", "auto"), _TOOLS),
    "parallel_tool_calls": Neutral((bool,), _TOOLS),
    "functions": Neutral(([],), _TOOLS),
    "function_call": Neutral(("none", "auto"), _TOOLS),
    "modalities": Neutral((["text"],), _TEXT_ONLY),
    "audio": Neutral((), _TEXT_ONLY),
    "prediction": Neutral(
        ({"type": "content", "content": ""},), "this server cannot use a predicted answer; leave it out"
    ),
    "store": Neutral((False,), _NOTHING_STORED),
    "service_tier": Neutral(("auto", "default", "standard_only"), "this server has one tier; leave it out"),
    "prompt_cache_key": Neutral((str,), _NOT_USED),
    "prompt_cache_options": Neutral(({"mode": "implicit"},), "the server decides what is cached; leave it out"),
    "prompt_cache_retention": Neutral(("in_memory", "in-memory"), "this server caches only in memory; leave it out"),
    "safety_identifier": Neutral((str,), _NOT_USED),
    "moderation": Neutral((), "this server moderates nothing; ask a moderation service for it"),
    "guardrails": Neutral(([],), "this server moderates nothing; ask a moderation service for it"),
    "safe_prompt": Neutral(
        (False,),
        "this server does not add a safety prompt; send a system message, or set system_prompt under [battle] in "
        "the arena's settings",
    ),
    "web_search_options": Neutral((), "this server searches nothing; put what was found into a message"),
    "reasoning_effort": Neutral(("none",), _REASONING),
    "prompt_mode": Neutral((), _REASONING),
    "thinking": Neutral(({"type": "disabled"},), _REASONING),
    "enable_thinking": Neutral((False,), _REASONING),
    "include_reasoning": Neutral((bool,), _REASONING),
    "verbosity": Neutral(("medium",), "no model of this server has a setting for length; ask for it in a message"),
    "prompt_logprobs": Neutral((False,), _PROMPT_LOGPROBS),
    "top_prompt_logprobs": Neutral((0,), _PROMPT_LOGPROBS),
    "echo": Neutral((False,), "an answer does not repeat its chat; add the answer to the last message"),
    "add_special_tokens": Neutral((False,), "the layout of the chat adds them; leave it out"),
}

TEXT = {
    "suffix": Neutral(("",), "this server cannot write an answer that leads to a given text; leave it out"),
    "prompt_logprobs": Neutral((False,), "ask for them with echo and logprobs"),
}

STREAM_OPTIONS = {
    "include_obfuscation": Neutral((False,), "this server pads no events; leave it out"),
    "continuous_usage_stats": Neutral((False,), "only the last event counts the tokens; leave it out"),
}

MESSAGE = {
    "name": Neutral((str,), _NOT_USED),
    "tool_calls": Neutral(([],), _TOOLS),
    "tool_call_id": Neutral((), _TOOLS),
    "function_call": Neutral((), _TOOLS),
    "refusal": Neutral(("",), "write what the model answered into content"),
    "annotations": Neutral(([],), _HISTORY),
    "audio": Neutral((), _TEXT_ONLY),
    "images": Neutral(([],), _TEXT_ONLY),
    "reasoning": Neutral(("",), _HISTORY),
    "reasoning_content": Neutral(("",), _HISTORY),
    "reasoning_details": Neutral(([],), _HISTORY),
    "thinking_blocks": Neutral(([],), _HISTORY),
    "provider_specific_fields": Neutral(({},), _HISTORY),
}
"""Of a message of the history, as clients send back what they received."""
