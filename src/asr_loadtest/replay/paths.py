"""Paths of the Kubernetes API, read as what they speak of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.replay.resources import Resource, resource_named

__all__ = ["Target", "resource_at", "target_of"]


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


def target_of(path: str) -> Target | None:
    """Read a path; None if it is no resource's."""
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


def resource_at(path: str) -> Resource | None:
    """Tell which resource's objects *path* speaks of; None if of none that is served."""
    target = target_of(path)
    return target.resource if target else None
