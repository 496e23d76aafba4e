"""What a summary holds: scopes, their calls and assignments, and expressions as they look where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.summary.expr import Attribute, Expr, record


@record
class CallExpr:
    """A call expression. `kwargs` holds (name, value); a name of None is `**`. `guards` index `Scope.guards`."""

    line: int
    end_line: int
    func: Expr
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str | None, Expr], ...]
    guards: tuple[int, ...]


Way = tuple[int, tuple[int, ...], tuple[int, ...]]


@record
class Scope:
    """A module, class, function or lambda body.

    `name` is the dotted name inside the module ("" for the module itself). `params` holds (name, kind, default,
    annotation), kind being `pos`, `kw`, `*` or `**`. `names` maps each name bound here to its definitions: those that
    hold at the end of a module or class body, all of them in a function.
    `attrs` holds assignments to attributes (base, attribute, value, line), `subs` those to subscripts, with two more:
    whether in a branch that may not be taken, and the guards around. `del x[k]` is the call `x.__delitem__(k)`.
    `withs` holds what `with` enters (line, last line of its block, value). `reads` are attribute loads that are not
    called: a property may do I/O. `guards` holds (test, holds, line);
    `unsettled` are those whose variables a later round of a loop may have changed. `return_guards` are the guards of
    each of `returns`. `ways` holds the definitions of a variable that meet where the two ways of a test do: the guard
    of that test, the definitions that come there when it holds, and those when it does not, for each such place (of a
    module or class those that hold at its end). Definitions that also meet elsewhere (after a loop, a `try`) have none.
    """

    name: str
    kind: str
    line: int
    end_line: int
    def_line: int
    parent: str
    params: tuple[tuple[str, str, Expr | None, Expr | None], ...]
    decorators: tuple[Expr, ...]
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    calls: tuple[CallExpr, ...]
    defs: tuple[tuple[int, Expr], ...]
    names: dict[str, tuple[int, ...]]
    annotations: dict[str, Expr]
    returns: tuple[Expr, ...]
    return_annotation: Expr | None
    yields: tuple[Expr, ...]
    attrs: tuple[tuple[Expr, str, Expr, int], ...]
    subs: tuple[tuple[Expr, Expr, Expr, int, bool, tuple[int, ...]], ...]
    global_sets: tuple[tuple[str, Expr, int], ...]
    reads: tuple[tuple[int, Attribute], ...]
    withs: tuple[tuple[int, int, Expr], ...]
    guards: tuple[tuple[Expr, bool, int], ...]
    return_guards: tuple[tuple[int, ...], ...]
    ways: dict[tuple[int, ...], tuple[Way, ...]]
    unsettled: tuple[int, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """One module. `imports` lists every module named by an import anywhere in it (dotted, dots for relative).

    `error` says in words why the module could not be read (then `scopes` is empty). `directives` are the
    `# c4trace: ignore[...]` comments as (line, rules, reason). `parser` is `ast` or `libcst`.
    """

    scopes: dict[str, Scope]
    imports: tuple[str, ...]
    stars: tuple[str, ...]
    directives: tuple[tuple[int, tuple[str, ...], str], ...]
    parser: str
    error: str | None = None


TOO_DEEP = "too deeply nested"


def unread(reason: str, parser: str = "auto") -> ModuleSummary:
    """The summary of a module that could not be read, and why."""
    return ModuleSummary({}, (), (), (), parser, reason)
