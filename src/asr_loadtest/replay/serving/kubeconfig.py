"""The kubeconfig that leads a client to the stand-in."""

from __future__ import annotations

import json
from pathlib import Path

from asr_client.errors import ConfigError

__all__ = ["write_kubeconfig"]

# A client library may insist on a user; without a token it has none of the server's rights.
_FIRST_LINE = (
    "# Leads to asr-loadtest's replay of a recorded cluster on this machine, not to a cluster."
)
_TEXT = """\
{first_line}
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
        path: Where; one of an earlier replay is replaced.
        url: The stand-in's.
        namespace: The recording's.
        token: The bearer token it wants; a throw-away one.

    Raises:
        ConfigError: If another file is there, or it cannot be written.
    """
    user = {"token": token} if token else {}
    text = _TEXT.format(
        first_line=_FIRST_LINE,
        url=json.dumps(url),
        namespace=json.dumps(namespace),
        user=json.dumps(user),
    )
    try:
        if path.exists() and not path.read_text(encoding="utf-8").startswith(_FIRST_LINE):
            raise ConfigError(f"{path} is another kubeconfig", hint="give a file that is not there")
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot write {path}: {error}", hint="give another file") from error
