"""Use cases, one module a noun. They return values and print nothing."""
