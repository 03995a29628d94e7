"""JDM documents for tests."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

ASK = {"id": "ask", "type": "inputNode", "name": "request"}
ANSWER = {"id": "answer", "type": "outputNode", "name": "response"}


def table(*rules: dict[str, str], hits: str = "first", name: str = "Grade", **more: Any) -> dict[str, Any]:
    """A node with a table that asks for `score` and answers with `grade`."""
    content = {
        "hitPolicy": hits,
        "inputs": [{"id": "s", "name": "Score", "field": "score"}, {"id": "x", "name": "Else"}],
        "outputs": [{"id": "g", "name": "Grade", "field": "grade"}],
        "rules": [{"_id": f"r{n}", **rule} for n, rule in enumerate(rules)],
        **more,
    }
    return {"id": name.lower(), "type": "decisionTableNode", "name": name, "content": content}


def node(of: str, /, **content: Any) -> dict[str, Any]:
    """A node of another kind."""
    return {"id": of, "type": of, "name": of.title(), "content": content}


def chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A document whose nodes follow each other."""
    every = [ASK, *nodes, ANSWER]
    edges = [
        {"id": f"e{n}", "sourceId": one["id"], "targetId": other["id"]}
        for n, (one, other) in enumerate(pairwise(every))
    ]
    return {"nodes": every, "edges": edges}


GRADE = chain(table({"s": "< 300", "g": '"reject"'}, {"s": ">= 300", "x": "income > 10", "g": '"accept"'}))
EVERY = chain(table({"s": "> 1", "g": "1"}, {"s": "> 2", "g": "score * 2"}, hits="collect"))
OUTER = chain(node("decisionNode", key="grade"))
