"""Comments that ask for a finding not to be reported."""

from __future__ import annotations

from extractor.syntax import Directive, directives


def test_a_comment_behind_code_speaks_for_its_line() -> None:
    text = "a = 1\nb = get(x)  # c4trace: ignore[no-timeout] the proxy has one\n"
    assert directives(text) == (Directive(2, ("no-timeout",), "the proxy has one"),)


def test_a_comment_on_its_own_line_speaks_for_the_next_line_of_code() -> None:
    text = "def f():\n    # c4trace: ignore[a]\n\n    # more\n    return g()\n"
    assert directives(text) == (Directive(5, ("a",), ""),)


def test_several_comments_may_speak_for_one_line() -> None:
    text = "# c4trace: ignore[a] one\n# c4trace: ignore[b] two\nx = 1  # c4trace: ignore[c] three\n"
    assert directives(text) == (Directive(3, ("a",), "one"), Directive(3, ("b",), "two"), Directive(3, ("c",), "three"))


def test_rules_are_separated_by_commas() -> None:
    assert directives("x = 1  #c4trace:ignore[ a, b ,]\n") == (Directive(1, ("a", "b"), ""),)


def test_a_comment_in_the_middle_of_a_call_speaks_for_the_line_it_stands_on() -> None:
    text = "x = f(\n    a,  # c4trace: ignore[r] why\n    b,\n)\n"
    assert directives(text) == (Directive(2, ("r",), "why"),)


def test_a_comment_behind_a_string_over_lines_speaks_for_its_last_line() -> None:
    text = "x = '''\n\n'''  # c4trace: ignore[r] why\n"
    assert directives(text) == (Directive(3, ("r",), "why"),)


def test_what_stands_in_a_string_is_no_directive() -> None:
    assert directives("x = '# c4trace: ignore[a] b'\ny = '''\n# c4trace: ignore[a]\n'''\n") == ()


def test_a_marker_without_rules_in_brackets_is_no_directive() -> None:
    assert directives("# c4trace: ignore everything\nx = 1\n") == ()


def test_a_directive_that_nothing_follows_speaks_for_its_own_line() -> None:
    assert directives("x = 1\n# c4trace: ignore[a]\n") == (Directive(2, ("a",), ""),)


def test_text_that_ends_inside_a_bracket_keeps_the_directives_before_it() -> None:
    text = "x = 1  # c4trace: ignore[a]\ny = (\n"
    assert directives(text) == (Directive(1, ("a",), ""),)
