"""Programs that are hard to place right, every kind of statement and expression in them, and trees as text."""

from __future__ import annotations

import ast
import sys

PROGRAMS: dict[str, str] = {
    "generator arguments": """f(x for x in y)
f((x for x in y))
f( # c
 x for x in y
)
(f) (x for x in y)
""",
    "semicolons end blocks": """if x: y;
elif z: w ;\x20
else: q;
""",
    "semicolons in nested blocks": """def f():
    if x:
        y; z;
""",
    "subscripts and slices": """a[1,]
a[1:2, ::3]
a[b: ]
a[ : ]
a[*b]
a[*b, c]
a[(1,2)]
a[(1,2),]
a[b :c : ]
a[ b]
""",
    "tuples with and without parentheses": """x = 1,
x = 1 ,\x20
for x in 1, : pass
return_ = (1,
 2 , )
x = ((1, 2))
x = ((1), (2))
x = ()
x = (( ))
""",
    "decorators and parameters": """@a.b(1)

# c
@ c
async def f(a, /, b: int=1, *c: (x), d, e=2, **f: 'g') -> (int): return 1
""",
    "lambdas": """lambda: 0
lambda a, /, b=1, *c, d, e=2, **f: (yield)
lambda *, a: a
""",
    "match patterns": """match x, *y:
  case 1, 2,: pass
  case (1): pass
  case (1,): pass
  case [a, *_]: pass
  case {'a': 1, -1: b, **r}: pass
  case {**r,}: pass
  case A.B(): pass
  case A(x, y=1,): pass
  case 1 | 2 | (3): pass
  case (a | b) as c: pass
  case -1+2j: pass
  case None | True: pass
  case 'a' 'b' | b'c': pass
  case _ if x > 1: pass
  case * a, b: pass
  case (*_ ,): pass
  case a.b.c: pass
  case (((x))): pass
  case (): pass
  case []: pass
  case {}: pass
""",
    "try star": """try:
 pass
except* A as b:
 pass
except* (C, D): pass;
else: x
finally: y;
""",
    "with": """with (a as b, c as d,): pass
with (a, b): pass
with (a): pass
with (a, b) as c: pass
with a as (b, c), d as e[0], f as g.h: pass
with (yield): pass
async def f():
 async with a, b as c: pass
 async for x in y: pass
 else: pass
 return [x async for x in y if await z if w for q in r]
""",
    "global": """global a , b
""",
    "yield and return": """def f():
 nonlocal a
 global b, c;
 yield
 x = yield a, b
 yield from c
 return *a, b
""",
    "del": """del a, b
del (a, b)
del (a), b
del a[0], b.c
del [a, b]
del (a)
del a,
""",
    "assert and raise": """assert a, b
assert (a, b)
assert (a), (b)
raise
raise a
raise (a) from (b)
""",
    "annotated and augmented assignments": """a: int
a.b: int
a[0]: int = (1)
a: tuple = 1, 2
a += b, c
a @= b
a **= (b)
""",
    "operators": """x = a if b else c if d else e
not not a
-+~a
a ** -b ** c
a < b <= c != d is not e not in f
a and b or c and (d and e) and f
a or (b or c) or d
""",
    "implicit concatenation": r"""x = 'a' 'b' "c" '''d
e'''
x = ('a'
   u'b'
  'c')
x = u'a' 'b'
x = b'a' b'b' rb'\x'
x = r'\d' '\d'
""",
    "formatted strings": """x = f'a{b}c' 'd' f'{e!r:>{w}.{p}}' u'x'
x = f'{x=}' f'{x = !s}' f'{x=:>3}' f'{ x = }'
x = f'{{a}}{b}}}'
x = f''
x = '' f'' ''
x = f'{a}' f'{b}'
x = f'{a:}'
x = u'a' f'b{c}'
x = f'a' u'b{c}'
""",
    "formatted strings over lines and with escapes": r"""x = f'''
a {b}
 {c + d
}
 {
 e }'''
x = (f'a'
  f'{b}'
  'c'
 f'{d.e(f)[0]:%Y-%m}')
x = f'\n{a}\N{EM DASH}\x41\{a}\\{b}'
x = rf'\n{a}\{b}'
x=f"{'a' if b else f'{c}'}"
x = f'a\'{b}' f"\"{b}'"
x = f'''a'{b}''''c'
""",
    "columns count bytes": """é = 'ü' + ñ.ö(é)
x = f'ü{é}ñ{ö}'
x = 'ü', é
""",
    "identifiers in another form": """µ = ﬁ.µ(µ=1, s='µ')
def µ(µ: µ, *, ﬁ=1): global ℌ, a; import ﬁ.µ as ℌ
match x:
  case A(µ=ﬁ) | {**µ}: pass
""",
    "numbers": """x = 0xFF + 0o17 + 0b1 + 1_000 + 1. + .5e-3 + 1j + 1_0.0_1J + 0000
...
""",
    "imports": """import a.b.c as d, e , f
from . import a
from .. import (a as b, c,)
from ...a.b import *
from .a import b
from .... import q
""",
    "walrus and unpacking in calls": """x = (y := 1)
if (n := len(a)) > 1: pass
[y := 1, y**2]
f(x := 1, *a, b=c, **d)
f(*a, *b, **c, **d)
f(* (a), ** (b), c=(d))
""",
    "displays and comprehensions": """{**a, 'b': 1, **(c)}
{*a, b}
[*a, b]
{}
{a: b for a, b in c if d if e}
{a for a in b}
[(a) for (a) in (b)]
(a for a in b)
((a for a in b))
([a for a in b])
({a for a in b})
({a: a for a in b})
(f(a) for a in (b for b in c))
""",
    "loops": """while x: pass
else: pass
for a, b in c, d: pass
for (a, b) in c: break
else: continue_
for a, in b: pass
for x in *a, *b: pass
""",
    "elif chains": """if a:
  b
elif c:
  d
elif e:
  f
else:
  if g: h
""",
    "classes": """class A: pass
class B(): x = 1; y = 2
@d
class C(A, *b, metaclass=M, **k):
  'doc'
  def m(self): ...
""",
    "type comments": """x = 1 # type: int
def f(a): # type: (int) -> int
  pass
""",
    "backslash continuation": r"""x = a \
  + b
if a and \
  b: c
x = 1; \
y = 2
""",
    "docstring and form feed": "\n\n# c\n\n'doc'\n\x0c\nx\n",
    "no final newline": "x",
    "empty": "",
    "comment only": "# c",
    "blank line": "\n",
    "one semicolon": "x;",
    "comment behind code": "pass # c",
    "blank and comment": """\x20\x20
# x
""",
    "tabs": """def f():
	x
	if y:
		z


# tail
""",
    "comments inside brackets": """x = (
  # c
  a # d
  . b # e
  (c) # f
  [ d ] # g
)
""",
    "parenthesised parts": """(a)(b)
((a).b)[c]
(a) + (b)
((a) + b) * c
((a)) < ((b))
(await_).x
(lambda: (x))
((a) if (b) else (c))
-(a)
(not (a))
((a) and (b))
""",
    "await": """async def f():
  await a ** 2
  (await a).b
  return await (b)
  x = [await (y) for y in z]
""",
    "calls": """print(*a, sep='')
print(a, end = '' ,)
f(a)(b)(c)
f()
f( )
f(a ,)
""",
    "parameter kinds": """def f(a, *, b): pass
def f(*a, b): pass
def f(a, b=1, /): pass
def f(a, /): pass
def f(*, a=1, b): pass
def f(**k): pass
def f(a,): pass
def f(*a: *b): pass
""",
    "tight operators": """x = a if (b) else(c)
x = [i for i in range(5) if i if(i)]
x = 1if 1else 2
""",
    "methods and trailing comments": """class A:
  async def f(self): pass
  @property
  def g(self): pass;

if 1:
  pass
# end
""",
    "assignment targets": """a = b = c, d = e
a = (b) = [c, d] = *e, f = g
[a, *b] = c
(a.b, c[0]) = d
""",
    "semicolon in a handler": """if x:
  try: y
  except: z;
""",
    "one-line blocks": """for a in b: c;
while a: b; c;
with a: b ;
""",
    "nested lambdas": """x = a if b else lambda: c
x = lambda x: lambda y: x
""",
    "format specifications": """f'{a!s}{b!a}{c!r:x}{d:{e}{f}}{g:{h!r}}'
f'{a,}'\x20
f'{*a, b}'
f'{(lambda: 1)}'
f'{a:x{b}y{c}z}'
f'{a!r:}'
""",
    "format specification over lines": """f'''{
a:{
b}}
{c}'''
""",
    "several literals, one over lines": """f'{a!r}' f'''{b
}''' "x"
""",
}


def dumped(tree: ast.Module, positions: bool = True) -> str:
    """A tree as text, without what interpreters from 3.12 on say in ways of their own."""
    if sys.version_info >= (3, 12):
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and not part.value)]
                for part in node.values:
                    vars(part).pop("kind", None)
            if hasattr(node, "type_params"):
                node.type_params = []
    return ast.dump(tree, include_attributes=positions)
