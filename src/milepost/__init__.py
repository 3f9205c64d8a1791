"""Milepost makes a Markdown implementation plan run.

It reads the plan without losing a byte, checks every claim in it, schedules it, executes it on the cheapest
tier of workers that can do each task, holds it at its checkpoints, and writes the truth back.
"""

__version__ = "0.1.0"
