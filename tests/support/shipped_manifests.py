"""The manifests that are shipped, and one thing at a time that is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["ABSENT", "DEPLOY", "changed", "objects", "shipped"]

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
# In place of a value: the field goes away.
ABSENT = object()


def shipped() -> dict[str, str]:
    """All that a cluster or the gateway reads, by its name below deploy/."""
    paths = [*sorted(DEPLOY.glob("kubernetes/*.yaml")), DEPLOY / "kong.yml"]
    return {path.name: path.read_text() for path in paths}


def objects(texts: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """Each Kubernetes object with the file that it is in."""
    return [
        (file, body)
        for file, text in texts.items()
        for body in yaml.safe_load_all(text)
        if "kind" in body and body["kind"] != "Kustomization"
    ]


def changed(file: str, name: str, path: str, value: Any) -> dict[str, str]:
    """
    Give what is shipped with one field changed.

    Args:
        file: The file that the object is in.
        name: The object's name, or its kind where names are equal; empty for the gateway.
        path: The way to the field, with blanks between keys and indices.
        value: What to put there, or ABSENT.
    """
    texts = shipped()
    bodies = list(yaml.safe_load_all(texts[file]))
    found = [
        body for body in bodies if not name or name in (body["kind"], body["metadata"]["name"])
    ]
    *way, last = [int(word) if word.isdigit() else word for word in path.split()]
    place: Any = found[0]
    for key in way:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    texts[file] = yaml.safe_dump_all(bodies)
    return texts
