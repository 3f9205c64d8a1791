"""What clients are told: the list of tools, its price, resources and prompts that mirror it, and the page on it."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from tests.mcp_server.served import Served

from milepost.errors import UnknownName
from milepost.mcp_server.guidance import PROMPTS, RESOURCES, TEMPLATES, tool_for
from milepost.mcp_server.office import Office
from milepost.mcp_server.server import make_server
from milepost.mcp_server.tools import CHARACTERS_PER_TOKEN, TOOLS

SNAPSHOT = Path(__file__).with_name("tool_list.json")
DOCS = Path(__file__).parents[2] / "docs" / "mcp.md"


async def _list(ask: Served) -> list[dict[str, Any]]:
    office = Office(str(ask.place))
    async with Client(make_server(office, lambda context: ask.caller)) as client:
        found = (await client.list_tools()).tools
    office.close()
    return [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in found]


def test_the_list_is_the_one_that_was_reviewed(ask: Served) -> None:
    found = asyncio.run(_list(ask))
    if "MILEPOST_UPDATE" in os.environ:
        SNAPSHOT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(SNAPSHOT.read_text("utf-8"))


def test_the_list_costs_little(ask: Served) -> None:
    found = asyncio.run(_list(ask))
    assert len(found) <= 15
    assert len(json.dumps(found, separators=(",", ":"))) / CHARACTERS_PER_TOKEN <= 2500


def test_the_page_on_tools_names_each_with_what_it_is_told_of_itself() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert rows == [
        (tool.name, tool.about, ", ".join(f"`{one.name}`{'*' * one.required}" for one in tool.parameters))
        for tool in TOOLS.values()
    ]


def test_resources_and_prompts_mirror_tools(ask: Served) -> None:
    addresses = [*RESOURCES, *(address.replace("{plan}", "specs%2Fa%2Ftasks.md") for address in TEMPLATES)]
    for address in addresses:
        name, given = tool_for(address)
        assert set(given) <= {one.name for one in TOOLS[name].parameters}
        assert given.get("plan", "specs/a/tasks.md") == "specs/a/tasks.md"
    with pytest.raises(UnknownName):
        tool_for("milepost://secrets")
    for prompt in PROMPTS.values():
        named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", prompt.text)) - {"attempt_no"}
        assert named <= set(TOOLS)


def test_resources_and_prompts_are_served(ask: Served) -> None:
    async def talk() -> tuple[Any, ...]:
        office = Office(str(ask.place))
        async with Client(make_server(office, lambda context: ask.caller)) as client:
            found = (
                (await client.read_resource("milepost://ready/tasks.md")).contents[0],
                [prompt.name for prompt in (await client.list_prompts()).prompts],
                (await client.get_prompt("work_next_task", {"plan": "tasks.md"})).messages[0].content,
                [template.uri_template for template in (await client.list_resource_templates()).resource_templates],
                [resource.uri for resource in (await client.list_resources()).resources],
            )
        office.close()
        return found

    ready, prompts, prompt, templates, resources = asyncio.run(talk())
    assert json.loads(ready.text)["tasks"][0]["id"] == "1.1"
    assert prompts == list(PROMPTS)
    assert "next task of the plan tasks.md" in prompt.text
    assert templates == list(TEMPLATES)
    assert resources == list(RESOURCES)


@pytest.mark.parametrize("address", ["milepost://plan/none.md", "milepost://nothing"])
def test_resources_that_are_not_there(ask: Served, address: str) -> None:
    from mcp import MCPError

    async def talk() -> None:
        office = Office(str(ask.place))
        try:
            async with Client(make_server(office, lambda context: ask.caller)) as client:
                with pytest.raises(MCPError, match=r"there is no (such plan|resource)"):
                    await client.read_resource(address)
        finally:
            office.close()

    asyncio.run(talk())
