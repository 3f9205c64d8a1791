"""The run's state machine: pure, deterministic, shared by every engine."""
