"""The constant behind a literal, followed through names and calls."""

from __future__ import annotations

from extractor.checks.constants import constant_with
from tests.worlds import evaluator


def test_a_literal_is_followed_into_functions_whose_variables_stand_at_the_same_place() -> None:
    source = """
        import requests
        HOST = "https://pay.example.org"
        def base():
            found = HOST
            return found
        def pay():
            url = base()
            requests.get(url)
    """
    ev = evaluator({"m.py": source})
    [module] = ev.index.modules
    owner = module.define("pay")
    [argument] = owner.scope.calls[-1].args
    assert constant_with(ev, argument, owner, "pay.example.org") == (module, 3, "https://pay.example.org")
