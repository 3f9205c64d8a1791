"""Every exception Milepost raises on purpose. The docstring of a class is its default message.

Reading a bad plan never raises: it yields diagnostics. An exception means a caller's mistake or a broken world.
The three families decide a command's exit code: :class:`UsageError` 2, :class:`InputError` 3, all others 1.
"""

from __future__ import annotations


class MilepostError(Exception):
    """Something went wrong."""

    code = "milepost-error"

    def __init__(self, message: str = "", *, place: str = "", remedy: str = "") -> None:
        """Keep what went wrong, where (``path:line:column`` or a path) and what to do about it."""
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.place = place
        self.remedy = remedy


class UsageError(MilepostError):
    """The command was called in a way that makes no sense."""

    code = "usage"


class InputError(MilepostError):
    """An input could not be read."""

    code = "unreadable-input"


class PlanUnreadable(InputError):
    """The plan could not be read."""

    code = "plan-unreadable"


class NoTasksFound(InputError):
    """The file holds no task."""

    code = "no-tasks-found"


class RequirementsNotFound(InputError):
    """No requirements were found for the plan."""

    code = "requirements-not-found"


class SettingsInvalid(InputError):
    """The settings file holds something Milepost does not understand."""

    code = "settings-invalid"


class DocumentChanged(MilepostError):
    """The document changed on disk since it was read."""

    code = "document-changed"


class DocumentUnwritable(MilepostError):
    """The document cannot be written."""

    code = "document-unwritable"


class SpecExists(MilepostError):
    """The spec folder already holds files."""

    code = "spec-exists"


class DocumentExists(MilepostError):
    """There is a file already."""

    code = "document-exists"


class OverlappingEdits(MilepostError):
    """Two edits touch the same bytes."""

    code = "overlapping-edits"


class MeaningWouldChange(MilepostError):
    """Formatted, the plan would not say the same."""

    code = "meaning-would-change"


class PlanInvalid(MilepostError):
    """The plan has errors that keep it from being scheduled or run."""

    code = "plan-invalid"


class BaselineExists(MilepostError):
    """The plan has a baseline already."""

    code = "baseline-exists"


class BaselineUnreadable(InputError):
    """The baseline could not be read."""

    code = "baseline-unreadable"


class UnknownName(UsageError):
    """The plan has nothing of that name."""

    code = "unknown-name"


class LedgerUnavailable(MilepostError):
    """The ledger cannot be used."""

    code = "ledger-unavailable"


class TurnLost(LedgerUnavailable):
    """The connection broke, and somebody else appended before it was there again; nothing of the turn was kept."""

    code = "turn-lost"


class VersionConflict(MilepostError):
    """Somebody else appended to the stream first."""

    code = "version-conflict"


class Refused(MilepostError):
    """The run's rules do not allow this now."""

    code = "refused"


class NotTrusted(MilepostError):
    """The plan holds commands that nobody on this machine has trusted."""

    code = "not-trusted"


class EngineUnavailable(MilepostError):
    """The engine cannot be used."""

    code = "engine-unavailable"


class WorkerUnavailable(MilepostError):
    """A worker cannot be started."""

    code = "worker-unavailable"


class WorkspaceUnavailable(MilepostError):
    """Work cannot be isolated in git worktrees here."""

    code = "workspace-unavailable"


class TransportUnavailable(MilepostError):
    """What has to travel between machines cannot do so now; later it may."""

    code = "transport-unavailable"


class TransportRefused(MilepostError):
    """What has to travel between machines cannot, whenever that is tried: it is too large, not there, or damaged."""

    code = "transport-refused"


class TokensUnusable(MilepostError):
    """The store of tokens cannot be used."""

    code = "tokens-unusable"
