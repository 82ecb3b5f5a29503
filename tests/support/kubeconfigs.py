"""Kubeconfigs for tests; their names end with "key", since some hold one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["write_kubeconfig"]


def write_kubeconfig(
    folder: Path,
    server: str = "http://127.0.0.1:1",
    user: dict[str, Any] | None = None,
    name: str = "kubeconfig.key",
    **cluster: Any,
) -> str:
    """
    Write one with a context "here" and another "there", which has a namespace; gives its path.

    Args:
        folder: Where to.
        server: The cluster's.
        user: What its user entry holds; None for contexts without a user.
        name: The file's.
        cluster: More of the cluster entry, with _ for -.
    """
    entry = {"server": server, **{key.replace("_", "-"): each for key, each in cluster.items()}}
    whom = {} if user is None else {"user": "watcher"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "test", "cluster": entry}],
        "contexts": [
            {"name": "here", "context": {"cluster": "test", **whom}},
            {"name": "there", "context": {"cluster": "test", "namespace": "dev", **whom}},
        ],
        "users": [] if user is None else [{"name": "watcher", "user": user}],
    }
    path = folder / name
    path.write_text(json.dumps(document))  # JSON is YAML
    return str(path)
