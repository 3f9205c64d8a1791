"""Lazy dataclasses behave as the standard library's, which stand beside them here."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest

from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class Seen:
    """Something at a moment."""

    at: float


@lazy_dataclass(frozen=True, slots=True)
class Bird(Seen):
    """More of it."""

    name: str
    count: int = 1
    marks: Mapping[str, str] = field(default_factory=dict)


@lazy_dataclass(frozen=True, slots=True)
class Fish(Seen):
    """Of the same shape."""

    name: str
    count: int = 1
    marks: Mapping[str, str] = field(default_factory=dict)


@lazy_dataclass(slots=True)
class Nest:
    """One that changes."""

    eggs: int = 0
    rings: list[str] = field(default_factory=list)


@lazy_dataclass(frozen=True)
class Loose:
    """One without slots."""

    at: float
    name: str = "n"


@dataclass(frozen=True, slots=True)
class Plain:
    """What the standard library makes of the fields of a bird."""

    at: float
    name: str
    count: int = 1
    marks: Mapping[str, str] = field(default_factory=dict)


def test_fields_are_taken_by_place_and_by_name() -> None:
    bird = Bird(1.0, "wren", marks={"leg": "red"})
    assert (bird.at, bird.name, bird.count, bird.marks) == (1.0, "wren", 1, {"leg": "red"})
    assert [item.name for item in fields(bird)] == ["at", "name", "count", "marks"]


def test_each_object_has_a_default_of_its_own() -> None:
    one, other = Nest(), Nest()
    one.rings.append("blue")
    assert other.rings == []


@pytest.mark.parametrize("args", [(), (1.0,), (1.0, "a", 1, {}, "more")])
def test_wrong_arguments_are_refused_as_ever(args: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError) as ours:
        Bird(*args)
    with pytest.raises(TypeError) as theirs:
        Plain(*args)
    assert str(ours.value) == str(theirs.value).replace("Plain", "Bird")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'wings'"):
        Bird(1.0, "wren", wings=2)  # type: ignore[call-arg]


def test_equal_are_only_objects_of_one_class() -> None:
    fish: object = Fish(1.0, "cod")
    assert Bird(1.0, "cod") == Bird(1.0, "cod")
    assert Bird(1.0, "cod") != Bird(1.0, "cod", 2)
    assert Bird(1.0, "cod") != fish
    assert Nest(1) == Nest(1)


def test_what_is_frozen_can_be_neither_set_nor_deleted() -> None:
    things: list[object] = [Bird(1.0, "wren"), Loose(1.0, "wren")]
    for thing in things:
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
            setattr(thing, "name", "robin")  # noqa: B010
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
            delattr(thing, "name")
        assert getattr(thing, "name") == "wren"  # noqa: B009
    nest = Nest()
    nest.eggs = 3
    assert nest == Nest(3)


def test_hashes_go_with_equality() -> None:
    assert hash(Loose(1.0)) == hash(Loose(1.0))
    assert len({Seen(1.0), Seen(1.0), Seen(2.0)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Nest())


def test_it_is_shown_as_ever() -> None:
    assert repr(Bird(1.0, "wren")) == repr(Plain(1.0, "wren")).replace("Plain", "Bird")


def test_the_helpers_of_the_standard_library_work() -> None:
    bird = Bird(1.0, "wren", 2, {"leg": "red"})
    assert asdict(bird) == {"at": 1.0, "name": "wren", "count": 2, "marks": {"leg": "red"}}
    assert replace(bird, count=5) == Bird(1.0, "wren", 5, {"leg": "red"})
    for twin in (copy.copy(bird), copy.deepcopy(bird), pickle.loads(pickle.dumps(bird))):
        assert twin == bird
        assert twin is not bird
    assert copy.copy(Nest(2, ["a"])) == Nest(2, ["a"])


def test_slots_leave_no_room_for_more() -> None:
    assert not hasattr(Bird(1.0, "wren"), "__dict__")
    assert not hasattr(Nest(), "__dict__")


def test_the_initialiser_is_made_with_the_first_object() -> None:
    @lazy_dataclass(frozen=True, slots=True)
    class Rare:
        """Seldom seen."""

        at: float

    before: object = vars(Rare)["__init__"]
    assert Rare(1.0) == Rare(at=1.0)
    made = vars(Rare)["__init__"]
    assert made is not before
    assert made.__code__.co_varnames == ("self", "at")


@lazy_dataclass(slots=True)
class Counted:
    """One with something that belongs to the class."""

    kinds: ClassVar[list[str]] = ["a"]
    at: float


@dataclass
class Written(Nest):
    """One of the standard library's that has more."""

    by: str = ""


def test_what_belongs_to_the_class_is_no_field() -> None:
    assert [item.name for item in fields(Counted)] == ["at"]
    assert Counted(1.0).kinds is Counted.kinds


def test_places_are_matched() -> None:
    match Bird(1.0, "wren", 3):
        case Bird(at, name, count):
            assert (at, name, count) == (1.0, "wren", 3)
        case other:
            raise AssertionError(other)


def test_a_plain_dataclass_goes_on_from_a_lazy_one() -> None:
    written = Written(2, by="ann")
    assert [item.name for item in fields(written)] == ["eggs", "rings", "by"]
    assert written == Written(2, [], "ann")


def test_many_may_ask_for_the_fields_at_once() -> None:
    """Whoever looked second would find no default factory left, if they did not look one after the other."""
    for _ in range(50):

        @lazy_dataclass(slots=True)
        class New:
            """Not looked at yet."""

            rings: list[str] = field(default_factory=list)

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(fields, [New] * 4))
        assert all(item.default_factory is list for (item,) in found)
