"""How a run speaks of time, in messages and in the reasons it records."""


def duration(seconds: float) -> str:
    """A length of time as people say it: ``2h 05m``, ``3m 20s``, ``4.2s``."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s" if whole % 60 else f"{whole // 60}m"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}h {minutes:02}m" if minutes else f"{hours}h"
