"""A server on MCP's Python SDK, of its first or second generation.

Usage: server.py stdio | http PORT
"""

import random
import sys
from typing import Annotated

import anyio
from pydantic import BaseModel

try:
    from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve

    is_second = True
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP as MCPServer

    is_second = False

mode, *rest = sys.argv[1:]
address = {"host": "127.0.0.1", "port": int(rest[0])} if rest else {}
server = MCPServer(
    "snake", instructions="Be brief.", **({} if is_second else address)
)


class Weather(BaseModel):
    city: str
    degrees: float
    is_raining: bool


class Name(BaseModel):
    name: str


@server.tool()
def weather(city: str) -> Weather:
    """Tells the weather."""
    return Weather(city=city, degrees=12.5, is_raining=True)


@server.tool()
async def repeat(text: str) -> str:
    """Says it again, some time later."""
    await anyio.sleep(random.uniform(0, 0.5))
    return text


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Counts, and tells how far it is."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to)
    return "done"


@server.tool()
def refuse() -> str:
    """Never works."""
    raise ValueError("not today")


if is_second:

    def who() -> Elicit[Name]:
        return Elicit("Who are you?", Name)

    @server.tool()
    def greet(greeting: str, name: Annotated[Name, Resolve(who)]) -> str:
        """Greets whoever is there."""
        return f"{greeting} {name.name}"

else:

    @server.tool()
    async def greet(greeting: str, ctx: Context) -> str:
        """Greets whoever is there."""
        answer = await ctx.elicit("Who are you?", Name)
        return f"{greeting} {answer.data.name}"


@server.resource("note://today")
def note() -> str:
    """What was noted."""
    return "Buy milk."


@server.prompt()
def review(topic: str) -> str:
    """Asks for a review."""
    return f"Review {topic}."


if mode == "stdio":
    server.run()
elif is_second:
    server.run("streamable-http", **address)
else:
    server.run("streamable-http")
