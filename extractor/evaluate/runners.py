"""Runners: functions of libraries that run a function they are given, and with what."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.evaluate.arguments import OPEN
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import Args, Ext, Kwargs, Mapping, Seq, Value, Values
from extractor.rules.python import Runner, python_rules

# A function that is run, and what it is given.
Run = tuple[Value, Args, Kwargs]


def run_by(ev: Evaluation, func: Ext, args: Args, kwargs: Kwargs) -> Iterator[Run]:
    """The functions that a call of something that was not read runs, each with its arguments; nothing where none is
    known."""
    runner = python_rules().runner(func.path)
    if runner is None:
        return
    given = dict(kwargs)
    functions: Values = ()
    for place in runner.function:
        if isinstance(place, int):
            functions = functions or (args[place] if place < len(args) else ())
        else:
            functions = functions or given.get(place, ())
    for function in functions:
        for handed in _handed(ev, runner, args, given):
            yield (function, *handed)


def _handed(ev: Evaluation, runner: Runner, args: Args, given: dict[str, Values]) -> Iterator[tuple[Args, Kwargs]]:
    if runner.arguments >= 0:
        yield args[runner.arguments :], tuple(sorted(given.items()))
    elif runner.each >= 0:
        series = args[runner.each] if runner.each < len(args) else ()
        elements = tuple(value for one in series for value in ev.elements(one))
        if elements:
            yield (elements,), ()
        else:
            yield (), OPEN
    else:
        names = [given.get(name, ()) for name in runner.packed]
        positional = next((v.items for v in names[0] if isinstance(v, Seq) and not v.open), None)
        named = next((v.items for v in names[1] if isinstance(v, Mapping)), ())
        keywords = tuple(sorted((key, values) for keys, values in named if (key := ev.constant_key(keys))))
        yield (positional or (), keywords) if positional is not None or not names[0] else ((), OPEN)


__all__ = ["Run", "run_by"]
