"""The public instances beside the checkout, with what is known of them."""

from __future__ import annotations

import csv
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

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
    """So many instances of a set, evenly spread over it in the order of its parameters; all if it has fewer."""
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
    size = len(re.sub(r"\D", "", name))

    def parameters(instance: Instance) -> tuple[int, int]:
        group, replicate = Path(instance.file).stem[1 + size :].split("_")
        return int(group), int(replicate)

    found.sort(key=parameters)
    return [found[place * len(found) // count] for place in range(count)] if count < len(found) else found


if __name__ == "__main__":
    print(*(instance.file for instance in sample(sys.argv[1], int(sys.argv[2]))), sep="\n")
