"""The public instances beside the checkout, with what is known of them."""

from __future__ import annotations

import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from milepost.exchange.psplib import read_instance
from milepost.schedule.problem import Problem


@dataclass(frozen=True)
class Instance:
    """An instance file, and the best makespan known for it."""

    path: Path
    file: str
    best: int

    def problem(self) -> Problem:
        return read_instance(self.path.read_text(encoding="utf-8"), name=self.file)

    def gap(self, makespan: int) -> float:
        return (makespan - self.best) / self.best


def sample(name: str, count: int) -> list[Instance]:
    """So many instances of a set, drawn at random but always the same; all if it has fewer."""
    folder = Path(os.environ.get("MILEPOST_SHARED", ""), "psplib")
    table = folder / "BEST_KNOWN.tsv"
    if not table.is_file():
        sys.exit("set MILEPOST_SHARED to the folder that holds psplib/BEST_KNOWN.tsv")
    with open(table, encoding="utf-8") as rows:
        found = [
            Instance(folder / row["file"], row["file"], int(row["best_known"]))
            for row in csv.DictReader(rows, delimiter="\t")
            if row["file"].startswith(f"{name}/")
        ]
    return sorted(Random(0).sample(found, min(count, len(found))), key=lambda instance: instance.file)


if __name__ == "__main__":
    print(*(instance.file for instance in sample(sys.argv[1], int(sys.argv[2]))), sep="\n")
