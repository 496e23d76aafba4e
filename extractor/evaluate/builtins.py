"""Calls of what was not read but is known: builtins, os, urllib, functools, environment readers, Django's names."""

from __future__ import annotations

import itertools
import re
import urllib.parse
from collections.abc import Callable, Iterator

from extractor.evaluate import folding, formatting
from extractor.evaluate.arguments import held_by
from extractor.evaluate.folding import bounded
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.readers import read_outside
from extractor.evaluate.values import (
    Args,
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Hole,
    Inst,
    Kwargs,
    Mapping,
    ModuleRef,
    Param,
    Partial,
    Seq,
    SettingRef,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.rules.python import python_rules

# A key in capitals of a file that was loaded (not of a text, as answers are) is a setting.
_CONFIGURATION_FILE = re.compile(r"(?:yaml|ruamel\.yaml|json|toml|tomllib)\.(?:safe_|full_)?load\(\)\.(?:get|pop)")


def outside(ev: Evaluation, func: Ext, args: Args, kwargs: Kwargs, frame: Frame | None) -> Values:
    """The result of calling something that was not read; its access path, with the arguments, when nothing is known
    of it."""
    known = _KNOWN.get(func.path)
    if known is not None:
        found = known(ev, args, dict(kwargs), frame)
        if found is not None:
            return found
    if func.path in _TEMPLATES and func.receiver is not None:
        return _substitute(ev, func.receiver, args, kwargs)
    if func.path in python_rules().passes and args:
        return args[0]
    if _CONFIGURATION_FILE.fullmatch(func.path):
        key = ev.constant_key(args[0]) if args else None
        if key is not None and key.isupper():
            return (Env(f"yaml:{key}", args[1] if len(args) > 1 else (), len(args) < 2 and func.path.endswith("pop")),)
    variable = read_outside(ev, func, args, kwargs)
    if variable is not None:
        return variable
    receiver = func if func.args or func.kwargs else func.receiver  # `task(queue="q")(run)` keeps the queue
    return (Ext(f"{func.path}()", args, kwargs, receiver),)


_TEMPLATES = ("string.Template().substitute", "string.Template().safe_substitute")


def _substitute(ev: Evaluation, template: Ext, args: Args, kwargs: Kwargs) -> Values:
    """`Template(text).substitute(mapping, **more)`."""
    texts = [v for v in (template.args[0] if template.args else ()) if isinstance(v, Text)]
    given: dict[str, Values] = {}
    for held in args[:1]:
        for mapping in (v for v in held if isinstance(v, Mapping)):
            given |= {key: values for keys, values in mapping.items if (key := ev.constant_key(keys)) is not None}
    named = given | dict(kwargs)
    return bounded(v for text in texts for v in formatting.substituted(text, named)) or (Unknown("template"),)


def _database_url(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    """`dj_database_url.config(env="DATABASE_URL", default=None)`."""
    name = ev.constant_key(args[0] if args else kwargs.get("env", ())) or "DATABASE_URL"
    return (Env(name, args[1] if len(args) > 1 else kwargs.get("default", ())),)


def _getenv(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    name = ev.constant_key(args[0] if args else kwargs.get("key", ()))
    if name is None:
        return None
    default = args[1] if len(args) > 1 else kwargs.get("default", ())
    return (Env(name, default),)


def _str(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    if not args:
        return (Text(("",)),)
    return tuple(folding.as_text(v) if isinstance(v, Const) else v for v in args[0])


def _int(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    out: list[Value] = []
    for value in args[0] if args else ():
        literal = value.literal if isinstance(value, Text) else None
        if literal is not None and literal.strip().lstrip("-").isdigit():
            out.append(Const(int(literal), "int"))
        else:
            out.append(value)
    return tuple(out)


# What settings that hold an address are called.
_ADDRESS = re.compile(r"ur[il]|host|base|root|endpoint|domain|site|server|origin|address", re.IGNORECASE)


def _urljoin(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    base = args[0] if args else kwargs.get("base", ())
    path = args[1] if len(args) > 1 else kwargs.get("url", ())
    return folding.urljoin(base, path, lambda hole: _start_of(ev, hole))


def _start_of(ev: Evaluation, hole: Hole) -> str:
    """How the text of a setting or variable starts: `://` for a URL, `/` for a path, "" for a part of one; by what it
    is, else by what it is called."""
    held = ev.setting(hole.name) if ev.setting is not None and hole.kind == "setting" and "." not in hole.name else ()
    known = [text for value in held for text in _literal_texts(value)]
    if known:
        is_url = any("://" in text or text.startswith("//") for text in known)
        return "://" if is_url else "/" if known[0].startswith("/") else ""
    return "://" if _ADDRESS.search(hole.name) is not None else ""


def _literal_texts(value: Value) -> list[str]:
    if isinstance(value, Env):
        return [text for inner in value.default for text in _literal_texts(inner)]
    return [value.literal] if isinstance(value, Text) and value.literal else []


def _urlunparse(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    """`urlunparse((scheme, host, path, parameters, query, fragment))`; `urlunsplit` is given no parameters."""
    given = args[0][0] if args and args[0] else None
    if not isinstance(given, Seq) or given.open or len(given.items) not in (5, 6):
        return None
    scheme, host, path = given.items[:3]
    query = given.items[-2]
    pieces = [scheme, (Text(("://",)),), host]
    if not _is_blank(path):
        rooted = any(isinstance(v, Text) and isinstance(v.parts[0], str) and v.parts[0][:1] == "/" for v in path)
        pieces += [path] if rooted else [(Text(("/",)),), path]
    return folding.concat([*pieces, *([] if _is_blank(query) else [(Text(("?",)),), query])])


def _is_blank(values: Values) -> bool:
    return all((isinstance(v, Text) and v.literal == "") or (isinstance(v, Const) and v.value is None) for v in values)


def _path_join(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return folding.path_join(args)


def _quoted(quote: Callable[..., str]) -> Callable[..., Values | None]:
    """A reader of a function that escapes text for URLs: what is known is escaped, what is open stays."""

    def read(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
        safe = args[1] if len(args) > 1 else kwargs.get("safe", ())
        kept = tuple(v.literal for v in safe if isinstance(v, Text) and v.literal is not None)
        if len(kept) < len(safe):
            return args[0]
        return tuple(_escaped(v, quote, kept) for v in args[0]) if args else None

    return read


def _escaped(value: Value, quote: Callable[..., str], safe: tuple[str, ...]) -> Value:
    if isinstance(value, Const):
        return Text((str(value.value),))
    if not isinstance(value, Text):
        return value
    return Text(tuple(quote(part, *safe) if isinstance(part, str) else part for part in value.parts))


def _urlencode(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    """The query text of a dictionary whose keys are known; its values stay holes where they are open."""
    given = args[0][0] if args and args[0] else None
    if not isinstance(given, Mapping) or given.open:
        return None
    parts: list[Values] = []
    for index, (keys, values) in enumerate(given.items):
        key = ev.constant_key(keys)
        if key is None:
            return None
        shown = tuple(_escaped(v, urllib.parse.quote_plus, ()) for v in values)
        parts += [(Text((f"{'&' if index else ''}{urllib.parse.quote_plus(key)}=",)),), shown]
    return folding.concat(parts) if parts else (Text(("",)),)


def _partial(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    if not args:
        return None
    return tuple(Partial(func, args[1:], tuple(sorted(kwargs.items()))) for func in args[0])


def _curry(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return tuple(Partial(func, args[1:], tuple(sorted(kwargs.items())), curried=True) for func in args[0]) or None


def _getattr(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    if len(args) < 2:
        return None
    names = [v.literal for v in args[1] if isinstance(v, Text) and v.literal is not None]
    if not names and (fitting := bounded(v for base in args[0] for name in args[1] for v in _fitting(ev, base, name))):
        return fitting
    if not names:  # whoever binds the parameter names the attribute
        given = tuple(Param(v.owner, v.name) for v in args[1] if isinstance(v, Param) and not v.path)
        return given or (Unknown("attribute by a computed name"),)
    found = bounded(v for base in args[0] for name in names for v in ev.attribute(base, name))
    known = tuple(v for v in found if not isinstance(v, Unknown))
    return known or (args[2] if len(args) > 2 else found)


MAX_FITTING = 40  # names that a pattern may mean


def _fitting(ev: Evaluation, base: Value, name: Value) -> Iterator[Value]:
    """What attributes of a class, an object or a module are whose names begin and end as a text does of which a part is
    open: `getattr(self, f"on_{event}")`."""
    ends = name.parts if isinstance(name, Text) else ()
    first = ends[0] if ends and isinstance(ends[0], str) else ""
    last = ends[-1] if len(ends) > 1 and isinstance(ends[-1], str) else ""
    cls = base.cls if isinstance(base, Inst) else base.target if isinstance(base, DefRef) else None
    if not (first or last) or (cls is not None and cls.kind != "class"):
        return
    owners = ev.classes.mro(cls)[0] if cls is not None else ()
    scopes = [owner.scope for owner in owners]
    if isinstance(base, ModuleRef) and "" in base.module.summary.scopes:
        scopes.append(base.module.summary.scopes[""])
    names = (one for scope in scopes for one in scope.names)
    known = dict.fromkeys(one for one in names if one.startswith(first) and one.endswith(last))
    for one in itertools.islice(known, MAX_FITTING):
        yield from ev.attribute(base, one)


def _super(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    owner = frame.owner if frame is not None else None
    while owner is not None and owner.owner_class is None:
        owner = owner.parent
    if owner is None or frame is None or owner.owner_class is None:
        return (Unknown("super()"),)
    return (Super(owner.owner_class, frame.self or ev.self_of(owner)),)


def _dict(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    items = tuple(((Text((key,)),), values) for key, values in kwargs.items())
    if not args:
        return (Mapping(items),)
    environment = tuple(v for v in args[0] if isinstance(v, Ext) and v.path == "os.environ")
    if environment:  # a copy of the environment reads as the environment
        return environment
    merged = [v for v in args[0] if isinstance(v, Mapping)]
    return (Mapping(tuple(i for m in merged for i in m.items) + items, open=not merged),)


def _list(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    if not args:
        return (Seq(()),)
    kept = tuple(v for v in args[0] if isinstance(v, Seq))
    return kept or (Seq((bounded(e for v in args[0] for e in ev.elements(v)),), open=True),)


def _first(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return args[0] if args else None


def _enumerate(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    given = args[0] if args else ()
    rows = given[0] if len(given) == 1 else None
    start = args[1] if len(args) > 1 else kwargs.get("start", (Const(0, "int"),))
    first = start[0].value if len(start) == 1 and isinstance(start[0], Const) else None
    if isinstance(rows, Seq) and not rows.open and isinstance(first, int):
        return (Seq(tuple((Seq(((Const(at, "int"),), row)),) for at, row in enumerate(rows.items, first))),)
    items = bounded(e for v in given for e in ev.elements(v))
    return (Seq(((Seq(((Unknown("index"),), items)),),), open=True),)


def _zip(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    rows = [arg[0].items for arg in args if len(arg) == 1 and isinstance(arg[0], Seq) and not arg[0].open]
    if args and len(rows) == len(args):
        return (Seq(tuple((Seq(tuple(row)),) for row in zip(*rows, strict=False))),)
    items = tuple(bounded(e for v in arg for e in ev.elements(v)) for arg in args)
    return (Seq(((Seq(items),),), open=True),)


def _next(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return bounded(e for v in (args[0] if args else ()) for e in ev.elements(v))


def _import_string(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    names = [name for value in (args[0] if args else ()) for name in _dotted_names(ev, value)]
    if not names:  # an annotation, or the names of the methods that are called on it, may say what it is
        return (Unknown("import by a name known only at run time"),)
    return bounded(v for name in names for v in ev.by_dotted(name, outside=True) or (Ext(name),))


def _dotted_names(ev: Evaluation, value: Value) -> Iterator[str]:
    """The literal names that a value can be, settings in it read: `settings.BACKEND`, `f"shop.{settings.KIND}.Api"`."""
    if isinstance(value, Env):
        for default in value.default:
            yield from _dotted_names(ev, default)
    elif isinstance(value, SettingRef):
        for meant in held_by(ev, value):
            yield from _dotted_names(ev, meant) if not isinstance(meant, SettingRef) else ()
    elif isinstance(value, Text):
        for parts in itertools.islice(itertools.product(*(_choices(ev, part) for part in value.parts)), folding.LIMIT):
            yield "".join(parts)


def _choices(ev: Evaluation, part: str | Hole) -> list[str]:
    if isinstance(part, str):
        return [part]
    return list(_dotted_names(ev, SettingRef(part.name))) if part.kind == "setting" else []


def _type(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return tuple(DefRef(v.cls) for v in (args[0] if len(args) == 1 else ()) if isinstance(v, Inst)) or None


def _model(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    """`apps.get_model("app", "Model")` and `get_user_model()` name a model by text: found by its class name."""
    literals = [k for a in args if (k := ev.constant_key(a)) is not None]
    return (Unknown(f"model {'.'.join(literals)}"),)


def _random_text(ev: Evaluation, args: Args, kwargs: dict[str, Values], frame: Frame | None) -> Values | None:
    return (Text((Hole("unknown", "generated"),)),)


_KNOWN: dict[str, Callable[..., Values | None]] = {
    "os.environ.copy": lambda ev, a, k, f: (Ext("os.environ"),),
    "os.environ.get": _getenv,
    "os.getenv": _getenv,
    "os.environ.setdefault": _getenv,
    "os.environ.pop": _getenv,
    "dj_database_url.config": _database_url,
    "builtins.str": _str,
    "builtins.int": _int,
    "builtins.float": _int,
    "builtins.getattr": _getattr,
    "builtins.super": _super,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": lambda ev, a, k, f: _dict(ev, a[1:], k, f),
    "builtins.list": _list,
    "builtins.tuple": _list,
    "builtins.set": _list,
    "builtins.frozenset": _list,
    "builtins.sorted": _list,
    "builtins.reversed": _list,
    "builtins.iter": _first,
    "builtins.next": _next,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.type": _type,
    "builtins.filter": lambda ev, a, k, f: a[1] if len(a) > 1 else None,
    "urllib.parse.urljoin": _urljoin,
    "urlparse.urljoin": _urljoin,
    "requests.compat.urljoin": _urljoin,
    "six.moves.urllib.parse.urljoin": _urljoin,
    "urllib.parse.urlunparse": _urlunparse,
    "urllib.parse.urlunsplit": _urlunparse,
    "os.path.join": _path_join,
    "posixpath.join": _path_join,
    "urllib.parse.urlencode": _urlencode,
    "django.utils.http.urlencode": _urlencode,
    "urllib.parse.quote": _quoted(urllib.parse.quote),
    "urllib.parse.quote_plus": _quoted(urllib.parse.quote_plus),
    "urllib.parse.unquote": _quoted(urllib.parse.unquote),
    "django.utils.http.urlquote": _quoted(urllib.parse.quote),
    "django.utils.encoding.force_str": _first,
    "django.utils.encoding.smart_str": _first,
    "django.utils.safestring.mark_safe": _first,
    "django.utils.translation.gettext": _first,
    "django.utils.translation.gettext_lazy": _first,
    "django.utils.functional.SimpleLazyObject": lambda ev, a, k, f: bounded(
        v for func in (a[0] if a else ()) for v in ev.call_value(func, (), ())
    ),
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "toolz.partial": _partial,
    "cytoolz.partial": _partial,
    "toolz.curry": _curry,
    "toolz.functoolz.curry": _curry,
    "cytoolz.curry": _curry,
    "html.escape": _first,
    "html.unescape": _first,
    "copy.copy": _first,
    "copy.deepcopy": _first,
    "typing.cast": lambda ev, a, k, f: a[1] if len(a) > 1 else None,
    "furl.furl": _str,
    "yarl.URL": _str,
    "urllib.parse.urlparse": _first,
    "urllib.parse.urlsplit": _first,
    "django.utils.module_loading.import_string": _import_string,
    "importlib.import_module": _import_string,
    "django.apps.apps.get_model": _model,
    "uuid.uuid4": _random_text,
    "builtins.bool": _first,
}
