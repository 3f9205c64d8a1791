"""The SDK's server with our tools: it translates between its types and our calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import mcp_types as types

from milepost import __version__
from milepost.mcp_server.callers import Caller
from milepost.mcp_server.guidance import PROMPTS, RESOURCES, TEMPLATES, tool_for
from milepost.mcp_server.office import Office
from milepost.mcp_server.tools import INSTRUCTIONS, TOOLS, described

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server

Identify = Callable[["ServerRequestContext[Any, Any]"], Caller]
"""Tells who makes a request."""

_INVALID_PARAMS = -32602


def make_server(office: Office, identify: Identify) -> Server[Any]:
    """A server for any transport whose calls an office carries out."""
    from mcp.server.lowlevel.server import Server

    handlers = _Handlers(office, identify)
    return Server(
        "milepost",
        version=__version__,
        title="Milepost",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
    )


class _Handlers:
    """What the server does on each request."""

    def __init__(self, office: Office, identify: Identify) -> None:
        self._office = office
        self._identify = identify

    async def list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(described(tool)) for tool in TOOLS.values()])

    async def call_tool(self, context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        reply = await self._office.call(params.name, params.arguments or {}, self._identify(context))
        return types.CallToolResult(content=[types.TextContent(type="text", text=reply.text)], is_error=reply.failed)

    async def list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        found = [
            types.Resource(uri=address, name=tool, description=about, mime_type="application/json")
            for address, (tool, _, about) in RESOURCES.items()
        ]
        return types.ListResourcesResult(resources=found)

    async def list_templates(self, context: Any, params: Any) -> types.ListResourceTemplatesResult:
        found = [
            types.ResourceTemplate(uri_template=address, name=address.split("/")[2], description=about)
            for address, about in TEMPLATES.items()
        ]
        return types.ListResourceTemplatesResult(resource_templates=found)

    async def read_resource(self, context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        from milepost.errors import MilepostError

        address = str(params.uri)
        try:
            name, given = tool_for(address)
        except MilepostError as error:
            raise _invalid(error) from None
        reply = await self._office.call(name, given, self._identify(context))
        if reply.failed:
            raise _invalid(reply.text)
        found = types.TextResourceContents(uri=address, mime_type="text/plain", text=reply.text)
        return types.ReadResourceResult(contents=[found])

    async def list_prompts(self, context: Any, params: Any) -> types.ListPromptsResult:
        found = [
            types.Prompt(
                name=prompt.name,
                description=prompt.about,
                arguments=[
                    types.PromptArgument(name=name, description=text) for name, text in prompt.arguments.items()
                ],
            )
            for prompt in PROMPTS.values()
        ]
        return types.ListPromptsResult(prompts=found)

    async def get_prompt(self, context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        from milepost.errors import MilepostError

        prompt = PROMPTS.get(params.name)
        if prompt is None:
            raise _invalid(f"there is no prompt {params.name[:60]}; there are {', '.join(PROMPTS)}")
        try:
            text = prompt.filled(params.arguments or {})
        except MilepostError as error:
            raise _invalid(error) from None
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=prompt.about, messages=[message])


def _invalid(why: object) -> Exception:
    from mcp.shared.exceptions import MCPError

    remedy = getattr(why, "remedy", "")
    return MCPError(_INVALID_PARAMS, f"{why}; {remedy}" if remedy else str(why))
