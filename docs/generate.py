"""Makes the pages that describe the code from the code itself: `make docs`. The tests hold each page to it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from c4trace.commands import COMMANDS
from c4trace.query.catalogue import catalogue
from extractor.rules.clients import load_rules
from extractor.rules.findings import load_finding_rules

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("c4trace", "renderers", "extractor")
_TABLE = re.compile(r"(?<=^\| --- \| --- \|\n)(\| `c4trace \w+` \| .*\n)+", re.MULTILINE)

_ARCHITECTURE = """\
# Architecture

Three packages: `extractor` reads an estate and gives a graph, `renderers` turn a graph into files, `c4trace` is the
command line that ties them. What each room holds is said here in the first words of its modules; who may import whom
is in `.importlinter`. This page is generated (`make docs`); a test keeps it true.

An arrow goes from a room to one that it imports; what is reached by a longer way is left out.
"""


def pages(root: Path = ROOT) -> dict[str, str]:
    """Every generated page as it should read, by its path below the project's root."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    rules = root / "rules"
    return {
        "README.md": with_commands(readme),
        "rules/README.md": catalogue(
            load_rules(rules, checked=False), load_finding_rules(rules, checked=False).values()
        ),
        "docs/architecture.md": architecture(root),
    }


def command_rows() -> str:
    """The rows of the table of commands, in the order of `c4trace --help`."""
    return "".join(f"| `c4trace {name}` | {summary} |\n" for name, summary in COMMANDS.items())


def with_commands(text: str) -> str:
    """A README whose table of commands is up to date. Raises ValueError when it has none."""
    if not _TABLE.search(text):
        raise ValueError("the README has no table of commands")
    return _TABLE.sub(lambda _: command_rows(), text, count=1)


def architecture(root: Path) -> str:
    """The rooms of each package: a picture of who imports whom, and each module's first words."""
    lines = [_ARCHITECTURE]
    for package in PACKAGES:
        modules = _modules(root, package)
        lines += [f"## {package}", "", *_picture(package, modules), ""]
        for room, inside in _rooms(modules).items():
            lines += [f"### {package}.{room}" if room else f"### {package} itself", ""]
            lines += [f"- `{path}`: {_said(tree)}" for path, tree in inside.items() if _said(tree)]
            lines.append("")
    return "\n".join(lines)


def _modules(root: Path, package: str) -> dict[str, ast.Module]:
    """The modules of a package, by path from the root."""
    paths = sorted((root / package).rglob("*.py"))
    return {str(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def _room(path: str) -> str:
    """The room of a module: the second part of its path; "" for a module that stands in the package itself."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def _rooms(modules: Mapping[str, ast.Module]) -> dict[str, dict[str, ast.Module]]:
    found: dict[str, dict[str, ast.Module]] = {}
    for path, tree in modules.items():
        found.setdefault(_room(path), {})[path] = tree
    return dict(sorted(found.items()))


def _said(tree: ast.Module) -> str:
    """The first paragraph of a module's docstring, on one line."""
    return " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())


def _picture(package: str, modules: Mapping[str, ast.Module]) -> Iterator[str]:
    """Who imports whom, as a Mermaid flowchart: a box for each room, and for each module of the package itself."""
    boxes = {_box(path) for path in modules} - {""}
    imports: dict[str, set[str]] = {box: set() for box in sorted(boxes)}
    for path, tree in modules.items():
        if _box(path):
            imports[_box(path)] |= {name for name in _imported(package, tree) if name in boxes} - {_box(path)}
    yield from ("```mermaid", "flowchart TB")
    for box in imports:
        yield f"    {box}[{box}]"
    for box, others in imports.items():
        for other in sorted(others):
            if not any(other in _reached(imports, between) for between in others - {other}):
                yield f"    {box} --> {other}"
    yield "```"


def _box(path: str) -> str:
    name = _room(path) or path.split("/")[1].removesuffix(".py")
    return "" if name.startswith("__") else name


def _imported(package: str, tree: ast.Module) -> Iterator[str]:
    """The rooms of its own package that a module imports, wherever in it."""
    for node in ast.walk(tree):
        names: Iterable[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith(f"{package}."))


def _reached(imports: Mapping[str, set[str]], start: str) -> set[str]:
    """Every room that a room imports, by whatever way."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imports[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def main() -> int:
    """Write every page anew."""
    for path, text in pages().items():
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
