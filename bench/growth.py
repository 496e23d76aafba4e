"""Times scans of generated worst cases in growing sizes, and says how the CPU they take grows.

    python bench/growth.py [CASE ...] [--sizes 250 500 1000] [--limit 120]

A case is a small Django project whose one module is written in a given size: recursion, chains of attributes, unions,
many callers, ... Growth is the exponent e of CPU ~ size^e between the smallest and the largest size, the time that an
empty project takes left out; 1.0 is linear.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HEAD = "import requests\nfrom celery import shared_task\nfrom django.conf import settings\n\n\n"
_SETTINGS = 'ROOT_URLCONF = "shop.urls"\nINSTALLED_APPS = ["shop"]\nSTOCK_URL = "https://stock.example.com/"\n'


@dataclass(frozen=True, slots=True)
class Taken:
    """What a scan took: CPU seconds of the process and its children, and peak memory in MiB; None where it was
    stopped."""

    cpu: float | None
    memory: float


def many_callers(size: int) -> str:
    """A function that `size` tasks call, each with a text of its own."""
    tasks = "".join(f"@shared_task\ndef task_{i}():\n    send('item-{i}')\n\n\n" for i in range(size))
    return f"{_HEAD}def send(name):\n    requests.get(settings.STOCK_URL + name, timeout=5)\n\n\n{tasks}"


def fan(size: int) -> str:
    """Levels of functions in which each calls every one of the next level: the square of the calls at each level."""
    width = max(2, int(math.sqrt(size)))
    text = [_HEAD, "def leaf(name):\n    requests.get(settings.STOCK_URL + name, timeout=5)\n\n\n"]
    text += [f"def last_{i}(name):\n    leaf(name + '{i}')\n\n\n" for i in range(width)]
    for level, below in (("middle", "last"), ("first", "middle")):
        calls = "".join(f"    {below}_{i}(name + '{level}')\n" for i in range(width))
        text += [f"def {level}_{i}(name):\n{calls}\n\n" for i in range(width)]
    calls = "".join(f"    first_{i}('x')\n" for i in range(width))
    text.append(f"@shared_task\ndef start():\n{calls}")
    return "".join(text)


def recursion(size: int) -> str:
    """Functions that call themselves in every argument and return."""
    text = [_HEAD]
    for i in range(size):
        text.append(
            f"def walk_{i}(node, path='', depth=0):\n    if depth:\n"
            f"        return walk_{i}(walk_{i}(node.left, path + 'l'), walk_{i}(node.right, path + 'r', depth))\n"
            "    requests.get(settings.STOCK_URL + path, timeout=5)\n"
            f"    return walk_{i}(node, path + 'x', depth + 1)\n\n\n"
        )
    calls = "".join(f"    walk_{i}(None, 'a', {i})\n" for i in range(size))
    return "".join([*text, f"@shared_task\ndef start():\n{calls}"])


def mutual_recursion(size: int) -> str:
    """A ring of functions, each calling the next two with what it was given and more."""
    text = [_HEAD]
    for i in range(size):
        after, further = (i + 1) % size, (i + 2) % size
        text.append(f"def step_{i}(a, b=None):\n    step_{after}(a + '{i}', b)\n    return step_{further}(b, a)\n\n\n")
    text.append("def send(a):\n    requests.get(settings.STOCK_URL + a, timeout=5)\n\n\n")
    text.append("def step_last(a, b=None):\n    send(a)\n    step_0(a, b)\n\n\n")
    text.append("@shared_task\ndef start():\n    step_0('a', 'b')\n    step_last('c')\n")
    return "".join(text)


def attributes(size: int) -> str:
    """Objects that hold the one before them, and a chain of attributes through all of them."""
    text = [_HEAD, "class Node0:\n    def send(self):\n        requests.get(settings.STOCK_URL + 'x', timeout=5)\n\n\n"]
    for i in range(1, size):
        text.append(f"class Node{i}:\n    def __init__(self):\n        self.inner = Node{i - 1}()\n\n\n")
    chain = ".inner" * (size - 1)
    text.append(f"@shared_task\ndef start():\n    Node{size - 1}(){chain}.send()\n")
    return "".join(text)


def unions(size: int) -> str:
    """A variable that is one of many things, asked many things."""
    text = [_HEAD]
    for i in range(size):
        text.append(f"class Client{i}:\n    base = 'https://host{i % 7}.example.com/'\n\n")
        text.append("    def send(self, path):\n        requests.get(self.base + path, timeout=5)\n\n\n")
    choices = "".join(f"    if kind == {i}:\n        client = Client{i}()\n" for i in range(size))
    asks = "".join(f"    client.send('p{i}')\n" for i in range(size))
    text.append(f"@shared_task\ndef start(kind):\n    client = None\n{choices}{asks}")
    return "".join(text)


def joined_text(size: int) -> str:
    """A text put together over many lines, each from the one before it twice."""
    lines = "".join(f"    t{i + 1} = t{i} + '{i}' + t{i}\n" for i in range(size))
    return f"{_HEAD}@shared_task\ndef start(t0):\n{lines}    requests.get(settings.STOCK_URL + t{size}, timeout=5)\n"


def subclasses(size: int) -> str:
    """A method that subclasses override, and that calls back what they override."""
    text = [_HEAD, "class Base:\n    path = ''\n\n    def run(self):\n        self.send(self.path)\n\n"]
    text.append("    def send(self, path):\n        requests.get(settings.STOCK_URL + path, timeout=5)\n\n\n")
    for i in range(size):
        text.append(f"class One{i}(Base):\n    path = 'p{i}'\n\n    def send(self, path):\n")
        text.append(f"        super().send(path + '/{i}')\n\n\n")
    text.append("@shared_task\ndef start(kind: Base):\n    kind.run()\n")
    text += [f"@shared_task\ndef start_{i}():\n    One{i}().run()\n\n\n" for i in range(size)]
    return "".join(text)


def decorators(size: int) -> str:
    """A function behind many wrappers of one another."""
    text = [_HEAD]
    for i in range(size):
        text.append(f"def wrap_{i}(func):\n    def inner(*args, **kwargs):\n        return func(*args, **kwargs)\n\n")
        text.append("    return inner\n\n\n")
    marks = "".join(f"@wrap_{i}\n" for i in range(size))
    text.append(f"{marks}def send(path):\n    requests.get(settings.STOCK_URL + path, timeout=5)\n\n\n")
    text.append("@shared_task\ndef start():\n    send('a')\n")
    return "".join(text)


def ignores(size: int) -> str:
    """One comment that names very many findings, and as many comments that name one."""
    names = ",".join(f"{number:x}" for number in range(100 * size))
    lines = "".join(f"x = {number}  # c4trace: ignore[plain-http] why\n" for number in range(size))
    return f"{_HEAD}requests.get('https://host.example.com/')  # c4trace: ignore[{names}] why\n{lines}"


CASES: dict[str, Callable[[int], str]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        many_callers,
        fan,
        recursion,
        mutual_recursion,
        attributes,
        unions,
        joined_text,
        subclasses,
        decorators,
        ignores,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan every case in every size and print what it took; 1 when one was stopped at the limit."""
    parser = argparse.ArgumentParser("bench/growth.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"default: all of {', '.join(CASES)}")
    parser.add_argument("--sizes", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--limit", type=float, default=120, help="CPU seconds after which a scan is stopped")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        parser.error(f"no case {unknown[0]}; there are {', '.join(CASES)}")
    stopped = False
    nothing = scanned(_HEAD, options.limit).cpu or 0.0
    print(f"{'case':<18}" + "".join(f"{size:>20}" for size in options.sizes) + "   growth")
    for name in options.cases or CASES:
        taken = [scanned(CASES[name](size), options.limit) for size in options.sizes]
        stopped = stopped or any(one.cpu is None for one in taken)
        print(f"{name:<18}" + "".join(f"{_shown(one):>20}" for one in taken) + _growth(taken, options.sizes, nothing))
    return 1 if stopped else 0


def scanned(text: str, limit: float) -> Taken:
    """What a scan takes of a project whose module of tasks is `text`; it is stopped after `limit` CPU seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        project, out = Path(scratch) / "shop", Path(scratch) / "out"
        (project / "shop").mkdir(parents=True)
        files = {"__init__.py": "", "settings.py": _SETTINGS, "urls.py": "urlpatterns = []\n", "tasks.py": text}
        for name, content in files.items():
            (project / "shop" / name).write_text(content)
        (project / "manage.py").write_text('import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\n')
        git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        for step in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
            subprocess.run([*git, *step], check=True)
        scan = [sys.executable, "-m", "c4trace", "scan", "--source", f"shop={project}", "--offline", "--jobs", "1"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "C4TRACE_CACHE": str(Path(scratch) / "cache")}
        process = subprocess.Popen(
            [*scan, "--out", str(out), "--format", "graph"],
            cwd=scratch,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit))),
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read().decode() if process.stderr else ""
        if process.returncode > 0:
            raise SystemExit(f"bench: the scan ended with status {process.returncode}: {said}")
        ended = process.returncode == 0
        return Taken(usage.ru_utime + usage.ru_stime if ended else None, usage.ru_maxrss / 1024)


def _shown(one: Taken) -> str:
    return f"{one.cpu:.1f} s {one.memory:.0f} MiB" if one.cpu is not None else f"stopped {one.memory:.0f} MiB"


def _growth(taken: Sequence[Taken], sizes: Sequence[int], nothing: float) -> str:
    first, last = taken[0].cpu, taken[-1].cpu
    if first is None or last is None or first <= nothing or last <= nothing or len(sizes) < 2:
        return "        -"
    return f"{math.log((last - nothing) / (first - nothing)) / math.log(sizes[-1] / sizes[0]):>9.2f}"


if __name__ == "__main__":
    sys.exit(main())
