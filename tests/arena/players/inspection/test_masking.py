import base64
from urllib.parse import quote

import pytest

from arena.players.inspection.masking import Mask, mask_for
from arena.settings import Player

KEY = "sk-proj-Ab3+/x=Zq9"
MASK = Mask([KEY])


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: •••."),
        ("Incorrect API key provided: sk-pr***********Zq9. Look", "Incorrect API key provided: ••• Look"),
        ('"sk-proj-Ab3+\\/x=Zq9"', '"•••"'),
        ("?api-key=sk-proj-Ab3%2B%2Fx%3DZq9&n=1", "?api-key=•••&n=1"),
        ("Authorization: Bearer something-else", "Authorization: Bearer •••"),
        (base64.b64encode(KEY.encode()).decode(), "•••"),
        ("**bold** and ***", "**bold** and ***"),
    ],
)
def test_a_key_is_hidden_however_it_is_quoted(quoted: str, shown: str) -> None:
    assert MASK.text(quoted) == shown


def test_headers_fields_and_parameters_with_telling_names_are_hidden_whatever_they_contain() -> None:
    assert MASK.headers([("X-Api-Key", "1"), ("x-title", "Arena"), ("x-other", KEY), ("set-cookie", "a=b")]) == (
        ("X-Api-Key", "•••"),
        ("x-title", "Arena"),
        ("x-other", "•••"),
        ("set-cookie", "•••"),
    )
    assert MASK.body('{"max_tokens": 5, "api_key": "abc", "deep": [{"password": "p", "text": "hi"}]}') == (
        '{\n  "max_tokens": 5,\n  "api_key": "•••",\n  "deep": [\n    {\n      "password": "•••",\n'
        '      "text": "hi"\n    }\n  ]\n}'
    )
    assert MASK.address(f"https://ann:pw@h.example/v1?key=1&api-version=2&x={quote(KEY)}") == (
        "https://•••@h.example/v1?key=•••&api-version=2&x=•••"
    )


def test_a_short_secret_is_not_looked_for_in_texts() -> None:
    assert Mask(["x", ""]).text("x marks the spot") == "x marks the spot"


def test_a_player_has_secrets_in_its_key_its_address_its_headers_its_query_and_its_body() -> None:
    player = Player(
        "m",
        base_urls=("https://ann:secret-1@h.example/v1",),
        headers={"x-one": "env:ONE", "x-title": "Arena", "x-api-key": "secret-3"},
        query={"sig": "plain", "signature": "secret-4", "api-version": "2024"},
        extra_body={"provider": [{"token": "secret-5", "order": "price"}]},
    )
    mask = mask_for(player, "secret-0", {**player.headers, "x-one": "secret-2"})
    assert mask.text(" ".join(f"secret-{n}" for n in range(6))) == " ".join(["•••"] * 6)
    assert mask.text("Arena plain 2024 price") == "Arena plain 2024 price"
