from docs.writers.markdown import code, table


def test_a_pipe_in_code_is_no_end_of_a_cell() -> None:
    assert code("float") == "`float`"
    assert code("float | None") == "<code>float &#124; None</code>"
    assert code("") == ""


def test_a_table_has_a_line_for_its_heads_and_each_row() -> None:
    assert table(("a", "b"), [("1", "x|y")]) == "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n"
