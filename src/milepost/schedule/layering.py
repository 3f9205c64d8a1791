"""A network as a drawing in layers: where each activity stands, and which links are worth a line.

Layers run from left to right and are topological generations: an activity stands right of all it waits for. Lanes run
from top to bottom, one for each group. Within a lane and layer the order follows the barycentres of the neighbours, as
in Sugiyama, Tagawa and Toda (1981). Links that others imply are left out (the transitive reduction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.schedule.network import Network

_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Layered:
    """Where the activities of a network stand, by number.

    ``columns`` and ``rows`` count from 0, rows over all lanes; lane *i* has those from ``tops[i]`` to ``tops[i + 1]``.
    ``links`` are pairs of predecessor and successor.
    """

    columns: list[int]
    rows: list[int]
    tops: list[int]
    links: list[tuple[int, int]]

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max(self.columns, default=-1) + 1

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.tops[-1]


def lay_out(network: Network, lanes: Sequence[int]) -> Layered:
    """Place the activities of a network, each in the lane of its number.

    Raises:
        PlanInvalid: the dependencies form a cycle.
    """
    columns, links = _columns_and_links(network)
    cells: dict[tuple[int, int], list[int]] = {}
    for here, column in enumerate(columns):
        cells.setdefault((column, lanes[here]), []).append(here)
    heights = [0] * (max(lanes, default=-1) + 1)
    for (_, lane), members in cells.items():
        heights[lane] = max(heights[lane], len(members))
    tops = [0]
    for height in heights:
        tops.append(tops[-1] + height)
    return Layered(columns, _rows(cells, tops, links, len(columns)), tops, links)


def _columns_and_links(network: Network) -> tuple[list[int], list[tuple[int, int]]]:
    """Each activity's generation, and the links that no chain of others implies."""
    columns = [0] * len(network)
    before = [0] * len(network)
    links: list[tuple[int, int]] = []
    for here in network.order:
        nearest = sorted(set(network.predecessors.of(here)), key=columns.__getitem__, reverse=True)
        known = 0
        for there in nearest:
            if not known >> there & 1:
                links.append((there, here))
                known |= before[there] | 1 << there
        before[here] = known
        columns[here] = columns[nearest[0]] + 1 if nearest else 0
    return columns, links


def _rows(
    cells: dict[tuple[int, int], list[int]], tops: list[int], links: list[tuple[int, int]], count: int
) -> list[int]:
    """Rows near those of the neighbours: swept to the right after predecessors, to the left after successors."""
    left: list[list[int]] = [[] for _ in range(count)]
    right: list[list[int]] = [[] for _ in range(count)]
    for before, after in links:
        left[after].append(before)
        right[before].append(after)
    rows = [0] * count
    order = sorted(cells)
    for cell in order:
        _settle(cells[cell], rows, tops[cell[1]], tops[cell[1] + 1])
    for sweep in range(_SWEEPS):
        neighbours, way = (left, order) if sweep % 2 == 0 else (right, order[::-1])
        for cell in way:
            members = cells[cell]
            wish = {one: _mean(neighbours[one], rows, rows[one]) for one in members}
            members.sort(key=wish.__getitem__)
            _settle(members, rows, tops[cell[1]], tops[cell[1] + 1], wish)
    return rows


def _mean(neighbours: list[int], rows: list[int], own: int) -> float:
    return sum([rows[one] for one in neighbours]) / len(neighbours) if neighbours else own


def _settle(members: list[int], rows: list[int], top: int, end: int, wish: dict[int, float] | None = None) -> None:
    """Give the members of a cell rows of its lane, in their order and as near to their wishes as that lets."""
    least = top
    for place, one in enumerate(members):
        wanted = round(wish[one]) if wish else top
        rows[one] = min(max(least, wanted), end - (len(members) - place))
        least = rows[one] + 1
