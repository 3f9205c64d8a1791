"""The judged list of error-level findings: ``python -m tests.corpus.judge`` shows what nobody has judged yet.

``judged_findings.tsv`` names documents by the digest of their bytes and holds none of their text. A verdict is ``real``
or ``false``; a false one is a bug of ours and keeps the tests from passing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.corpus.shared_corpus import SHARED

from milepost.lint import runner
from milepost.plan.reader import read_plan
from milepost.source import Severity, SourceText

JUDGED = Path(__file__).with_name("judged_findings.tsv")
COLUMNS = ("sha256", "line", "rule", "verdict", "reason")


class Finding(NamedTuple):
    """An error-level finding, as the list names it."""

    sha256: str
    line: int
    rule: str


def documents() -> list[Path]:
    """The plans of the corpus; requirement files beside them are none."""
    folder = SHARED / "corpus"
    found = [*folder.glob("*/*.md"), *folder.glob("*/*.json")] if folder.is_dir() else []
    return sorted(path for path in found if path.parent.name != "requirements")


def errors(path: Path) -> Iterator[tuple[Finding, str]]:
    """The error-level findings of a document, each with its message."""
    plan = read_plan(SourceText.from_bytes(path.read_bytes(), path=str(path)))
    for found in runner.check(plan, select=["ALL"]):
        if found.severity is Severity.ERROR:
            yield Finding(plan.source.digest, plan.source.position(found.span.start).line, found.code), found.message


def judged() -> dict[Finding, str]:
    """The verdicts so far."""
    with JUDGED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return {Finding(row["sha256"], int(row["line"]), row["rule"]): row["verdict"] for row in rows}


def main() -> None:
    """Show findings that wait for a verdict, and verdicts about nothing that is found any more."""
    known = judged()
    current: set[Finding] = set()
    for path in documents():
        for finding, message in errors(path):
            current.add(finding)
            if finding not in known:
                print(f"{path}:{finding.line} {finding.rule} {message}")
                print("    " + "\t".join([finding.sha256, str(finding.line), finding.rule, "?", "?"]))
    for finding in sorted(known.keys() - current):
        print(f"no longer found: {finding.sha256[:12]} line {finding.line} {finding.rule}")


if __name__ == "__main__":
    main()
