"""The target for atheris: ``python -m tests.fuzz.fuzz_reading FOLDER [libFuzzer options]``."""

from __future__ import annotations

import sys


def main() -> None:
    """Search for bytes for which a property does not hold."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["milepost"]):
        from tests.fuzz.properties import check

    atheris.Setup(sys.argv, lambda raw: check(raw, formats=len(raw) % 8 == 0))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
