"""The ``milepost`` command, and ``python -m milepost``."""

from __future__ import annotations

import contextlib
import sys

from milepost import __version__


def main() -> None:
    """Run the command and end the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):  # asked often and by scripts: answered before anything is loaded
        with contextlib.suppress(OSError):
            print(f"milepost {__version__}", flush=True)
            return
        # It cannot be written: how to say so is known further in.
    from milepost.cli.main import main as run_command

    run_command()


if __name__ == "__main__":
    main()
