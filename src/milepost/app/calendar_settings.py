"""Calendars as the settings file states them, and calendars made of them when a date is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from milepost.app.settings_tables import TableReader
from milepost.errors import PlanInvalid, SettingsInvalid
from milepost.source.lazy_dataclass import lazy_dataclass

if TYPE_CHECKING:
    from milepost.schedule.calendar import Calendar

CALENDAR_KEYS: dict[str, tuple[type, ...]] = {
    "hours": (list, dict),
    "weekdays": (list,),
    "holidays": (list,),
    "extra": (list,),
    "zone": (str,),
}
SCHEDULE_KEYS = ("start", "zone", "calendar")
_SPREAD_KEYS: dict[str, tuple[type, ...]] = dict.fromkeys(("low", "likely", "high"), (int, float))
DEFAULT_HOURS = ("09:00-17:00",)
DEFAULT_WEEKDAYS = ("mon-fri",)


@lazy_dataclass(frozen=True, slots=True)
class CalendarSettings:
    """A calendar in the words of its file; ``places`` says where each key stands (``path:line``).

    See :meth:`milepost.schedule.calendar.Calendar.read` for what the words mean.
    """

    name: str
    hours: tuple[str, ...] | Mapping[str, tuple[str, ...]] = DEFAULT_HOURS
    weekdays: tuple[str, ...] = DEFAULT_WEEKDAYS
    holidays: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    zone: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def calendar(self, zone: str = "") -> Calendar:
        """Make the calendar; without a zone of its own its hours are those of ``zone``, else of UTC.

        Raises:
            SettingsInvalid: something in it cannot be read, or it has no working time; the message names the key.
        """
        from milepost.schedule.calendar import Calendar

        # Key by key, the hours last: whatever is refused is the key that was added just before.
        known: dict[str, Any] = {"hours": DEFAULT_HOURS, "name": self.name}
        made = Calendar.read(**known)
        for key in ("zone", "weekdays", "holidays", "extra", "hours"):
            known[key] = self.zone or zone or "UTC" if key == "zone" else getattr(self, key)
            try:
                made = Calendar.read(**known)
            except PlanInvalid as error:
                raise SettingsInvalid(
                    f"`{key}` of [calendars.{self.name}]: {error}",
                    place=self.places.get(key) or self.places.get("", ""),
                    remedy=error.remedy,
                ) from None
        return made


def read_calendars(reader: TableReader, tables: Any) -> dict[str, CalendarSettings]:
    """Read the sections ``[calendars.NAME]``: their keys and types, not yet what the texts mean.

    Raises:
        SettingsInvalid: one holds something unknown.
    """
    if not isinstance(tables, dict):
        raise reader.invalid(
            "`calendars` needs a section for each calendar", "", "calendars", "write [calendars.office]"
        )
    return {name: _read_calendar(reader, name, table) for name, table in tables.items()}


def _read_calendar(reader: TableReader, name: str, table: Any) -> CalendarSettings:
    where = f"calendars.{name}"
    values = reader.section(where, table, CALENDAR_KEYS)
    for key, value in values.items():
        if isinstance(value, dict):
            values[key] = {day: reader.strings(f"{where}.hours", day, hours) for day, hours in value.items()}
        elif isinstance(value, list):
            # TOML has dates of its own: 2026-12-25 without quotes.
            values[key] = reader.strings(where, key, [one if isinstance(one, bool) else str(one) for one in value])
    places = {key: reader.place(where, key) for key in ("", *values)}
    return CalendarSettings(name, places={key: place for key, place in places.items() if place}, **values)


def read_schedule(reader: TableReader, table: Any, calendars: Mapping[str, CalendarSettings]) -> dict[str, Any]:
    """Read the section ``[schedule]``: when plans start, in which zone, by which calendar.

    Raises:
        SettingsInvalid: it holds something unknown, or names a calendar that is none.
    """
    from datetime import date

    values = reader.section(
        "schedule", table, {key: (str, date) if key == "start" else (str,) for key in SCHEDULE_KEYS}
    )
    require_calendar(reader, "schedule", values.get("calendar", ""), calendars)
    found: dict[str, Any] = {key: str(value) for key, value in values.items()}
    return {**found, "places": {key: reader.place("schedule", key) for key in found}} if found else {}


def require_calendar(reader: TableReader, where: str, name: str, calendars: Mapping[str, CalendarSettings]) -> None:
    """Make sure that a section names a calendar that is there.

    Raises:
        SettingsInvalid: it does not.
    """
    if name and name not in calendars:
        known = "there are " + ", ".join(calendars) if calendars else f"add a section [{reader.prefix}calendars.{name}]"
        raise reader.invalid(f"there is no calendar `{name}`", where, "calendar", known)


def read_spread(reader: TableReader, where: str, table: Any) -> tuple[float, float, float]:
    """Read a tier's spread: the least, likely and most effort as multiples of an estimate.

    Raises:
        SettingsInvalid: a part is missing or out of order.
    """
    given = reader.section(f"{where}.spread", table, _SPREAD_KEYS)
    low, likely, high = given.get("low", 0.0), given.get("likely", 1.0), given.get("high", 0.0)
    if not 0 < low <= likely <= high < float("inf"):
        raise reader.invalid(
            "a spread needs 0 < low ≤ likely ≤ high",
            where,
            "spread",
            "write it like { low = 0.7, likely = 1.0, high = 2.5 }",
        )
    return low, likely, high
