"""The command line: which command runs, and how its errors become one line and an exit status."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence

from c4trace.commands import COMMANDS, load_command
from c4trace.console import Console
from extractor.errors import SOFTWARE_FAULT, C4traceError
from extractor.text.shapes import masked_literal
from extractor.workers import Terminated, terminate_whole

INTERRUPTED, TERMINATED = 130, 143

_ABOUT = """\
c4trace reads the source of a set of Python services and draws how data moves between them.
Every arrow is traced to the line of code, at a commit, that makes it.
"""
_EXAMPLES = """\
start here:
  c4trace scan --source shop=../shop                  one checkout, no estate file
  c4trace scan --estate estate.yaml                   the repositories of an estate
  c4trace scan --estate mit-open-learning             an estate that ships with c4trace
  c4trace tasks --repo shop                           tables on the terminal, from out/graph.json

exit status:
  0 done   1 done, and a gate failed   2 the input is wrong   3 a source could not be read
  70 a fault of c4trace itself   130 interrupted   143 told to end
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run c4trace with the arguments of the command line (or those given); the exit status."""
    terminate_whole()
    _write_what_is_known()
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Terminated:
        Console().error("told to end; the last output is as it was")
        sys.stdout.flush()
        os._exit(TERMINATED)
    except KeyboardInterrupt:
        Console().error("interrupted; the last output is as it was")
        return INTERRUPTED


def _write_what_is_known() -> None:
    """What a terminal's encoding has no sign for is written as `\\uNNNN`, and is no fault."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(given: list[str]) -> int:
    parser = _parser(given)
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return 2
    console = Console(options.quiet, options.verbose)
    try:
        return load_command(options.command).run(options, console)
    except BrokenPipeError:
        # The reader of our output has seen enough (`| head`). Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except C4traceError as error:
        console.error(str(error))
        return error.exit_code
    except Exception as error:
        _tell_unexpected(error, console)
        return SOFTWARE_FAULT


def _tell_unexpected(error: Exception, console: Console) -> None:
    if console.verbose:
        console.error(traceback.format_exc())
        return
    what = masked_literal(str(error).splitlines()[0]) if str(error) else ""
    console.error(f"unexpected {type(error).__name__}: {what} (run again with --verbose for the traceback)")


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the command that stands in the arguments is imported and declares its own."""
    parser = argparse.ArgumentParser(
        "c4trace", description=_ABOUT, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    chosen = next((word for word in given if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        if name == chosen:
            module = load_command(name)
            command = commands.add_parser(
                name,
                help=summary,
                description=f"{summary[0].upper()}{summary[1:]}.",
                epilog=module.DETAILS,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.add_arguments(command)
            _add_voice(command)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser


def _add_voice(command: argparse.ArgumentParser) -> None:
    voice = command.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="say nothing but results and errors")
    voice.add_argument("-v", "--verbose", action="store_true", help="say more, and show tracebacks")


class _Version(argparse.Action):
    """Shows the version; looked up only when asked for, as it costs as much as the rest of `--help`."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from c4trace.version import version

        print(f"c4trace {version()}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
