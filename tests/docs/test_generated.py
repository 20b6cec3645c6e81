from docs import generate


def test_generated_pages_are_up_to_date() -> None:
    """`make generated` writes the settings, the command line, the API of `elo`, the annotated tree and the tables."""
    stale = [
        path.name
        for path, text in generate.pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make generated`"
