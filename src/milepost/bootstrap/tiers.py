"""The tiers of a project, looked up on this machine and tried out."""

from __future__ import annotations

from milepost.adapters.tier_probes import Probe, find_program, probe, version_of
from milepost.app.tier_lines import TierLine, tier_lines
from milepost.app.trust import require_trusted, trust
from milepost.bootstrap.ledgers import project_settings
from milepost.bootstrap.workers import surroundings_of


def tiers_of(place: str) -> list[TierLine]:
    """The tiers of the project that a file or folder belongs to, the strongest first."""
    return tier_lines(project_settings(place), find_program, version_of)


def try_tier(place: str, line: TierLine, limit: float, *, trust_now: bool) -> Probe:
    """Give the agent of a tier a harmless prompt, for at most ``limit`` seconds.

    Raises:
        NotTrusted: nobody has allowed its command on this machine.
        WorkerUnavailable: a secret that the settings refer to is missing.
    """
    settings = project_settings(place)
    if trust_now:
        trust([line.command], settings.root)
    require_trusted([line.command], settings.root, place)
    return probe(line.agent, line.command, surroundings_of(settings.tier(line.rank), settings), limit)
