"""Attributes, items and elements of values: modules, classes and their instances, query sets, outside objects."""

from __future__ import annotations

from extractor.evaluate import folding
from extractor.evaluate.arguments import made_by_settings, method_frame, settled_key, table_held_by
from extractor.evaluate.environment import environment_field
from extractor.evaluate.folding import bounded
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.readers import attribute_read
from extractor.evaluate.records import field_default, is_enumeration, member_value
from extractor.evaluate.values import (
    MADE_AT,
    SET,
    Const,
    DefRef,
    Env,
    Ext,
    Hole,
    Inst,
    Mapping,
    ModuleRef,
    Param,
    Partial,
    Query,
    QueryMethod,
    Seq,
    SettingRef,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.module import Def
from extractor.rules.python import python_rules

SETTINGS = "django.conf.settings"
# The argument under which an object of a class with outside bases is kept with the access path of its base.
SELF = "#self"
# What is asked of a setting that is text or a table, whatever makes it: a reader of the environment, say.
_OF_DATA = frozenset({*dir(str), *dir(dict), *dir(list)})
# Class methods of models that hold one row of configuration.
_SINGLE = frozenset({"current", "get_solo"})
# Fields of models whose value is a text or a number: what it is stands in the database.
_PLAIN_FIELDS = tuple(
    f".{kind}Field()"
    for kind in (
        "Char",
        "URL",
        "Text",
        "Slug",
        "Email",
        "UUID",
        "GenericIPAddress",
        "Integer",
        "PositiveInteger",
        "BigInteger",
        "PositiveSmallInteger",
        "SmallInteger",
    )
)


def attribute(ev: Evaluation, base: Value, name: str) -> Values:
    """What `base.name` can be."""
    if isinstance(base, ModuleRef):
        found = ev.module_name(base.module, name)
        if found:
            return found
        child = ev.index.find(f"{base.module.name}.{name}")
        return (ModuleRef(child),) if child is not None else (Unknown(f"{base.module.name}.{name}"),)
    if isinstance(base, Ext):
        if base.path == SETTINGS:
            literal = ev.literal_setting(name) if ev.literal_setting is not None else None
            return (SettingRef(name),) if literal is None else (Text((literal,)),)
        found = _put_on(base, name) or _named_field(base, name) or attribute_read(ev, base, name)
        return found or (base.extended(f".{name}"),)
    if isinstance(base, Inst):
        return instance_attribute(ev, base, name)
    if isinstance(base, DefRef):
        return _class_attribute(ev, base, name) if base.target.kind == "class" else _function_attribute(base, name)
    if isinstance(base, Super):
        return _super_attribute(ev, base, name)
    if isinstance(base, Query):
        member = ev.classes.member(base.manager, name) if base.manager is not None else None
        if member is not None:
            me = Inst(base.manager, (), known=False) if base.manager is not None else None
            return tuple(DefRef(v.target, me, v.frame) if isinstance(v, DefRef) else v for v in member[1])
        return (QueryMethod(base.cls, name),)
    if isinstance(base, Param):
        return (Param(base.owner, base.name, f"{base.path}.{name}"), *_by_property(ev, name))
    if isinstance(base, SettingRef):
        made = made_by_settings(ev, base) if name not in _OF_DATA else ()
        if made:
            return folding.gathered([attribute(ev, value, name) for value in made])
        return (SettingRef(base.name, (*base.path, name)),)
    if isinstance(base, Partial):
        return (base.func,) if name == "func" else ()
    if isinstance(base, Text | Const) and name == "value":  # a member of an enumeration
        return (base,)
    return _by_property(ev, name) or (Unknown(f"attribute {name}"),)


def _by_property(ev: Evaluation, name: str) -> Values:
    """An attribute of an object that is not known, when it goes by the name of the only property of that name: the
    object that the property makes (`partner.oauth_api_client`)."""
    only = ev.classes.only_property(name)
    if only is None or only.owner_class is None:
        return ()
    found = ev.returned(DefRef(only, Inst(only.owner_class, (), known=False)), (), ())
    return tuple(v for v in found if isinstance(v, Inst) or (isinstance(v, Ext) and v.path.endswith("()")))


def _put_on(base: Ext, name: str) -> Values:
    """A method that code has put on an object which was not read, or one of the object's own that calls such a one."""
    held = dict(base.kwargs)
    if f"{SET}{name}" in held:
        return held[f"{SET}{name}"]
    to = python_rules().forwards.get((base.path.removesuffix("()"), name))
    first = ((Text((name.upper(),)),),)
    found = held.get(f"{SET}{to}", ())
    out = [Partial(v, first, ()) for v in found if isinstance(v, DefRef)]
    out += [Partial(v.func, v.args + first, v.kwargs) for v in found if isinstance(v, Partial)]
    return tuple(out)


def _named_field(base: Ext, name: str) -> Values:
    """A field of a `collections.namedtuple` instance."""
    if base.path != "collections.namedtuple()()" or base.receiver is None or len(base.receiver.args) < 2:
        return ()
    for fields in base.receiver.args[1]:
        names: list[str | None] = []
        if isinstance(fields, Seq):
            names = [v[0].literal if v and isinstance(v[0], Text) else None for v in fields.items]
        elif isinstance(fields, Text) and fields.literal:
            names = list(fields.literal.replace(",", " ").split())
        if name in names and names.index(name) < len(base.args):
            return base.args[names.index(name)]
    return dict(base.kwargs).get(name, ())


def _function_attribute(base: DefRef, name: str) -> Values:
    return (Ext(f"{base.target.qualified}.{name}"),)


def instance_attribute(ev: Evaluation, inst: Inst, name: str) -> Values:
    """An attribute of an instance: a method bound to it, a property's result, what was assigned to `self.name`."""
    if name == "__class__":
        return (DefRef(inst.cls),)
    field = dict(inst.bindings).get(name, ()) if inst.known else ()
    if field and ev.classes.member(inst.cls, "__init__") is None:  # a dataclass, made with it
        return field
    if variable := environment_field(ev, inst.cls, name):
        return field or variable
    member = ev.classes.member(inst.cls, name)
    if member is not None and (declared := tuple(v for value in member[1] for v in field_default(ev, value))):
        return declared
    assigned = ev.classes.assigned(inst.cls, name)
    out: list[Value] = []
    for method, expr in assigned:
        out += ev.eval(expr, method_frame(ev, method, inst))
    if assigned and inst.bindings and inst.bindings[-1][0] == MADE_AT:  # one that a module keeps for all
        out = list(ev.registries.filled(inst.cls, name, tuple(out), inst))
    elif assigned:
        out = list(ev.registries.filled_when_made(inst, name, tuple(out)))
    if member is not None:
        owner, values = member
        for value in values:
            if isinstance(value, Ext) and value.path.endswith(_PLAIN_FIELDS) and ev.classes.is_model(owner):
                out.append(Text((Hole("field", f"{owner.scope.name}.{name}"),)))
                continue
            out += _bind_member(ev, owner, value, inst, has_assigned=bool(assigned))
    if not inst.known and all(isinstance(v, Text | Const | SettingRef | Env | Unknown) for v in out):
        out += _subclass_attribute(ev, inst, name)
    if out and all(isinstance(v, Const) and v.value is None for v in out):  # it holds something else later
        out = list(_annotated(ev, inst.cls, name)) or out
    if out:
        return bounded(_useful(out))
    if ev.classes.is_model(inst.cls) and name in ("objects", "_default_manager"):
        return (Query(inst.cls),)
    outside = ev.classes.mro(inst.cls)[1]
    if outside:
        forwarded = _forwarded(ev, inst, outside, name)
        if forwarded:
            return forwarded
        made = () if not inst.known else inst.bindings
        me = (SELF, (inst,))
        return bounded(Ext(f"{path}()", (), (*made, me)).extended(f".{name}") for path in outside[:3])
    annotation = _annotated(ev, inst.cls, name)
    return annotation or _made_up(ev, inst, name) or (Unknown(f"{inst.cls.scope.name}.{name}"),)


def _made_up(ev: Evaluation, inst: Inst, name: str) -> Values:
    """What `__getattr__` gives to be called, or asked further, for a name that the class does not have."""
    member = ev.classes.member(inst.cls, "__getattr__") if not name.startswith("__") else None
    methods = [v for v in member[1] if isinstance(v, DefRef)] if member is not None else []
    found = [ev.returned(DefRef(m.target, inst, m.frame), ((Text((name,)),),), ()) for m in methods]
    return tuple(v for values in found for v in values if isinstance(v, DefRef | Partial | Inst))


def _forwarded(ev: Evaluation, inst: Inst, outside: tuple[str, ...], name: str) -> Values:
    """A method of a library that calls one which the object's class overrides: that one, with the name before."""
    to = next((found for path in outside if (found := python_rules().forwards.get((path, name)))), None)
    member = ev.classes.member(inst.cls, to) if to is not None else None
    first = ((Text((name.upper(),)),),)
    return tuple(
        Partial(DefRef(value.target, inst, value.frame), first, ())
        for value in (member[1] if member is not None else ())
        if isinstance(value, DefRef) and value.target.kind == "function"
    )


def _subclass_attribute(ev: Evaluation, inst: Inst, name: str) -> Values:
    """What subclasses say of an attribute that the class itself leaves to them."""
    out: list[Value] = []
    for sub in ev.classes.subclasses(inst.cls)[:12]:
        if name in sub.scope.names or ev.classes.assigned(sub, name):
            out += instance_attribute(ev, Inst(sub, (), known=False), name)
    return bounded(_useful(out)) if out else ()


def _useful(values: list[Value]) -> list[Value]:
    """None and unknown alternatives are dropped when something better stands beside them."""
    return [v for v in values if not (isinstance(v, Unknown) or (isinstance(v, Const) and v.value is None))] or values


def _annotated(ev: Evaluation, cls: Def, name: str) -> Values:
    for owner in ev.classes.mro(cls)[0]:
        annotation = owner.scope.annotations.get(name)
        if annotation is not None:
            typed = ev.typed(annotation, ev.frame(owner))
            if typed:
                return typed
    return ()


def _bind_member(ev: Evaluation, owner: Def, value: Value, inst: Inst, has_assigned: bool) -> Values:
    if isinstance(value, DefRef) and value.target.kind in ("function", "lambda"):
        target = value.target
        if target.owner_class is None:
            return (value,) if target.kind == "lambda" else (DefRef(target, inst, value.frame),)
        if ev.classes.is_property(target):
            found = ev.returned(DefRef(target, inst, value.frame), (), ())
            return tuple(_of_field(v, owner, target) for v in found) if ev.classes.is_model(owner) else found
        names = ev.decorator_names(target) if target.scope.decorators else ()
        if "builtins.staticmethod" in names:
            return (DefRef(target, None, value.frame),)
        if "builtins.classmethod" in names:
            return (DefRef(target, DefRef(inst.cls), value.frame),)
        return (DefRef(target, inst, value.frame),)
    if has_assigned and isinstance(value, Const | Unknown):
        return ()
    if isinstance(value, Partial) and isinstance(value.func, DefRef) and value.func.target.owner_class is not None:
        bound = DefRef(value.func.target, value.func.self or inst, value.func.frame)
        return (Partial(bound, value.args, value.kwargs, value.curried),)
    if isinstance(value, Ext) and value.path.endswith(("ForeignKey()", "OneToOneField()", "ParentalKey()")):
        return _related(ev, owner, value)
    return (value,)


def _of_field(value: Value, owner: Def, made_by: Def) -> Value:
    """A text that a property of a model makes of what stands in the database goes by the property's name."""
    head = value.parts[0] if isinstance(value, Text) and value.parts else ""
    if not isinstance(value, Text) or not isinstance(head, Hole) or head.kind != "unknown":
        return value
    name = f"{owner.scope.name}.{made_by.scope.name.rsplit('.', 1)[-1]}"
    return Text((Hole("field", name), *value.parts[1:]))


def _related(ev: Evaluation, owner: Def, field: Ext) -> Values:
    """The instance behind a foreign key, by class, by name in the module, or by "app.Model"."""
    target = field.args[0] if field.args else dict(field.kwargs).get("to", ())
    out: list[Value] = []
    for value in target:
        if isinstance(value, DefRef) and value.target.kind == "class":
            out.append(Inst(value.target, (), known=False))
        elif isinstance(value, Text) and value.literal:
            name = value.literal.rsplit(".", 1)[-1]
            for found in ev.module_name(owner.module, name):
                if isinstance(found, DefRef) and found.target.kind == "class":
                    out.append(Inst(found.target, (), known=False))
    return tuple(out) or (Unknown("related object"),)


def _is_classmethod(ev: Evaluation, target: Def) -> bool:
    if target.owner_class is None or not target.scope.decorators:
        return False
    return "builtins.classmethod" in ev.decorator_names(target)


def _class_attribute(ev: Evaluation, base: DefRef, name: str) -> Values:
    cls = base.target
    member = ev.classes.member(cls, name)
    if member is None and (kept := _kept_on_class(ev, cls, name)):
        return kept
    if member is not None:
        out: list[Value] = [_of_class(ev, value, cls) for value in member[1]]
        if is_enumeration(ev, cls):
            return bounded(v for value in out for v in member_value(value))
        if all(isinstance(v, Const | Unknown) for v in out):
            out = list(_kept_on_class(ev, cls, name)) or out
        if all(isinstance(v, Const) and v.value is None for v in out):  # left to subclasses
            out = list(_of_subclasses(ev, cls, name)) or out
        return bounded(_query_set(ev, cls, name, value) for value in out)
    nested = f"{cls.scope.name}.{name}"
    if nested in cls.module.summary.scopes:
        return (DefRef(cls.module.define(nested)),)
    if ev.classes.is_model(cls) and name in ("objects", "_default_manager", "all_objects", "_base_manager"):
        return (Query(cls),)
    if ev.classes.is_model(cls) and name in _SINGLE:
        return (QueryMethod(cls, "get"),)
    if name == "__name__":
        return (Text((cls.scope.name.rsplit(".", 1)[-1],)),)
    if name == "__subclasses__":
        found = Seq(tuple((DefRef(sub),) for sub in ev.classes.subclasses(cls)))
        return (Partial(Ext("builtins.list"), ((found,),), ()),)
    outside = ev.classes.mro(cls)[1]
    if name == "value" and not outside:  # a class that is the value of a member of an enumeration
        return (base,)
    left = _of_subclasses(ev, cls, name) if not outside else ()
    return left or bounded(Ext(f"{path}.{name}") for path in outside[:3]) or (Unknown(f"{cls.scope.name}.{name}"),)


def _of_subclasses(ev: Evaluation, cls: Def, name: str) -> Values:
    """What subclasses say of an attribute that a class leaves to them."""
    found = (sub for sub in ev.classes.subclasses(cls)[:12] if name in sub.scope.names)
    return bounded(v for sub in found for v in _class_attribute(ev, DefRef(sub), name))


def _kept_on_class(ev: Evaluation, cls: Def, name: str) -> Values:
    """What methods of a class keep on it: `cls.client = Client()`."""
    out: list[Value] = []
    for method, expr in ev.classes.assigned(cls, name):
        if _is_classmethod(ev, method):
            out += ev.eval(expr, ev.bound_frame(method, (), DefRef(cls), None))
    return bounded(_useful(out))


def _of_class(ev: Evaluation, value: Value, cls: Def) -> Value:
    """What a class has, asked of the class: its class methods are bound to it."""
    if isinstance(value, DefRef) and _is_classmethod(ev, value.target):
        return DefRef(value.target, DefRef(cls), value.frame)
    return value


def _query_set(ev: Evaluation, cls: Def, name: str, value: Value) -> Value:
    """A model's manager, its own or made outside, stands for the query sets of the model: `objects = Manager()`."""
    if not ev.classes.is_model(cls):
        return value
    if isinstance(value, Ext) and value.path.endswith(("Manager()", "as_manager()", "from_queryset()()")):
        return Query(cls)
    if isinstance(value, Inst) and (name == "objects" or name.endswith("objects")):
        outside = ev.classes.mro(value.cls)[1]
        if any("Manager" in path or "QuerySet" in path for path in outside):
            return Query(cls, value.cls)
    return value


def _super_attribute(ev: Evaluation, base: Super, name: str) -> Values:
    me = base.self
    of_class = me.target if isinstance(me, DefRef) and me.target.kind == "class" else None
    start = me.cls if isinstance(me, Inst) else of_class or base.cls
    member = ev.classes.member(start, name, after=base.cls) or ev.classes.member(base.cls, name, after=base.cls)
    if member is not None:
        if isinstance(me, Inst):
            return bounded(v for value in member[1] for v in _bind_member(ev, member[0], value, me, False))
        if of_class is not None:
            return tuple(_of_class(ev, value, of_class) for value in member[1])
        return member[1]
    outside = ev.classes.mro(base.cls)[1]
    held = ((SELF, (me,)),) if me is not None else ()
    found = bounded(Ext(f"{path}()", (), held).extended(f".{name}") for path in outside[:3])
    return found or (Unknown(f"super().{name}"),)


def item(ev: Evaluation, base: Value, key: Value) -> Values:
    """What `base[key]` can be."""
    literal = key.literal if isinstance(key, Text) else None
    if isinstance(base, Mapping | Seq):
        found = folding.gathered([folding.lookup(base, one) for one in settled_key(ev, key)])
        return found or (Unknown("item"),)
    if isinstance(base, SettingRef):
        return (SettingRef(base.name, (*base.path, literal if literal is not None else folding.ANY_KEY)),)
    if isinstance(base, Ext):
        if base.path == "os.environ" and literal is not None:
            return (Env(literal, (), True),)
        if base.path in _GENERIC_TYPES or base.path.startswith("typing."):
            return (key,) if base.path not in ("typing.Literal",) else ()
        if base.path == "builtins.globals()":
            return ()
        if base.path == "collections.namedtuple()()" and isinstance(key, Const) and isinstance(key.value, int):
            return base.args[key.value] if -len(base.args) <= key.value < len(base.args) else (Unknown("item"),)
        return (_ext_item(base, literal),)
    if isinstance(base, Param):
        shown = literal if literal is not None else ""
        return (Param(base.owner, base.name, f"{base.path}[{shown}]"),)
    if isinstance(base, Query):
        return (Inst(base.cls, (), known=False),)
    if isinstance(base, Inst):
        method = ev.classes.member(base.cls, "__getitem__")
        if method is not None:
            return bounded(v for m in method[1] for v in ev.call_value(m, ((key,),), (), base))
    if isinstance(base, DefRef) and base.target.kind == "class":
        return _class_attribute(ev, base, literal) if literal and is_enumeration(ev, base.target) else (base,)
    return (Unknown("item"),)


def _ext_item(base: Ext, key: str | None) -> Ext:
    """`caches["redis"]`: an item of an outside object; a literal key is kept as its argument."""
    if key is None:
        return base.extended("[]")
    receiver = base if base.args or base.kwargs else base.receiver
    return Ext(f"{base.path}[]", ((Text((key,)),),), receiver=receiver)


_GENERIC_TYPES = frozenset(
    {
        "builtins.list",
        "builtins.set",
        "builtins.tuple",
        "builtins.type",
        "collections.abc.Iterable",
        "collections.abc.Sequence",
        "collections.abc.Iterator",
    }
)


def elements(ev: Evaluation, base: Value) -> Values:
    """What iterating over a value gives."""
    if isinstance(base, Seq):
        return bounded(v for values in base.items for v in values)
    if isinstance(base, Mapping):
        return bounded(v for keys, _values in base.items for v in keys)
    if isinstance(base, Query):
        return (Inst(base.cls, (), known=False),)
    if isinstance(base, Ext):
        return (base.extended("[]"),)
    if isinstance(base, Param):
        return (Param(base.owner, base.name, f"{base.path}[]"),)
    if isinstance(base, SettingRef):
        table = table_held_by(ev, base)
        return elements(ev, table) if table is not None else (SettingRef(base.name, (*base.path, folding.ANY_KEY)),)
    if isinstance(base, Inst):
        method = ev.classes.member(base.cls, "__iter__")
        if method is not None:
            results = [v for m in method[1] for v in ev.call_value(m, (), (), base)]
            return bounded(v for result in results if not isinstance(result, Inst) for v in elements(ev, result))
    return (Unknown("element"),)
