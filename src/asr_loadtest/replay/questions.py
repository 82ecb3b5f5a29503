"""HTTP requests read as an API server reads them: which verb, on which objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from asr_loadtest.replay.resources import Resource, resource_named

__all__ = ["Question", "Target", "read_question", "resource_at"]

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_TRUE = ("1", "true", "True", "")


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a path speaks of.

    Attributes:
        group: API group; empty for core.
        version: The group's version.
        namespace: None at the cluster scope.
        plural: The resource, whether there is such a one or not.
        name: Of one object; None for all of them.
        part: The subresource, such as "scale"; None for the object itself.
    """

    group: str
    version: str
    namespace: str | None
    plural: str
    name: str | None = None
    part: str | None = None

    @property
    def resource(self) -> Resource | None:
        """The resource that is served under that name; None if there is none."""
        return resource_named(self.group, self.version, self.plural)


@dataclass(frozen=True, slots=True)
class Question:
    """
    One request.

    Attributes:
        method: HTTP's.
        path: Without the query.
        query: Its parameters.
        token: The bearer token sent along; None if there was none.
        body: What was sent.
        target: None where the path is no resource's.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    body: bytes = b""

    @property
    def target(self) -> Target | None:
        """What is asked about; None where the path is no resource's."""
        return _target(self.path)

    @property
    def verb(self) -> str:
        """As roles name it; that of HTTP, in small letters, where the path is no resource's."""
        target = self.target
        if target is None:
            return self.method.lower()
        if self.method in _VERBS:
            return _VERBS[self.method]
        if self.method == "DELETE":
            return "delete" if target.name else "deletecollection"
        if target.name:
            return "get"
        return "watch" if self.query.get("watch", "false") in _TRUE else "list"


def read_question(
    method: str, url: str, authorization: str | None = None, body: bytes = b""
) -> Question:
    """Read a request line and the header Authorization."""
    parts = urlsplit(url)
    scheme, _, token = (authorization or "").partition(" ")
    return Question(
        method,
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        token.strip() if scheme.lower() == "bearer" else None,
        body,
    )


def resource_at(path: str) -> Resource | None:
    """Tell which resource's objects *path* speaks of; None if of none that is served."""
    target = _target(path)
    return target.resource if target else None


def _target(path: str) -> Target | None:
    steps = [step for step in path.split("/") if step]
    match steps:
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = None
    if rest[:1] == ["namespaces"] and len(rest) > 2:  # noqa: PLR2004 - namespaces, NAME, plural
        _, namespace, *rest = rest
    if not rest:
        return None
    plural, name, part, *_ = [*rest, None, None]
    return Target(group, version, namespace, str(plural), name, part)
