"""The Model Context Protocol on stdin and stdout: offers a store to an agent's program, to read only."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import anyio
from anyio import CapacityLimiter, to_thread
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from mcp_types import Tool as OfferedTool

from qa import __version__
from qa.agents.offered import TOOLS, Tool
from qa.agents.tools import INSTRUCTIONS, JSON, excerpt, known_document
from qa.answering.qa import QA
from qa.errors import UsageError, VerbatimError
from qa.settings import Settings
from qa.store.opening import catalog_errors
from qa.text import json_text

AT_ONCE = 2  # requests that are worked on; more wait
LISTED = 100  # documents in one page of the list of resources
PART = 20_000  # characters of a document in one reading of a resource

SCHEME = "verbatim://document/"
TYPE = "application/json"
FAILED = "this failed for a reason that the request is not to blame for; the server's standard error says more"

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any]
T = TypeVar("T")


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves the settings' store until stdin ends; stdout carries the protocol only.

    say gets one-line messages. Raises what `QA.open` raises, before anything is served.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else Ctrl-C would wait for the thread that waits for a line
    with QA.open(settings=settings, progress=say) as qa:
        say(f"offering {settings.store} to an agent on stdin and stdout; the end of the input, or Ctrl-C, ends it")
        anyio.run(run, make_server(qa))


async def run(server: Server[Any]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def make_server(qa: QA) -> Server[Any]:
    """A server of the protocol over a store. Requests are worked on in threads, so that it goes on listening."""
    limit = CapacityLimiter(AT_ONCE)

    async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[offered(tool) for tool in TOOLS.values()])

    async def call_tool(_: Context, asked: CallToolRequestParams) -> CallToolResult:
        if asked.name not in TOOLS:
            raise MCPError(INVALID_PARAMS, f"there is no tool of that name; there are: {', '.join(TOOLS)}")
        work = partial(called, qa, TOOLS[asked.name], asked.arguments or {})
        return await to_thread.run_sync(work, limiter=limit)

    async def list_resources(_: Context, asked: PaginatedRequestParams | None) -> ListResourcesResult:
        return await to_thread.run_sync(resources, qa, asked.cursor if asked else None, limiter=limit)

    async def list_templates(_: Context, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=[TEMPLATE])

    async def read_resource(_: Context, asked: ReadResourceRequestParams) -> ReadResourceResult:
        return await to_thread.run_sync(read, qa, asked.uri, limiter=limit)

    return Server(
        "verbatim",
        version=__version__,
        title="Verbatim",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


# ---- tools ----


def offered(tool: Tool) -> OfferedTool:
    """A tool as the protocol lists it."""
    return OfferedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            title=tool.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def called(qa: QA, tool: Tool, arguments: Mapping[str, Any]) -> CallToolResult:
    """What a tool says, or the sentence of what is in its way."""
    try:
        result = guarded(qa, lambda: tool.call(qa, arguments))
    except VerbatimError as error:
        return failed(str(error))
    return CallToolResult(content=[TextContent(text=json_text(result))], structured_content=result)


def guarded(qa: QA, work: Callable[[], T]) -> T:
    """What `work` returns. Raises VerbatimError, whatever goes wrong."""
    try:
        with catalog_errors(qa.store):
            return work()
    except VerbatimError:
        raise
    except Exception as error:  # the edge to the agent, which shall get a sentence and go on
        logger.exception("a request has failed")
        raise VerbatimError(FAILED) from error


def failed(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=sentence)], is_error=True)


# ---- documents as resources ----

TEMPLATE = ResourceTemplate(
    name="document",
    title="Document",
    uri_template=SCHEME + "{name}{?start}",
    description=f"A document's text from character `start` on, at most {PART} characters, as a JSON object like that "
    "of the tool show; `notes` says how to read on.",
    mime_type=TYPE,
)


def uri_of(name: str, start: int = 0) -> str:
    """The URI of a document, from a character on. All but letters, digits and -._~ is escaped, the slash too."""
    return SCHEME + quote(name, safe="") + (f"?start={start}" if start else "")


def resources(qa: QA, after: str | None) -> ListResourcesResult:
    """The documents whose names come after one, at most LISTED; titles are left out, they are text of documents."""
    with refusals():
        names = [one.name for one in guarded(qa, qa.sources) if after is None or one.name > after]
    listed = names[:LISTED]
    return ListResourcesResult(
        resources=[Resource(uri=uri_of(name), name=name, mime_type=TYPE) for name in listed],
        next_cursor=listed[-1] if len(names) > LISTED else None,
    )


def read(qa: QA, uri: str) -> ReadResourceResult:
    """A document's text from the character on that the URI names, at most PART of it."""
    with refusals():
        text = json_text(guarded(qa, lambda: part_of(qa, uri)))
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=TYPE, text=text)])


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Raises the protocol's error for ours."""
    try:
        yield
    except VerbatimError as error:
        raise MCPError(INVALID_PARAMS if isinstance(error, UsageError) else INTERNAL_ERROR, str(error)) from error


def part_of(qa: QA, uri: str) -> JSON:
    """As JSON. Raises UsageError for a URI that is none of ours or names what the store does not have."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    number = query.removeprefix("start=") or "0"
    if not uri.startswith(SCHEME) or not (number.isascii() and number.isdigit() and len(number) < 12):
        raise UsageError(f"a resource is named {SCHEME}NAME or {SCHEME}NAME?start=NUMBER, the name percent-encoded")
    document = known_document(qa, unquote(path))
    start, length = int(number), len(document.text)
    if start > length:
        raise UsageError(f"the document has {length} characters; start at one of them")
    end = min(length, start + PART)
    more = f"Cut to {PART} characters of {length}; to read on: {uri_of(document.source.name, end)}"
    return excerpt(qa, document, (start, end), start, [more] if end < length else [])
