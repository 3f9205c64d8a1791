"""The outside world behind the ports: database, processes, files."""
