"""Dataclasses whose methods are made when they are first needed, and whose fields are looked into when they are.

The standard library writes and compiles up to seven methods for each class when its module is imported, a
millisecond's work. A short command knows some hundred classes and makes objects of a few: that was half its time.
"""

from __future__ import annotations

import dataclasses
import inspect
import threading
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["lazy_dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass as lazy_dataclass
else:

    def lazy_dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type], type]:
        """Do what ``dataclasses.dataclass`` does, but for keyword-only fields, ``InitVar`` and ``__post_init__``.

        ``fields``, ``replace``, ``asdict``, ``copy`` and ``pickle`` work as ever.
        """

        def decorate(bare: type) -> type:
            cls = _slotted(bare) if slots else _without_methods(bare)
            names = cls.__match_args__
            cls.__init__ = _init_later(cls, frozen)
            cls.__eq__ = _eq(names)
            if "__repr__" not in bare.__dict__:
                cls.__repr__ = _repr
            cls.__hash__ = _hash(names) if frozen else None
            if frozen:
                cls.__setattr__, cls.__delattr__ = _refuse_setting, _refuse_deleting
            if frozen and slots:
                cls.__getstate__, cls.__setstate__ = _getstate, _setstate
            return cls

        return decorate


_without_methods = dataclasses.dataclass(init=False, repr=False, eq=False)
_LOOKING = threading.RLock()
_CLASS_VARIABLE = ("ClassVar", "typing.ClassVar")


def _slotted(bare: type) -> Any:
    """A class with slots for the fields of another, which is kept to tell more of them."""
    stated = inspect.get_annotations(bare)
    own = [name for name, kind in stated.items() if not str(kind).startswith(_CLASS_VARIABLE)]
    bases = bare.__mro__[-2:0:-1]
    names = tuple(dict.fromkeys([*(name for base in bases for name in base.__dict__.get("__match_args__", ())), *own]))
    inherited = {name for base in bases for name in base.__dict__.get("__slots__", ())}
    scope = {key: value for key, value in bare.__dict__.items() if key not in (*names, "__dict__", "__weakref__")}
    scope["__slots__"] = tuple([name for name in names if name not in inherited])
    scope["__match_args__"] = names
    for what in ("__dataclass_fields__", "__dataclass_params__"):
        scope[what] = _LookedUp(bare, what)
    cls = type(bare)(bare.__name__, bare.__bases__, scope)
    cls.__qualname__ = bare.__qualname__
    return cls


class _LookedUp:
    """What the standard library knows of a class, found out when somebody asks for it."""

    def __init__(self, bare: type, what: str) -> None:
        self._bare = bare
        self._what = what

    def __get__(self, thing: object, owner: type) -> Any:
        with _LOOKING:
            if self._what not in self._bare.__dict__:
                _without_methods(self._bare)
        return self._bare.__dict__[self._what]


def _init_later(cls: type, frozen: bool) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        made = _init(cls, frozen)
        cls.__init__ = made  # type: ignore[misc]
        made(self, *args, **kwargs)

    return __init__


def _init(cls: type, frozen: bool) -> Callable[..., None]:
    """The method itself: it takes the fields in their order, and sets them past a class that refuses it."""
    scope: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = field.default_factory
            scope["_missing"] = dataclasses.MISSING
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif field.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(_assignment(cls, name, value, scope) if frozen else f"self.{name} = {value}")
    exec(f"def __init__({', '.join(parameters)}):\n    " + "\n    ".join(lines or ["pass"]), scope)
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _assignment(cls: type, name: str, value: str, scope: dict[str, Any]) -> str:
    slot = getattr(cls, name, None)
    if not hasattr(slot, "__set__"):
        scope["_set"] = object.__setattr__
        return f"_set(self, {name!r}, {value})"
    scope[f"_set_{name}"] = slot.__set__  # type: ignore[union-attr]
    return f"_set_{name}(self, {value})"


def _values(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _eq(names: tuple[str, ...]) -> Callable[[Any, object], bool]:
    values = _values(names)

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(values(self) == values(other))

    return __eq__


def _hash(names: tuple[str, ...]) -> Callable[[Any], int]:
    values = _values(names)
    return lambda self: hash(values(self))


def _repr(self: Any) -> str:
    told = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
    return f"{type(self).__qualname__}({told})"


def _refuse_setting(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
