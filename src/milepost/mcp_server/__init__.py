"""The MCP server: what agents ask for, answered by one use case each."""
