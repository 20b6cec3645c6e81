import json

from inference.server.responses.completion_json import sse


def test_no_character_of_an_answer_ends_a_line_of_the_stream() -> None:
    text = "한\n\r\u2028\u2029\x85\x0b\x1c"
    lines = sse({"text": text}).splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0].removeprefix("data: ")) == {"text": text}
