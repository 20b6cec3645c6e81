"""Chat templates written in the dialects of published ones, and tokenizers that have their control pieces.

They are short, and not copies, except those of Llama 2, TinyLlama, and CHATML (which many fine-tunes share).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers
from transformers import PreTrainedTokenizerFast

from tests.inference.text import kinds

# As published in tokenizer_config.json of meta-llama/Llama-2-7b-chat-hf and of TinyLlama/TinyLlama-1.1B-Chat-v1.0.
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
    "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + "
    "eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n"
    "{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)


CHATML = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CHATML_BOS = "{{ bos_token }}" + CHATML
CHATML_DEFAULT = (
    "{% if messages[0].role != 'system' %}{{ '<|im_start|>system\nYou are Quill.<|im_end|>\n' }}{% endif %}" + CHATML
)
LLAMA_3 = """{{- bos_token }}
{%- if messages[0].role == 'system' %}
    {%- set rules = messages[0].content | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set rules = '' %}
{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\n\nToday: ' + (date or 'unknown') + '\n\n' + rules + '<|eot_id|>' }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""
GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}
{%- for message in messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no alternation') }}{% endif %}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
    {{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}
"""
PHI = (
    "{% for message in messages %}{{ '<|' + message.role + '|>\n' + message.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
VICUNA = (
    "{% if messages[0].role == 'system' %}{% set turns = messages[1:] %}{{ messages[0].content }}{% else %}"
    "{% set turns = messages %}{{ 'A chat.' }}{% endif %}{% for turn in turns %}{% if turn.role == 'user' %}"
    "{{ ' USER: ' + turn.content.strip() }}{% else %}{{ ' ASSISTANT: ' + turn.content + eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}"
)
ALPACA = """{{ bos_token }}{% for message in messages %}
{% if message.role == 'system' %}
{{ message.content }}

{% elif message.role == 'user' %}
### Instruction:
{{ message.content }}

{% else %}
### Response:
{{ message.content }}{{ eos_token }}

{% endif %}
{% endfor %}
{% if add_generation_prompt %}
### Response:
{% endif %}"""
THINKING = (
    "{% for message in messages %}{% set text = message.content %}{% if message.role == 'assistant' and '</think>' in "
    "text %}{% set text = text.split('</think>')[-1].lstrip('\n') %}{% endif %}{{ '<|im_start|>' + message.role + '\n' "
    "+ text + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}"
    "{% endif %}"
)
SHOUTING = "{% for m in messages %}{{ '<|im_start|>' + m.content | upper + '<|im_end|>' }}{% endfor %}"
QUOTING = "{{ bos_token }}{{ messages | tojson }}{{ eos_token }}"

DIALECTS = {
    "chatml": CHATML,
    "chatml with bos": CHATML_BOS,
    "chatml with a default": CHATML_DEFAULT,
    "llama 3": LLAMA_3,
    "gemma": GEMMA,
    "phi": PHI,
    "vicuna": VICUNA,
    "alpaca": ALPACA,
    "thinking": THINKING,
    "shouting": SHOUTING,
    "quoting": QUOTING,
}
MARKS = [
    *("<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<start_of_turn>", "<end_of_turn>"),
    *("<|user|>", "<|system|>", "<|assistant|>"),
]
TRIMMING_MARKS = ["<|end|>"]  # takes the whitespace after it, as Phi's
PLAIN_MARKS = ["<think>", "</think>"]  # added, but not special


@cache
def folder(kind: str) -> Path:
    """A tokenizer.json with these marks: "byte-level", or "v1", "metaspace", "v3" (converted from SentencePiece)."""
    made = tokenizers.Tokenizer.from_file(str(kinds.fast_folder(kind) / "tokenizer.json"))
    made.add_special_tokens(MARKS)
    made.add_special_tokens([tokenizers.AddedToken(mark, rstrip=True, normalized=False) for mark in TRIMMING_MARKS])
    made.add_tokens([tokenizers.AddedToken(mark, normalized=False) for mark in PLAIN_MARKS])
    path = kinds.new_folder()
    made.save(str(path / "tokenizer.json"))
    names = {"bos_token": "<s>", "eos_token": "</s>"}
    if kind == "byte-level":
        names = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    (path / "tokenizer_config.json").write_text(json.dumps(names))
    return path


@cache
def peer(kind: str) -> Any:
    """transformers' tokenizer of that folder."""
    names = json.loads((folder(kind) / "tokenizer_config.json").read_text())
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(folder(kind) / "tokenizer.json"), **names
    )
