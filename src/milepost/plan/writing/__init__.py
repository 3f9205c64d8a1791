"""Plans written in another dialect, with a list of what that dialect cannot say."""

from milepost.plan.writing.losses import Loss
from milepost.plan.writing.styles import STYLES, Style
from milepost.plan.writing.writer import Written, write_plan

__all__ = ["STYLES", "Loss", "Style", "Written", "write_plan"]
