"""The command line: `wordcount [--top N] [--json] [FILE ...]`."""

import argparse
import json
import sys
from pathlib import Path

from wordcount import __version__
from wordcount.counts import count
from wordcount.ranking import ranking


def arguments() -> argparse.ArgumentParser:
    """Describe what the command takes."""
    parser = argparse.ArgumentParser(prog="wordcount", description="Count lines, words and characters of texts.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="text to count; standard input when none is named")
    parser.add_argument("--top", type=int, default=0, metavar="N", help="also list the N most frequent words")
    parser.add_argument("--json", action="store_true", help="write JSON, one object a text")
    parser.add_argument("--version", action="version", version=f"wordcount {__version__}")
    return parser


def report(name: str, text: str, top: int, as_json: bool) -> str:
    """Say how long a text is and which words it uses most."""
    counts, most = count(text), ranking(text, top)
    if as_json:
        return json.dumps({"name": name, **counts._asdict(), "top": dict(most)}, ensure_ascii=False)
    lines = ["{:>8} {:>8} {:>9}  {}".format(*counts, name)]
    return "\n".join(lines + [f"{number:>8}  {word}" for word, number in most])


def main() -> int:
    """Count what the command line names; exit code 1 when a text could not be read."""
    options = arguments().parse_args()
    failed = False
    if not options.files:
        print(report("-", sys.stdin.read(), options.top, options.json))
    for name in options.files:
        try:
            text = Path(name).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"wordcount: {name}: {error}", file=sys.stderr)
            failed = True
        else:
            print(report(name, text, options.top, options.json))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
