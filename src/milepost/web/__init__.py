"""The HTTP API and the web page: parse a request, call one use case, render its value."""
