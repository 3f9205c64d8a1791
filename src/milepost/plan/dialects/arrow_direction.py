"""Which way the arrows of a drawing point, judged by what the tasks state of themselves.

Most people draw ``A → B`` for "B comes after A", some for "A needs B", and some draw both in one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from milepost.plan.dialects.reading import Reading
from milepost.plan.model import Dependency, ObservationKind
from milepost.source import Span

Ends = tuple[str, str]


def directed(reading: Reading, drawn: Iterable[Dependency], stated: Set[Ends]) -> Iterator[Dependency]:
    """The links of one drawing, turned round where the tasks say the opposite.

    The links of a line point one way, by the votes of those that tasks state as well. A line without such a link
    follows the rest of the drawing; where that is of two minds, links against the order of the document are noted
    and left out.
    """
    lines: dict[int, list[Dependency]] = {}
    for link in drawn:
        lines.setdefault(reading.document.source.position(link.sources[0].span.start).line, []).append(link)
    votes = {line: _vote(links, stated) for line, links in lines.items()}
    ways = {vote > 0 for vote in votes.values() if vote}
    for line, links in lines.items():
        if votes[line]:
            yield from (links if votes[line] > 0 else map(_turned, links))
        elif len(ways) < 2:
            yield from (map(_turned, links) if ways == {False} else links)
        else:
            yield from _in_document_order(reading, links)


def _vote(links: Iterable[Dependency], stated: Set[Ends]) -> int:
    """How many more of some links the tasks state than their opposites."""
    return sum(
        ((link.predecessor, link.successor) in stated) - ((link.successor, link.predecessor) in stated)
        for link in links
    )


def _turned(link: Dependency) -> Dependency:
    return replace(link, predecessor=link.successor, successor=link.predecessor)


def _in_document_order(reading: Reading, links: Iterable[Dependency]) -> Iterator[Dependency]:
    order = reading.index.order
    for link in links:
        if order.index(link.predecessor) < order.index(link.successor):
            yield link
        else:
            span: Span = link.sources[0].span
            reading.observe(
                ObservationKind.AMBIGUOUS_ARROW, span, "left out, for the arrows of this drawing point both ways"
            )
