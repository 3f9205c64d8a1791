"""The documents beside a plan: ``requirements.md`` and ``design.md``."""
