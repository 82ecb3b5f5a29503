"""The kubeconfig that leads a client to the stand-in."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["write_kubeconfig"]

# A client library may insist on a user; without a token it has none of the server's rights.
_TEXT = """\
# Leads to asr-loadtest's replay of a recorded cluster on this machine, not to a cluster.
apiVersion: v1
kind: Config
current-context: replay
contexts:
- name: replay
  context: {{cluster: replay, user: watcher, namespace: {namespace}}}
clusters:
- name: replay
  cluster: {{server: {url}}}
users:
- name: watcher
  user: {user}
"""


def write_kubeconfig(path: Path, url: str, namespace: str, token: str | None) -> None:
    """
    Write a kubeconfig file that only its owner may read.

    Args:
        path: Where; what is there is replaced.
        url: The stand-in's.
        namespace: The recording's.
        token: The bearer token it wants; a throw-away one.

    Raises:
        OSError: If it cannot be written.
    """
    user = {"token": token} if token else {}
    text = _TEXT.format(url=json.dumps(url), namespace=json.dumps(namespace), user=json.dumps(user))
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
