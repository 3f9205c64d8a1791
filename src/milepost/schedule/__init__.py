"""Scheduling: pure functions over integer working seconds; no clock, no I/O."""
