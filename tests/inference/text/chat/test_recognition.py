"""Which layout a folder has, over templates that mistral-common writes itself, published ones, and others."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from mistral_common.integrations.chat_templates.chat_templates import generate_chat_template
from mistral_common.tokens.tokenizers.base import TokenizerVersion

from inference.text.chat.jinja_template import JinjaTemplate
from inference.text.chat.layouts import Layout
from inference.text.chat.recognition import Family, choose, detect
from inference.text.chat_template import ChatError, Message, render
from inference.text.fast_tokenizer import FastTokenizer
from inference.text.folder import open_tokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_tokenizer
from tests.inference.text import kinds
from tests.inference.text.chat import dialects
from tests.inference.text.kinds import SENTENCEPIECE, sentencepiece_kind

V1, V3, V7 = sentencepiece_kind("v1"), sentencepiece_kind("v3"), sentencepiece_kind("v7")


def mistrals(version: str, *, default: str | None = None, spm: bool = True) -> str:
    """The template that mistral-common writes for tokenizers of a version."""
    return generate_chat_template(
        spm=spm,
        tokenizer_version=TokenizerVersion(version),
        image_support=False,
        audio_support=False,
        thinking_support=False,
        default_system_prompt=default,
        plain_thinking_support=False,
        use_special_token_variables=True,
        model_settings_fields=None,
        reasoning_effort_values=None,
        reasoning_effort_default=None,
    )


def turns(user: str, assistant: str) -> str:
    """A template with these two turns, in which nobody else may speak, nor twice."""
    return (
        "{{ bos_token }}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('user, assistant, user, ...') }}{% endif %}{% if m.role == 'user' %}{{ "
        + user
        + " }}{% else %}{{ "
        + assistant
        + " }}{% endif %}{% endfor %}"
    )


V1_OF_2023 = turns("'[INST] ' + m.content + ' [/INST]'", "m.content + eos_token + ' '")
V3_OF_2024 = turns("'[INST] ' + m.content + '[/INST]'", "' ' + m.content + eos_token")
NEMO = turns("'[INST]' + m.content + '[/INST]'", "m.content + eos_token")
ALL_ALIKE = "{{ bos_token }}{% for m in messages %}{{ '[INST] ' + m['content'] + ' [/INST]' }}{% endfor %}"
SYSTEM_FIRST = (
    "{% set rules = messages[0].content + '\n\n' if messages[0].role == 'system' else '' %}{{ bos_token }}"
    "{% for m in messages if m.role != 'system' %}{% if m.role == 'user' %}"
    "{{ '[INST] ' + (rules if loop.first else '') "
    "+ m.content + '[/INST]' }}{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}"
)


def published(folder: Path, template: object) -> Path:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    return folder


@pytest.mark.parametrize(
    ("tokenizer", "family", "layout"),
    [
        (V1, "mistral", "v1"),
        (V1, "llama", "llama-2"),
        (V3, "mistral", "v3"),
        (V3, "llama", "v3"),
        (V7, "mistral", "v7"),
    ],
)
def test_without_a_template_the_pieces_and_the_family_give_the_layout(
    tokenizer: Tokenizer, family: Family, layout: Layout, tmp_path: Path
) -> None:
    assert detect(tokenizer, family=family) == layout
    assert detect(tokenizer, family=family, folder=tmp_path) == layout, "a folder that publishes none"


def test_the_layout_is_read_from_the_control_pieces(tmp_path: Path) -> None:
    write_tokenizer(tmp_path / "v3")
    write_tokenizer(tmp_path / "v1", has_control_pieces=False)
    assert detect(open_tokenizer(tmp_path / "v3")) == "v3"
    assert detect(open_tokenizer(tmp_path / "v1")) == "v1"


RECOGNISED: list[tuple[str, Tokenizer, Layout]] = [
    (mistrals("v1"), V1, "v1"),
    (mistrals("v2"), sentencepiece_kind("v2"), "v3"),
    (mistrals("v3"), V3, "v3"),
    (mistrals("v7"), V7, "v7"),
    (mistrals("v3", spm=False), kinds.fast_kind("nemo"), "v3"),
    (mistrals("v11", spm=False), kinds.fast_kind("nemo"), "v7"),
    (mistrals("v13", spm=False), kinds.fast_kind("nemo"), "v7"),
    (V1_OF_2023, V1, "v1"),
    (V1_OF_2023, V3, "v3"),
    (V3_OF_2024, V3, "v3"),
    (NEMO, kinds.fast_kind("nemo"), "v3"),
    (dialects.LLAMA_2, V1, "llama-2"),
    (dialects.ZEPHYR, V1, "zephyr"),
    (dialects.CHATML, V1, "chatml"),
    (dialects.CHATML_BOS, V1, "chatml-bos"),
]


@pytest.mark.parametrize(("template", "tokenizer", "layout"), RECOGNISED, ids=range(len(RECOGNISED)))
def test_a_template_that_writes_what_a_layout_writes_is_that_layout(
    tmp_path: Path, template: str, tokenizer: Tokenizer, layout: Layout
) -> None:
    assert detect(tokenizer, folder=published(tmp_path, template)) == layout


@pytest.fixture
def run(tmp_path: Path) -> Iterator[list[JinjaTemplate]]:
    """The templates of a test, whose processes end with it."""
    templates: list[JinjaTemplate] = []
    yield templates
    for template in templates:
        template.close()


OTHERS = [
    ALL_ALIKE,
    SYSTEM_FIRST,
    mistrals("v3", default="Be kind."),
    V3_OF_2024.replace("[INST] ", "[INST]\\n"),
    V3_OF_2024.replace("+ eos_token", ""),
    dialects.ZEPHYR.replace("+ eos_token", "+ '<|end|>'"),
    dialects.LLAMA_2.replace("[INST]", "USER:"),
    dialects.CHATML.replace("message['content']", "message['content'] | trim"),
    dialects.CHATML_DEFAULT,
    dialects.THINKING.replace("<think>\n' }}", "' }}"),
    dialects.LLAMA_3,
]


@pytest.mark.parametrize("template", OTHERS, ids=range(len(OTHERS)))
def test_a_template_of_no_layout_is_run_and_never_taken_for_one(
    tmp_path: Path, run: list[JinjaTemplate], template: str
) -> None:
    found = detect(V3, folder=published(tmp_path, template))
    assert isinstance(found, JinjaTemplate), found
    run.append(found)
    assert (str(found), found.where) == ("jinja", "tokenizer_config.json")


def test_a_mark_that_is_a_control_piece_is_not_plain_text(tmp_path: Path, run: list[JinjaTemplate]) -> None:
    tokenizer = FastTokenizer(dialects.folder("v1") / "tokenizer.json")
    assert tokenizer.control_id("<|user|>") is not None
    found = detect(tokenizer, folder=published(tmp_path, dialects.ZEPHYR))
    assert isinstance(found, JinjaTemplate)
    run.append(found)


def test_a_later_layout_is_refused_rather_than_guessed() -> None:
    class Later(SentencePieceTokenizer):
        def __init__(self) -> None:
            super().__init__(SENTENCEPIECE["v3"])

        def control_id(self, piece: str) -> int | None:
            return 40 if piece == "[MODEL_SETTINGS]" else super().control_id(piece)

    with pytest.raises(ChatError, match=r"has a \[MODEL_SETTINGS\] piece; .* v1, v2, v3, v7, llama-2, zephyr, chatml"):
        render([Message("user", "Hello")], Later())
    assert render([Message("user", "Hello")], Later(), "v3") == [1, 3, 23325, 4]
    with pytest.raises(ChatError, match="the tokenizer names its chat layout v15"):
        detect(TekkenTokenizer(kinds.small_tekken("v15")))


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ nope(", "TemplateSyntaxError: unexpected 'end of template'"),
        ("{{ messages[0].content.foo.bar }}", "UndefinedError: "),
        ("{{ raise_exception('not now') }}", "not now"),
        ("{{ messages[0].content * 10**9 }}", "it needs too much memory"),
        ("USER: ASSISTANT:", "it leaves out the user's message"),
    ],
)
def test_a_template_that_fails_for_one_question_is_refused(tmp_path: Path, template: str, reason: str) -> None:
    expected = rf"the chat template in tokenizer_config\.json fails: {reason}.* Choose a layout with --template \(v1, "
    with pytest.raises(ChatError, match=expected):
        detect(V1, folder=published(tmp_path, template))


def test_a_choice_takes_precedence(tmp_path: Path, run: list[JinjaTemplate]) -> None:
    folder = published(tmp_path, dialects.CHATML)
    assert choose(V1, "v1", family="mistral", folder=folder) == "v1"
    assert choose(V1, None, family="mistral", folder=folder) == "chatml"
    template = choose(V1, "jinja", family="mistral", folder=folder)
    assert isinstance(template, JinjaTemplate)
    run.append(template)
    with pytest.raises(ChatError, match=r"has no chat template; one in tokenizer_config\.json, .* --template jinja"):
        choose(V1, "jinja", family="mistral", folder=published(tmp_path, None))


def test_the_pieces_that_a_folder_names_reach_its_template(tmp_path: Path, run: list[JinjaTemplate]) -> None:
    tokenizer = FastTokenizer(dialects.folder("v1") / "tokenizer.json")
    folder = published(tmp_path, "{{ bos_token }}{{ eos_token }}{{ pad_token }}" + dialects.PHI)
    for names, before in (
        ({}, "<s></s>"),
        ({"eos_token": {"content": "<|im_end|>"}, "bos_token": None}, "<|im_end|>"),
        ({"bos_token": "</s>", "pad_token": "<|end|>"}, "</s></s><|end|>"),
    ):
        (folder / "special_tokens_map.json").write_text(json.dumps(names))
        template = detect(tokenizer, folder=folder)
        assert isinstance(template, JinjaTemplate)
        run.append(template)
        ids = render([Message("user", "a")], tokenizer, template)
        assert tokenizer.decode(ids, shows_control=True).startswith(f"{before}<|user|>")
