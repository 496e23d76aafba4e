"""Where the nodes of a libcst tree stand, in the terms of `ast`: lines from 1, columns in UTF-8 bytes."""

from __future__ import annotations

import ast
import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import libcst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

T = TypeVar("T", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Spans:
    """The byte span of every node of one libcst module, and the offset at which each line starts."""

    code: bytes
    spans: Mapping[libcst.CSTNode, CodeSpan]
    lines: Sequence[int]

    @classmethod
    def of(cls, module: libcst.Module) -> Spans:
        """The spans of a module as the parser returned it; its lines must end in a plain newline."""
        code = module.code.encode()
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        spans = cast(Mapping[libcst.CSTNode, CodeSpan], wrapper.resolve(ByteSpanPositionProvider))
        widths = (len(line) for line in code.split(b"\n"))
        return cls(code, spans, list(itertools.accumulate(widths, lambda at, width: at + width + 1, initial=0)))

    def start(self, node: libcst.CSTNode) -> int:
        """Offset of a node's first byte, parentheses around it left out."""
        return self.spans[node].start

    def end(self, node: libcst.CSTNode) -> int:
        """Offset behind a node's last byte, parentheses around it left out."""
        span = self.spans[node]
        return span.start + span.length

    def outer_start(self, node: Any) -> int:
        """Offset of a node's first byte, parentheses around it included."""
        return self.start(node.lpar[0] if getattr(node, "lpar", ()) else node)

    def outer_end(self, node: Any) -> int:
        """Offset behind a node's last byte, parentheses around it included."""
        return self.end(node.rpar[-1] if getattr(node, "rpar", ()) else node)

    def inner_paren(self, node: Any) -> tuple[int, int]:
        """The span of a node with the innermost pair of its parentheses; its own span when it has none."""
        if getattr(node, "lpar", ()):
            return self.start(node.lpar[-1]), self.end(node.rpar[0])
        return self.start(node), self.end(node)

    def put(self, made: T, start: int, end: int) -> T:
        """Writes the position from `start` up to `end` into a node of `ast`, and returns it."""
        at: Any = made
        at.lineno, at.col_offset = self._place(start)
        at.end_lineno, at.end_col_offset = self._place(end)
        return made

    def put_as(self, made: T, node: libcst.CSTNode) -> T:
        """Writes the position of a libcst node, parentheses left out, into a node of `ast`, and returns it."""
        return self.put(made, self.start(node), self.end(node))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1]
