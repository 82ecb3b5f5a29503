"""The Status objects in which an API server says no, word for word as Kubernetes 1.36.2 does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asr_loadtest.replay.paths import Target
from asr_loadtest.replay.resources import EVENTS, Resource

__all__ = [
    "bad_request",
    "expired_list",
    "expired_watch",
    "failure",
    "forbidden",
    "forbidden_path",
    "not_found",
    "too_large_version",
    "unauthorized",
]

Status = dict[str, Any]


def failure(
    code: int,
    reason: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Status:
    """Make a Status, its keys in the server's order."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": metadata or {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        **({} if details is None else {"details": details}),
        "code": code,
    }


def unauthorized() -> Status:
    """401: the token is wrong, or no longer valid."""
    return failure(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, verb: str, target: Target) -> Status:
    """403: the role does not allow it; also for what does not exist, to a restricted reader."""
    of_group = f"{target.plural}.{target.group}" if target.group else target.plural
    named = f'{of_group} "{target.name}"' if target.name else of_group
    part = f"{target.plural}/{target.part}" if target.part else target.plural
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    return failure(
        403,
        "Forbidden",
        f'{named} is forbidden: User "{user}" cannot {verb} resource "{part}"'
        f' in API group "{target.group}" {where}',
        details=_details(target.name, target.group, target.plural),
    )


def forbidden_path(user: str, verb: str, path: str) -> Status:
    """403 to what is no resource."""
    message = f'forbidden: User "{user}" cannot {verb} path "{path}"'
    return failure(403, "Forbidden", message, details={})


def not_found(resource: Resource, name: str) -> Status:
    """404: there is no such object."""
    return failure(
        404,
        "NotFound",
        f'{resource.full_name} "{name}" not found',
        details=_details(name, resource.group, resource.plural),
    )


def bad_request(message: str) -> Status:
    """400: a parameter makes no sense."""
    return failure(400, "BadRequest", message)


def expired_watch(resource: Resource, version: int, oldest: int) -> Status:
    """410 to a watch: the object of an ERROR event, with HTTP 200; events have another text."""
    if resource == EVENTS:
        return failure(410, "Expired", "The resourceVersion for the provided watch is too old.")
    return failure(410, "Expired", f"too old resource version: {version} ({oldest})")


def expired_list(fresh_token: str | None = None) -> Status:
    """410 to a list: of an exact version, or its next page, which may go on with *fresh_token*."""
    if fresh_token is None:
        return failure(410, "Expired", "The resourceVersion for the provided list is too old.")
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can"
        " start a new list without the continue parameter, or use the continue token in this"
        " response to retrieve the remainder of the results. Continuing with the provided token"
        " results in an inconsistent list - objects that were created, modified, or deleted between"
        " the time the first chunk was returned and now may show up in the list."
    )
    return failure(410, "Expired", message, metadata={"continue": fresh_token})


def too_large_version(version: int, current: int) -> Status:
    """504: a list of a version that is not there yet."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return failure(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {version}, current: {current}",
        details={"causes": causes, "retryAfterSeconds": 1},
    )


def _details(name: str | None, group: str, plural: str) -> dict[str, str]:
    given = {"name": name or "", "group": group, "kind": plural}
    return {key: value for key, value in given.items() if value}
