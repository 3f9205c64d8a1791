"""The HTTP API, version 1: one module per noun; every operation calls one use case."""
