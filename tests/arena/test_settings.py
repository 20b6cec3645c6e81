import dataclasses
import datetime
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from arena.settings import (
    SECTIONS,
    Override,
    Player,
    Settings,
    SettingsError,
    describe,
    environment_name,
    load,
    read_file,
)

SHIPPED = Path(__file__).parents[2] / "arena.toml"


def model(**keys: Any) -> dict[str, Any]:
    return {"models": [{"name": "m", "base_url": "http://127.0.0.1:8000/v1", **keys}]}


def error_of(
    toml: dict[str, Any],
    env: dict[str, str] | None = None,
    options: tuple[Override, ...] = (),
    file: Path = Path("arena.toml"),
) -> str:
    with pytest.raises(SettingsError) as caught:
        load(toml, env or {}, options, file=file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_empty_file_gives_the_defaults() -> None:
    settings = load({}, {})
    assert settings == Settings()
    assert settings.battle.max_tokens == 1024
    assert settings.elo.prior == 1.0
    assert settings.database_url == "sqlite:///data/arena.sqlite"


def test_the_shipped_file_changes_no_default_and_names_every_key_with_it() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    shipped = load(tomllib.loads(text), {})
    assert dataclasses.replace(shipped, models=(), examples=()) == Settings()

    sections = text[: text.index("# The models. ")]
    shown = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", sections))
    assert {section: set(keys) for section, keys in shown.items()} == {
        section: {one.name for one in dataclasses.fields(cls)} for section, cls in SECTIONS.items()
    }
    for key in ("moderator", "base_url", "model", "api_key_env"):  # two ways to say who judges; only one may be taken
        del shown["moderation"][key]
    settings, defaults = load(shown, {}), Settings()
    for section, keys in shown.items():
        for key in keys:
            default = getattr(getattr(defaults, section), key)
            if default is not None:
                assert getattr(getattr(settings, section), key) == default, f"[{section}] {key}"


def test_the_shipped_roster_is_the_four_demo_models() -> None:
    settings = load(tomllib.loads(SHIPPED.read_text(encoding="utf-8")), {}, file=SHIPPED)
    assert len(settings.models) == 4
    for player in settings.models:
        slug = player.name.lower().replace(" ", "-")
        assert player.demo == slug
        assert (SHIPPED.parent / "inference" / "demo" / "models" / slug).is_dir()
        assert player.is_native
        assert player.is_active


def test_file_environment_and_command_line_win_in_this_order() -> None:
    toml = {"battle": {"max_tokens": 1, "max_turns": 1, "retries": 1}}
    env = {"ARENA_BATTLE_MAX_TURNS": "2", "ARENA_BATTLE_RETRIES": "2", "HOME": "/", "ARENA_TITLE": "Ours"}
    settings = load(toml, env, [Override("battle", "retries", "3", "--retries")])
    assert (settings.battle.max_tokens, settings.battle.max_turns, settings.battle.retries) == (1, 2, 3)
    assert settings.arena.title == "Ours"


def test_the_environment_is_read_by_type() -> None:
    env = {
        "ARENA_BATTLE_TEMPERATURE": "1",
        "ARENA_BATTLE_PACE": "free",
        "ARENA_WEB_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2",
        "ARENA_INFERENCE_CACHE_GB": "1.5",
        "ARENA_ELO_K": "16",
        "ARENA_DATA": "/srv/arena",
    }
    settings = load({}, env)
    assert settings.battle.temperature == 1.0
    assert settings.battle.pace == "free"
    assert settings.web.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert settings.inference.cache_gb == 1.5
    assert settings.elo.k == 16.0
    assert settings.database_url == "sqlite:////srv/arena/arena.sqlite"


def test_environment_names_are_the_documented_ones() -> None:
    assert environment_name("arena", "title") == "ARENA_TITLE"
    assert environment_name("battle", "max_tokens") == "ARENA_BATTLE_MAX_TOKENS"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ({"battel": {}}, "arena.toml: unknown section or key 'battel'; did you mean 'battle'?"),
        ({"battle": {"max_token": 1}}, "arena.toml, [battle]: unknown key 'max_token'; did you mean 'max_tokens'?"),
        ({"elo": {"priors": 1}}, "arena.toml, [elo]: unknown key 'priors'; did you mean 'prior'?"),
        ({"arena": {"admin_port": 1}}, "arena.toml, [arena]: 'admin_port' is a key of [web]; move it there"),
        ({"max_tokens": 1}, "arena.toml: 'max_tokens' is a key of [battle]; move it there"),
        ({"arena": {"port": 1}}, "arena.toml, [arena]: 'port' is a key of [web] and of [inference]; move it there"),
        ({"model": [{"name": "m"}]}, "arena.toml: unknown section or key 'model'; did you mean 'models'?"),
        (model(licens="x"), "arena.toml, [[models]] 'm': unknown key 'licens'; did you mean 'licence'?"),
        ({"battle": 3}, "arena.toml: battle is 3; expected a section [battle] with keys"),
        ({"battle": {"max_tokens": "9"}}, "arena.toml, [battle] max_tokens: '9' is not a whole number"),
        ({"battle": {"max_tokens": True}}, "arena.toml, [battle] max_tokens: True is not a whole number"),
        ({"battle": {"max_tokens": 1.5}}, "arena.toml, [battle] max_tokens: 1.5 is not a whole number"),
        ({"battle": {"top_p": "x"}}, "arena.toml, [battle] top_p: 'x' is not a number"),
        ({"battle": {"top_p": float("nan")}}, "arena.toml, [battle] top_p: nan is not a number"),
        ({"battle": {"pace": "fast"}}, "arena.toml, [battle] pace: 'fast' is not one of equal, together, free"),
        ({"arena": {"title": 3}}, "arena.toml, [arena] title: 3 is not text in quotes"),
        ({"arena": {"data": ""}}, "arena.toml, [arena] data: '' is not a path in quotes"),
        ({"web": {"trusted_proxies": "all"}}, "arena.toml, [web] trusted_proxies: 'all' is not a list of texts"),
        ({"web": {"port": 0}}, "arena.toml, [web] port: 0 is out of range; expected a number >= 1 and <= 65,535"),
        ({"battle": {"top_p": 0}}, "arena.toml, [battle] top_p: 0 is out of range; expected a number > 0 and <= 1"),
        (
            {"limits": {"votes_per_hour": 0}},
            "arena.toml, [limits] votes_per_hour: 0 is out of range; expected a number >= 1",
        ),
        ({"elo": {"base": 1.0}}, "arena.toml, [elo]: base 1.0 is not above 1"),
        (
            {"elo": {"cluster": "voters"}},
            "arena.toml, [elo] cluster: the database has no column 'voters'; did you mean 'voter'?",
        ),
        (
            {"elo": {"control": ["side", "column:turns"]}},
            "arena.toml, [elo] control: the database has no column 'turns'; did you mean 'n_turns'?",
        ),
        (
            {"models": {"name": "m"}},
            "arena.toml: models is not a list of tables; write each model under its own [[models]]",
        ),
        (model(active=1), "arena.toml, [[models]] 'm' active: 1 is not true or false"),
        (model(base_url=[1]), "arena.toml, [[models]] 'm' base_url: [1] is not a list of texts"),
        (model(api_key_env=7), "arena.toml, [[models]] 'm' api_key_env: 7 is not text in quotes"),
        (
            model(parameters=10**26),
            "arena.toml, [[models]] 'm' parameters: a whole number of 87 bits;"
            " expected at most 9,223,372,036,854,775,807",
        ),
        (
            {"elo": {"seed": -(10**26)}},
            "arena.toml, [elo] seed: a whole number of 87 bits; expected at most 9,223,372,036,854,775,807",
        ),
        (model(weight=0), "arena.toml, [[models]] 'm' weight: 0 is out of range; expected a number > 0"),
    ],
)
def test_a_wrong_file_is_reported_in_one_line(toml: dict[str, Any], message: str) -> None:
    assert error_of(toml) == message


@pytest.mark.parametrize(
    "toml",
    [
        {"battel": {}},
        {"battle": 3},
        {"battle": {"max_token": 1}},
        {"battle": {"max_tokens": "9"}},
        {"battle": {"top_p": 0}},
        {"elo": {"base": 1.0}},
        {"web": {"public_url": "x"}},
        {"models": 3},
        {"models": [{}]},
        model(licens="x"),
        model(weight=0),
        {"models": [{"name": "m"}]},
        {"models": [{"name": "m", "path": "hf:x"}]},
        {"models": [{"name": "m", "path": "x", "max_len": 2}]},
        {"models": [{"name": "m", "path": "x"}, {"name": "M", "path": "y"}]},
    ],
)
def test_every_error_names_the_file_that_was_read(toml: dict[str, Any]) -> None:
    """They said arena.toml whatever `--config` named."""
    message = error_of(toml, file=Path("/srv/ours.toml"))
    assert message.startswith("/srv/ours.toml")
    assert "arena.toml" not in message


def test_where_sections_and_variables_only_fail_together_both_are_named() -> None:
    message = error_of({}, {"ARENA_ELO_BASE": "0.5", "ARENA_ELO_SCALE": "400"})
    assert message == "arena.toml and ARENA_ELO_BASE, [elo]: base 0.5 is not above 1"


def test_the_largest_number_that_the_database_stores_is_taken() -> None:
    assert load(model(parameters=2**63 - 1), {}).models[0].parameters == 2**63 - 1


def test_a_whole_number_beyond_all_floats_is_refused() -> None:
    message = "arena.toml, [battle] top_p: a whole number of 1329 bits; expected at most 9,223,372,036,854,775,807"
    assert error_of({"battle": {"top_p": 10**400}}) == message


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([{"path": "x"}], "number 1: name is None; expected 1 to 80 printable characters"),
        ([{"name": "M", "path": "x", "organisation": "a\u202eb"}], "organisation: 'a\\u202eb'; expected at most 100"),
        ([{"name": "M", "path": "x", "licence": "x" * 101}], "expected at most 100 printable characters"),
        ([{"name": "M", "path": "x", "family": "a\0b"}], "family: 'a\\x00b'; expected text without NUL characters"),
        ([{"name": "M", "path": "x", "system_prompt": "a\0b"}], "system_prompt: 'a\\x00b'; expected text without NUL"),
        ([{"name": " ", "path": "x"}], "number 1: name is ' '"),
        ([{"name": "a\nb", "path": "x"}], r"number 1: name is 'a\nb'"),
        ([{"name": "m"}], "'m': expected path (a folder of weights) or base_url"),
        ([{"name": "m", "path": "x", "base_url": "http://h"}], "'m': expected path (a folder of weights) or base_url"),
        (
            [{"name": "a=b", "path": "x"}],
            "'a=b': the name contains =; expected a name without = for a model with a path",
        ),
        ([{"name": "m", "path": "x", "model": "y"}], "'m': model belongs to a model with base_url"),
        ([{"name": "m", "path": "x", "api_key_env": "K"}], "'m': api_key_env belongs to a model with base_url"),
        ([{"name": "m", "path": "x", "hub": "o/n"}], "'m': unknown key 'hub'; did you mean "),
        ([{"name": "m", "path": "hf:mistral"}], "'m' path: 'hf:mistral'; expected hf:ORG/NAME, a model of the Hugging"),
        ([{"name": "m", "path": "hf:a/b/c"}], "'m' path: 'hf:a/b/c'; expected hf:ORG/NAME"),
        ([{"name": "m", "path": "demo:"}], "'m' path: 'demo:'; expected demo:NAME, a model that comes with the arena"),
        ([{"name": "m", "path": "demo:../x"}], "'m' path: 'demo:../x'; expected demo:NAME"),
        ([{"name": "m", "path": "x", "demo": "wren-sol"}], "'m': unknown key 'demo'; did you mean "),
        (
            [{"name": "a=b", "path": "hf:o/n"}],
            "'a=b': the name contains =; expected a name without = for a model with a path",
        ),
        (
            [{"name": "m", "path": "x", "dtype": "fp16"}],
            "'m' dtype: 'fp16' is not one of float32, bfloat16, float16, int8",
        ),
        (
            [{"name": "m", "base_url": "http://h", "dtype": "int8"}],
            "'m': dtype belongs to a model with path; the server at base_url decides its own",
        ),
        (
            [{"name": "m", "path": "x", "template": "v4"}],
            "'m' template: 'v4' is not one of v1, v2, v3, v7, llama-2, zephyr, chatml, chatml-bos, jinja",
        ),
        ([{"name": "m", "base_url": "http://h", "template": "v3"}], "'m': template belongs to a model with path"),
        ([{"name": "m", "path": 3}], "'m' path: 3 is not a path in quotes"),
        ([{"name": "m", "path": "x\0y"}], r"'m' path: 'x\x00y' is not a path in quotes"),
        ([{"name": "m", "path": "~nobody-here/x"}], "'m' path: '~nobody-here/x': Could not determine home directory"),
        ([{"name": "m", "path": "x", "max_len": 1}], "'m' max_len: 1 is out of range; expected a number >= 2"),
        (
            [{"name": "m", "base_url": "http://h", "max_len": 64}],
            "'m': max_len belongs to a model with path; the server at base_url",
        ),
        (
            [{"name": "m", "path": "x", "max_len": 256}],
            "'m' max_len: 256 tokens leave no room for a prompt beside an answer of",
        ),
        ([{"name": "m", "base_url": []}], "'m' base_url: an empty list; expected at least one address"),
        ([{"name": "m", "base_url": "localhost:8000"}], "'m' base_url: 'localhost:8000'; expected an address such as"),
        ([{"name": "m", "base_url": ["http://h", "ftp://h"]}], "'m' base_url: 'ftp://h'; expected an address such as"),
        ([{"name": "m", "base_url": "http://h:99999/v1"}], "'m' base_url: 'http://h:99999/v1'; expected an address"),
        ([{"name": "m", "base_url": "http://h/v 1"}], "'m' base_url: 'http://h/v 1'; expected an address such as"),
        ([{"name": "m", "base_url": " http://h"}], "'m' base_url: ' http://h'; expected an address such as"),
        ([{"name": "m", "base_url": "http://h/v1?k=1"}], "8000/v1, with no space, query or fragment"),
        ([{"name": "m", "base_url": "http://h/v1#top"}], "8000/v1, with no space, query or fragment"),
        ([{"name": "m", "base_url": "http://h\t/v1"}], "8000/v1, with no space, query or fragment"),
        ([{"name": "m", "base_url": "http://h", "api_key_env": ""}], "'m' api_key_env: ''; expected the name of the"),
        (
            [{"name": "m", "path": "x"}, {"name": "M", "path": "y"}],
            "two models are called 'M'; expected different names",
        ),
    ],
)
def test_a_wrong_model_is_reported_in_one_line(tables: list[dict[str, Any]], message: str) -> None:
    assert message in error_of({"models": tables})


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"ARENA_BATTLE_MAX_TOKEN": "1"},
            "environment: unknown variable 'ARENA_BATTLE_MAX_TOKEN'; did you mean 'ARENA_BATTLE_MAX_TOKENS'?",
        ),
        ({"ARENA_BATTLE_RETRIES": "two"}, "ARENA_BATTLE_RETRIES ([battle] retries): 'two' is not a whole number"),
        (
            {"ARENA_WEB_PORT": "99999"},
            "ARENA_WEB_PORT ([web] port): 99999 is out of range; expected a number >= 1 and <= 65,535",
        ),
        ({"ARENA_SECRET": "short"}, "ARENA_SECRET: 5 characters; expected at least 16 random ones"),
    ],
)
def test_a_wrong_environment_is_reported_in_one_line(env: dict[str, str], message: str) -> None:
    assert error_of({}, env) == message


def test_a_wrong_option_is_reported_by_its_name() -> None:
    message = error_of({}, options=(Override("web", "port", "http", "--port"),))
    assert message == "--port ([web] port): 'http' is not a whole number"


@pytest.mark.parametrize(
    "url",
    [
        "arena.example.org",
        "https://",
        "https://a.example/arena?x",
        "https://a.example//",
        "https://a.example/x//y",
        "https://a.example/../arena",
        "https://a.example/%61rena",
        "https://a.example/a:b",
        "https://word@a.example",
    ],
)
def test_a_public_url_that_is_more_or_less_than_an_address_is_refused(url: str) -> None:
    assert error_of({"web": {"public_url": url}}) == (
        f"arena.toml, [web]: public_url {url!r}; expected scheme, host and, for a sub-path, a path,"
        " such as https://arena.example.org or https://example.org/arena"
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://arena.example.org", "https://arena.example.org"),
        ("https://arena.example.org/", "https://arena.example.org"),
        ("https://example.org/arena", "https://example.org/arena"),
        ("http://[::1]:8080/apps/arena-1.0/", "http://[::1]:8080/apps/arena-1.0"),
    ],
)
def test_a_public_url_is_scheme_host_and_path(url: str, kept: str) -> None:
    assert load({"web": {"public_url": url}}, {}).web.public_url == kept


def test_a_trusted_proxy_is_an_address_or_a_network() -> None:
    proxies = ("10.0.0.1", "172.16.0.0/12", "fd00::/8", "*")
    assert load({"web": {"trusted_proxies": list(proxies)}}, {}).web.trusted_proxies == proxies
    for wrong in ("nginx", "10.0.0.1/8", ""):
        assert error_of({"web": {"trusted_proxies": [wrong]}}) == (
            f"arena.toml, [web]: trusted_proxies: {wrong!r} is not an address; expected one such as 127.0.0.1,"
            ' or a network such as 172.16.0.0/12 ("*" trusts everybody)'
        )


def test_a_key_may_lie_in_a_variable_that_begins_like_ours() -> None:
    settings = load(model(api_key_env="ARENA_KEY_OF_M"), {"ARENA_KEY_OF_M": "sk"})
    assert settings.models[0].api_key_env == "ARENA_KEY_OF_M"


def test_models_are_read_completely() -> None:
    tables = [
        {"name": "Near", "path": "weights/near", "parameters": 5, "weight": 2, "active": False, "family": "F"},
        {"name": "Short", "path": "weights/short", "max_len": 512, "dtype": "int8"},
        {"name": "Hub", "path": "hf:org/name-1.0", "template": "jinja"},
        {"name": "Demo", "path": "demo:wren-sol"},
        {
            "name": "Far",
            "base_url": ["http://a/v1/", "http://b/v1"],
            "model": "far-1",
            "organisation": "O",
            "licence": "L",
        },
        {"name": "Plain", "base_url": "http://a/v1"},
    ]
    assert load({"models": tables}, {}, file=Path("/srv/arena.toml")).models == (
        Player("Near", Path("/srv/weights/near"), model="Near", parameters=5, weight=2.0, is_active=False, family="F"),
        Player("Short", Path("/srv/weights/short"), model="Short", max_len=512, dtype="int8"),
        Player("Hub", hub="org/name-1.0", model="Hub", template="jinja"),
        Player("Demo", demo="wren-sol", model="Demo"),
        Player("Far", None, ("http://a/v1", "http://b/v1"), "far-1", organisation="O", licence="L"),
        Player("Plain", None, ("http://a/v1",), "Plain"),
    )


def test_all_keys_of_an_endpoint_are_read() -> None:
    keys = {
        "max_tokens": 512,
        "thinking_tokens": 0,
        "first_token_timeout_s": 120,
        "thinking_timeout_s": 600.5,
        "headers": {"api-key": "env:ARENA_KEY_OF_M", "x-title": "Arena"},
        "query": {"api-version": "2024-10-21"},
        "extra_body": {"reasoning_effort": "low", "provider": {"order": ["a", "b"]}, "n_best": 1},
        "omit": ["temperature", "system"],
        "rename": {"max_tokens": "max_completion_tokens", "seed": "random_seed"},
    }
    (player,) = load(model(**keys), {"ARENA_KEY_OF_M": "sk"}).models
    assert player == Player(
        "m",
        base_urls=("http://127.0.0.1:8000/v1",),
        model="m",
        **{**keys, "omit": ("temperature", "system"), "first_token_timeout_s": 120.0},  # type: ignore[arg-type]
    )
    assert hash(player) == hash(dataclasses.replace(player, headers={}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"max_tokens": 0}, "'m' max_tokens: 0 is out of range; expected a number >= 1"),
        ({"thinking_tokens": -1}, "'m' thinking_tokens: -1 is out of range"),
        ({"thinking_timeout_s": 0}, "'m' thinking_timeout_s: 0 is out of range; expected a number > 0"),
        ({"headers": "x"}, "'m' headers: 'x' is not a table of texts"),
        ({"headers": {"x": 3}}, "'m' headers: {'x': 3} is not a table of texts"),
        ({"headers": {"x y": "z"}}, "'m' headers: 'x y' is not the name of an HTTP header"),
        ({"headers": {"Host": "h"}}, "'m' headers: Host is set by the arena; remove it"),
        ({"headers": {"x": "env:"}}, "'m' headers x: empty, or with a line break or a space at either end; expected"),
        ({"headers": {"x": "two\nlines"}}, "'m' headers x: empty, or with a line break"),
        ({"headers": {"x": "schlüssel"}}, "'m' headers x: a character beyond ASCII"),
        ({"headers": {"Authorization": "x"}, "api_key_env": "K"}, "Authorization and api_key_env both set the key"),
        ({"query": ["x"]}, "'m' query: ['x'] is not a table of texts"),
        ({"extra_body": 3}, "'m' extra_body: 3 is not a table"),
        ({"extra_body": {"temperature": 1}}, "'m' extra_body: temperature is set by the arena, alike for both sides"),
        ({"extra_body": {"when": datetime.date(2026, 1, 1)}}, "'m' extra_body: it cannot be written as JSON"),
        ({"extra_body": {"x": float("nan")}}, "'m' extra_body: it cannot be written as JSON"),
        ({"omit": ["temprature"]}, "'m' omit: 'temprature' is not one of temperature, top_p, max_tokens, seed, stream"),
        ({"omit": ["temprature"]}, "did you mean 'temperature'?"),
        ({"rename": {"stream": "x"}}, "'m' rename: 'stream' is not one of temperature, top_p, max_tokens, seed;"),
        ({"rename": {"seed": ""}}, "'m' rename: seed = ''; expected a name that no other parameter"),
        ({"rename": {"seed": "top_p"}}, "'m' rename: seed = 'top_p'; expected a name that no other parameter"),
        ({"rename": {"seed": "x", "top_p": "x"}}, "'m' rename: two parameters have the same new name"),
        ({"rename": {"seed": "x"}, "omit": ["seed"]}, "'m': seed is in omit and in rename"),
    ],
)
def test_what_an_endpoint_cannot_be_asked_is_reported_in_one_line(keys: dict[str, Any], message: str) -> None:
    assert message in error_of(model(**keys))


@pytest.mark.parametrize("key", ["max_tokens", "thinking_tokens", "headers", "query", "extra_body", "omit", "rename"])
def test_keys_of_endpoints_belong_to_a_base_url(key: str) -> None:
    value = {"max_tokens": 5, "thinking_tokens": 5, "omit": []}.get(key, {})
    message = f"'m': {key} belongs to a model with base_url; remove it from a model with path"
    assert message in error_of({"models": [{"name": "m", "path": "x", key: value}]})


@pytest.mark.parametrize("path", ["", "/", "/v1/chat/completions", "/openai/deployments/gpt", "/a/b/c/v2"])
def test_no_address_is_refused_for_its_path(path: str) -> None:
    assert load(model(base_url=f"http://h{path}"), {}).models[0].base_urls == (f"http://h{path.rstrip('/')}",)


def test_a_context_shorter_than_an_answer_is_asked_for_less_and_a_very_short_one_is_refused() -> None:
    table = {"name": "m", "path": "x", "max_len": 1024}
    assert load({"models": [table]}, {}).models[0].max_len == 1024
    assert "64 tokens leave no room" in error_of({"battle": {"max_tokens": 64}, "models": [{**table, "max_len": 64}]})
    assert load({"battle": {"max_tokens": 64}, "models": [{**table, "max_len": 65}]}, {}).models[0].max_len == 65


def test_models_of_the_hub_and_demo_models_are_served_by_the_arena() -> None:
    assert Player("m", hub="org/name").is_native
    assert Player("m", demo="wren-sol").is_native
    assert not Player("m", base_urls=("http://h",)).is_native


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """`data = "~/arena"` made a folder called ~."""
    monkeypatch.setenv("HOME", "/home/ann")
    assert load({"arena": {"data": "~/arena"}}, {}).arena.data == Path("/home/ann/arena")
    table = {"name": "m", "path": "~/weights"}
    assert load({"models": [table]}, {}, file=Path("/srv/arena.toml")).models[0].path == Path("/home/ann/weights")


def test_the_secret_is_read_from_the_environment_and_not_shown() -> None:
    settings = load({}, {"ARENA_SECRET": "0123456789abcdef"})
    assert settings.secret == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000 + "]" * 5000,
        "x = " + "{a=" * 5000 + "1" + "}" * 5000,
        "[arena]\ntitle." + ".".join(["a"] * 5000) + " = 1",
        '[[models]]\nname = "m"\nbase_url = "http://h"\nextra_body.' + ".".join(["a"] * 5000) + " = 1",
        "x = " + "[" * 33 + "]" * 33,
    ],
)
def test_a_file_nested_too_deep_is_reported_in_one_line(text: str, tmp_path: Path) -> None:
    """Dotted keys nest without brackets, and beyond what Python can print."""
    file = tmp_path / "arena.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        read_file(file)
    assert str(raised.value) == f"{file}: nested too deeply; expected tables and lists of at most 32 levels"


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(SettingsError, match="more than 10,000,000 bytes; name your settings"):
        read_file(Path("/dev/zero"))


def test_of_a_long_value_a_message_has_the_beginning() -> None:
    for toml in ({"x" * 100_000: 1}, {"arena": {"title": list(range(100_000))}}, {"arena": ["x"] * 100_000}):
        assert len(error_of(toml)) < 250


def test_every_key_is_described_with_a_sentence_that_ends() -> None:
    sections = describe()
    assert [section.name for section in sections] == [
        *(f"[{name}]" for name in SECTIONS),
        *("[[models]]", "[[links]]", "[[examples]]"),
    ]
    for section in sections:
        for key in section.keys:
            assert key.description.endswith("."), key
            assert key.type, key


def test_a_described_key_has_type_default_bounds_and_variable() -> None:
    described = {(section.name, key.name): key for section in describe() for key in section.keys}
    port, pace = described["[web]", "port"], described["[battle]", "pace"]
    assert (port.type, port.default, port.bounds) == ("a whole number", "7860", ">= 1 and <= 65,535")
    assert port.environment == "ARENA_WEB_PORT"
    assert (pace.type, pace.default) == ("one of equal, together, free", '"equal"')
    assert described["[web]", "trusted_proxies"].default == '["127.0.0.1"]'
    assert described["[elo]", "prior"].bounds == "0 or >= 1e-9"
    assert described["[[models]]", "active"].default == "true"
    assert described["[[models]]", "base_url"].environment is None
    assert ("[[models]]", "hub") not in described


def test_the_keys_of_models_are_described_as_the_file_spells_them() -> None:
    names = {key.name for section in describe() if section.name == "[[models]]" for key in section.keys}
    with pytest.raises(SettingsError) as caught:
        load(model(active=True, unknown=1), {})
    assert "unknown key 'unknown'" in str(caught.value)
    assert {"path", "base_url", "active"} <= names
    assert not {"base_urls", "is_active", "hub", "demo"} & names


def test_the_described_bounds_of_elo_are_those_that_it_checks() -> None:
    keys = {key.name: key for section in describe() if section.name == "[elo]" for key in section.keys}
    for name, key in keys.items():
        for bound in filter(None, key.bounds.removeprefix("0 or ").split(" and ")):
            sign, limit = bound.split(" ")
            value = float(limit.replace(",", "")) + (-1 if sign[0] == ">" else 1)
            whole = isinstance(getattr(Settings().elo, name), int)
            assert f"{name} " in error_of({"elo": {name: int(value) if whole else value}})


def test_clusters_and_covariates_may_be_columns_of_the_database() -> None:
    elo = load({"elo": {"cluster": "language", "control": ["column:n_turns"]}}, {}).elo
    assert (elo.cluster, elo.control) == ("column:language", ("column:n_turns",))
    assert load({}, {"ARENA_ELO_CLUSTER": "column:policy"}).elo.cluster_column == "policy"
