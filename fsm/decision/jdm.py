"""JDM documents: what is wrong with them, found when they are read and not when they are first used.

The engine takes a rule whose cell it cannot parse for one that does not hold, and a table that no edge leads to for
nothing at all; such documents are refused here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
Check = Callable[[str], object]
"""Compiles a text, or raises RuntimeError."""


def mistakes_of(document: Document, known: Collection[str], expression: Check, unary: Check) -> Iterator[str]:
    """What is wrong with a document whose shape the engine has accepted; `known` are those that it may refer to."""
    yield from _mistakes_of_graph(document)
    for node in document["nodes"]:
        where, content = _where(node), node.get("content") or {}
        match node["type"]:
            case "functionNode":
                yield f"{where} runs JavaScript, which could reach the network and never end; put it into a service"
            case "customNode":
                yield f"{where} needs code of its own; put it into a service"
            case "decisionNode" if content.get("key") not in known:
                yield f"{where} refers to {content.get('key')!r}; there are {', '.join(sorted(known))}"
            case _:
                for place, text, check in _texts(content, expression, unary):
                    if problem := _told(check, text):
                        yield f"{where}, {place}: {text!r} is not an expression ({problem}); mend it there"


def references(document: Document) -> list[str]:
    """The documents that a document refers to."""
    return [node["content"]["key"] for node in document["nodes"] if node["type"] == "decisionNode"]


def rows_of(trace: Mapping[str, Any], document: Document, known: Mapping[str, Document]) -> Iterator[str]:
    """The rows that matched, as `node:number`, nested decisions as `node/node:number`, from a trace of the engine."""
    nodes = {node["id"]: node for node in document["nodes"]}
    for step in sorted(trace.values(), key=lambda step: step["order"]):
        node, found = nodes[step["id"]], step["traceData"]
        if node["type"] == "decisionTableNode":
            yield from (f"{step['name']}:{hit['index'] + 1}" for hit in _hits(found))
        elif node["type"] == "decisionNode" and found:
            key = node["content"]["key"]
            yield from (f"{step['name']}/{row}" for row in rows_of(found, known[key], known))


def failure_of(problem: Exception) -> str:
    """What the engine says, without its stack.

    >>> failure_of(RuntimeError('{"type":"NodeError","nodeId":"x","source":"no field"}'))
    'no field (node x)'
    """
    text = str(problem).partition("\n\nStack backtrace")[0].replace("\n\nCaused by:\n    ", ": ").strip()
    try:
        told = json.loads(text)
        node = f" (node {told['nodeId']})" if "nodeId" in told else ""
        return f"{told.get('source') or told['type']}{node}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return text


def _mistakes_of_graph(document: Document) -> Iterator[str]:
    nodes = {node["id"]: node for node in document["nodes"]}
    if len(nodes) < len(document["nodes"]):
        yield "two nodes have the same id; give each its own"
    if [node["type"] for node in document["nodes"]].count("inputNode") != 1:
        yield "it has not exactly one input node; begin with one"
    entered, left = set(), set()
    for edge in document["edges"]:
        if edge["sourceId"] in nodes and edge["targetId"] in nodes:
            left.add(edge["sourceId"])
            entered.add(edge["targetId"])
        else:
            yield f"edge {edge['sourceId']} → {edge['targetId']} leads nowhere; there are nodes {', '.join(nodes)}"
    for key, node in nodes.items():
        if node["type"] != "inputNode" and key not in entered:
            yield f"no edge leads to {_where(node)}; connect or remove it"
    if not left:
        yield "no edge leaves its input node; connect it"


def _texts(content: Mapping[str, Any], expression: Check, unary: Check) -> Iterator[tuple[str, str, Check]]:
    """Every text of a node that is an expression, with its place and how it is compiled."""
    inputs, outputs = content.get("inputs", ()), content.get("outputs", ())
    for column in inputs:
        yield f"column {column.get('name')}", column.get("field") or "", expression
    for number, row in enumerate(content.get("rules", ()), 1):
        for column in inputs:
            how = unary if column.get("field") else expression
            yield f"row {number}, column {column.get('name')}", row.get(column["id"]) or "", how
        for column in outputs:
            yield f"row {number}, output {column.get('name')}", row.get(column["id"]) or "", expression
    for entry in content.get("expressions", ()):
        yield f"key {entry.get('key')}", entry.get("value") or "", expression
    for number, statement in enumerate(content.get("statements", ()), 1):
        yield f"statement {number}", statement.get("condition") or "", expression
    yield "input field", content.get("inputField") or "", expression


def _told(check: Check, text: str) -> str:
    if not text.strip():
        return ""
    try:
        check(text)
    except Exception as problem:
        return failure_of(problem)
    return ""


def _hits(found: Any) -> Iterator[Mapping[str, Any]]:
    """The rows in the trace of a table: of one, of several, and of several that ran in a loop."""
    if isinstance(found, list):
        for part in found:
            yield from _hits(part)
    elif isinstance(found, Mapping) and "index" in found:
        yield found


def _where(node: Mapping[str, Any]) -> str:
    return f"node {node.get('name') or node['id']}"
