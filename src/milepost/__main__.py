"""``python -m milepost`` is the same as the ``milepost`` command."""

from milepost.cli.main import main

if __name__ == "__main__":
    main()
