"""Checks of a plan's claims: a registry of rules and the runner that applies them."""
