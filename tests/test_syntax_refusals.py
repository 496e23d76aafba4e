"""Bytes that are no module, and hostile ones: a reason in words, never a crash, never a long wait."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from extractor.syntax import MAX_MEBIBYTES, Parsed, Unparsed, parse

PYTHON_2 = {
    "print statement": b"import a\nprint 'x'\n",
    "print to a file": b"def f():\n    print >>a, 'x' % 1,\n    print 'y'\n",
    "exec statement": b"exec 'x' in y\n",
    "caught under a name": b"try:\n  a\nexcept E, e:\n  b\n",
    "raise with a value": b"raise E, 'x'\n",
    "backticks": b"x = `y`\n",
    "unequal": b"if a <> b: pass\n",
    "octal": b"os.chmod(a, 0755)\n",
    "long": b"x = 10L\n",
    "raw unicode": b"x = ur'y'\n",
    "unpacking parameters": b"def f(a, (b, c)): pass\n",
}

NO_MODULE = {
    "null": (b"x = 1\0\n", "null bytes"),
    "utf-16": ("x = 1\n".encode("utf-16"), "null bytes"),
    "latin-1 that does not say so": (b"# a\n# caf\xe9\n", "not text: line 2 is not utf-8"),
    "picture": (b"\x89PNG\r\n\x1a\n", "not text: line 1 is not utf-8"),
    "unknown encoding": (b"# coding: klingon\n", "unknown encoding 'klingon'"),
    "encoding that is no character set": (b"# coding: rot13\nk = 1\n", "unknown encoding 'rot13'"),
    "encoding that takes quadratic time": (b"# coding: punycode\nx = 1\n", "unknown encoding 'punycode'"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer, not the file"),
    "large": (b"#" * (MAX_MEBIBYTES * 1024 * 1024 + 1), f"larger than {MAX_MEBIBYTES} MiB"),
    "mixed tabs": (b"if x:\n\ty\n        z\n", "syntax error on line 3"),
    "broken": (b"x = 1\ny = (\n", "syntax error on line 2: '(' was never closed"),
}

# Each would crash or stall one of the parsers; `type X` in front keeps `ast` of older interpreters from refusing first.
HOSTILE = {
    "brackets": "(" * 50_000 + ")" * 50_000,
    "brackets that nothing closes, and nothing in them": "(" * 900_000,
    "square brackets that nothing closes": "[" * 50_000,
    "lists": "[" * 900 + "]" * 900,
    "brackets in a formatted string": "f'{" + "(" * 50_000 + "1" + ")" * 50_000 + "}'",
    "formatted strings in one another": "f'{" * 3_000 + "1" + "}'" * 3_000,
    "brackets behind quotes inside a field": "f'{a['" + "b'] + " + "(" * 5_000 + "1" + ")" * 5_000 + "}'",
    "format specifications": "f'{x:" + "{x:" * 20_000 + "}" * 20_000 + "}'",
    "brackets closed in strings and comments": "('))))' # ))))\n" * 3_000 + ")" * 3_000,
    "signs": "-" * 500_000 + "1",
    "not": "not " * 100_000 + "1",
    "attributes": "a" + ".b" * 100_000,
    "attributes over lines": "a" + " . \\\n b" * 100_000,
    "calls": "a" + "()" * 100_000,
    "arguments": "f(" * 900 + ")" * 900,
    "sum": "1" + "+1" * 100_000,
    "and": "1" + " and 1" * 100_000,
    "powers": "1" + "**1" * 100_000,
    "lambdas": "lambda:" * 50_000 + "1",
    "conditions": "1 if 1 else " * 50_000 + "1",
    "strings": '"a" ' * 100_000,
    "elif": "0\nif 1:\n pass\n" + "elif 1:\n pass\n" * 50_000,
    "dotted import": "0\nimport a" + ".b" * 200_000,
    "patterns": "0\nmatch x:\n case " + "{1:" * 30 + "y" + "}" * 30 + ": pass",
    "indents": "0\n" + "".join(" " * depth + "if 1:\n" for depth in range(1_000)) + " " * 1_000 + "pass",
}


@pytest.mark.parametrize("name", PYTHON_2)
def test_python_2_is_called_that(name: str) -> None:
    assert parse(PYTHON_2[name]) == Unparsed("Python 2 syntax")


def test_a_mistake_in_python_3_is_not_called_python_2() -> None:
    refused = parse(b"print('x')\nx = = 1\n")
    assert refused == Unparsed("syntax error on line 2: invalid syntax")


@pytest.mark.parametrize("name", NO_MODULE)
def test_what_is_no_module_says_why(name: str) -> None:
    source, reason = NO_MODULE[name]
    refused = parse(source)
    assert isinstance(refused, Unparsed)
    assert refused.reason.startswith(reason)


@pytest.mark.slow
@pytest.mark.parametrize("parser", ["auto", "libcst"])
def test_hostile_nesting_neither_crashes_nor_stalls(parser: str) -> None:
    # In a process of its own: an overflow of the native stack would take the whole test run with it.
    script = (
        "import sys, time\n"
        "from extractor.syntax import parse\n"
        "from tests.test_syntax_refusals import HOSTILE\n"
        "for name, source in {'plain': '0\\n' + 'x = f(y)\\n' * 2_000, **HOSTILE}.items():\n"
        "    start = time.process_time()\n"
        "    parse(b'type X = ' + source.encode() + b'\\n', parser=sys.argv[1])\n"
        "    print(f'{name}\\t{time.process_time() - start}', flush=True)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, parser], capture_output=True, text=True, check=False)
    seconds = dict(line.split("\t") for line in run.stdout.splitlines())
    assert run.returncode == 0, f"died after {list(seconds)[-1:]}: {run.stderr[-2000:]}"
    plain = float(seconds.pop("plain"))  # the machine's own measure: what does not end soon takes hundreds of it
    assert list(seconds) == list(HOSTILE)
    assert {name: spent for name, spent in seconds.items() if float(spent) > 20 * plain} == {}


def test_warnings_about_scanned_code_are_not_raised_and_others_are(recwarn: pytest.WarningsRecorder) -> None:
    assert isinstance(parse(b"x = '\\d'\nassert (x, 'y')\n1 is 2\n"), Parsed)
    assert isinstance(parse(b"x = f'\\d{y}' '\\d'\n", parser="libcst"), Parsed)
    assert list(recwarn) == []
    warnings.warn("of our own", SyntaxWarning, stacklevel=1)
    assert len(recwarn) == 1
