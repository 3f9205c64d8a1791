"""Who calls, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from milepost.errors import Refused

READ, WORK, EDIT, APPROVE = "read", "work", "edit", "approve"
SCOPES = (READ, WORK, EDIT, APPROVE)
"""Look; claim and finish tasks, judge checkpoints by their commands; change plans; sign off checkpoints."""

AGENT_SCOPES = frozenset({READ, WORK, EDIT})
"""What an agent may do unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent: the name under which its actions are recorded, and what it may do.

    ``verified``: the name was proved, by a token; it can then act only on attempts of its own.
    """

    name: str
    scopes: frozenset[str] = AGENT_SCOPES
    verified: bool = False

    def require(self, scope: str, deed: str) -> None:
        """Check that the caller may do something.

        Raises:
            Refused: it may not.
        """
        if scope not in self.scopes:
            may = ", ".join(one for one in SCOPES if one in self.scopes) or "nothing"
            raise Refused(
                f"{self.name} may not {deed}: that needs the scope `{scope}`",
                remedy=f"your scopes are: {may}; ask a person who may, or for a token with that scope",
            )
