"""A picture as JSON, for whoever draws it otherwise.

    {"version": 1, "title", "notes": [...],
     "boxes": [{"number", "kind", "lines", "schema", "place", "text", "path", "operators", "tone", "badges", "marks"}],
     "clusters": [{"number", "kind", "title", "path", "tone", "badges", "inside": null | number}],
     "edges": [{"number", "source", "target", "kind", "value", "label", "hint", "tone", "badges"}]}

Boxes have "inside" as well: the number of the cluster they lie in. Boxes and clusters come in the order they lie in,
edges in that of the graph, without those that are not drawn. It will never lay out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tsl.draw.picture import Badge, Box, Cluster, Edge, Mark, Picture

VERSION = 1


def as_json(picture: Picture) -> str:
    """The picture as JSON, ended by a newline."""
    return json.dumps(parts(picture), indent=1, ensure_ascii=False) + "\n"


def parts(picture: Picture) -> dict[str, Any]:
    """What the JSON holds, as lists and dictionaries."""
    boxes: list[dict[str, Any]] = []
    clusters: list[dict[str, Any]] = []
    todo: list[tuple[Box | Cluster, int | None]] = [(member, None) for member in reversed(picture.members)]
    while todo:
        member, inside = todo.pop()
        if isinstance(member, Box):
            boxes.append({**_box(member), "inside": inside})
            continue
        number = len(clusters)
        clusters.append({"number": number, **_cluster(member), "inside": inside})
        todo += [(inner, number) for inner in reversed(member.members)]
    edges = [{"number": number, **_edge(edge)} for number, edge in enumerate(picture.edges) if edge.kind != "order"]
    head = {"version": VERSION, "title": picture.title, "notes": list(picture.notes)}
    return {**head, "boxes": boxes, "clusters": clusters, "edges": edges}


def _box(box: Box) -> dict[str, Any]:
    plain = {name: getattr(box, name) for name in ("number", "kind", "schema", "place", "text", "path", "operators")}
    marks = [_mark(mark) for mark in box.marks]
    return {**plain, "lines": list(box.lines), "tone": box.painted, "badges": _badges(box.badges), "marks": marks}


def _cluster(cluster: Cluster) -> dict[str, Any]:
    plain = {name: getattr(cluster, name) for name in ("kind", "title", "path", "tone")}
    return {**plain, "badges": _badges(cluster.badges)}


def _edge(edge: Edge) -> dict[str, Any]:
    plain = {name: getattr(edge, name) for name in ("source", "target", "kind", "value", "label", "hint", "tone")}
    return {**plain, "badges": _badges(edge.badges)}


def _mark(mark: Mark) -> dict[str, str]:
    return {name: getattr(mark, name) for name in ("code", "rule", "severity", "message", "place", "text")}


def _badges(badges: Sequence[Badge]) -> list[dict[str, str]]:
    return [{"kind": badge.kind, "text": badge.text} for badge in badges]
