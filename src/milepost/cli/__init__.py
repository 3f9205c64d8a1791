"""The command line: parse input, call one use case, render its value."""
