"""Finding what to watch: the HPA, what it scales, and whether we may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NoReturn

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.access import ClusterAccess
from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.objects import READERS, read_usage
from asr_loadtest.cluster.kubernetes.pod_habits import longest_start_s, mean_usage
from asr_loadtest.cluster.kubernetes.resources import (
    METRICS,
    RIGHTS,
    Right,
    WatchTarget,
    path_of,
    usage_query,
)
from asr_loadtest.cluster.kubernetes.selectors import selector_query
from asr_loadtest.cluster.kubernetes.sightings import DeploymentSeen, PodSeen

__all__ = ["find_target", "metrics_trouble"]

Json = Mapping[str, Any]

_GRANTED = "deploy/kubernetes/watcher-rbac.yaml grants it"
# Without these there is nothing to judge.
_NEEDED = ("horizontalpodautoscalers", "deployments")
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_METRICS_GROUP = METRICS.partition("/")[0]
_NO_METRICS = "there is no metrics API: is metrics-server installed?"


def find_target(access: ClusterAccess, hpa: str = "") -> WatchTarget:
    """
    Find the autoscaler, what it scales, and what we will not see of it.

    Args:
        access: The way to the cluster.
        hpa: Its name; empty for the only one of the namespace.

    Raises:
        ConfigError: If the API does not answer or know us, a right is missing without which there
            is nothing to judge, or there is no such HPA, several, or not what it scales.
    """
    connection = ApiConnection(access.credentials)
    try:
        return _Search(connection, access).find(hpa)
    except TroubleError as trouble:
        _explain(trouble, access)
    finally:
        connection.close()


def metrics_trouble(discovery: Json) -> str:
    """
    Tell why there will be no CPU or memory of pods; empty if there will be.

    Args:
        discovery: The API's groups, aggregated (with freshness) or as older servers give them. A
            group whose backend does not answer is Stale.
    """
    if discovery.get("kind") != "APIGroupDiscoveryList":
        names = [each.get("name") for each in discovery.get("groups") or ()]
        return "" if _METRICS_GROUP in names else _NO_METRICS
    for group in discovery.get("items") or ():
        if group["metadata"]["name"] == _METRICS_GROUP:
            stale = [each for each in group["versions"] if each.get("freshness") == "Stale"]
            return "the metrics API's backend does not answer" if stale else ""
    return _NO_METRICS


class _Search:
    """One search, over one connection."""

    def __init__(self, connection: ApiConnection, access: ClusterAccess) -> None:
        self._connection = connection
        self._access = access
        self._where = f"namespace {access.namespace} of {access.server}"

    def find(self, name: str) -> WatchTarget:
        notes = self._missing_rights()
        hpa = self._hpa(name)
        deployment = self._deployment(hpa)
        spec = deployment["spec"]
        seen = READERS["deployments"](deployment, 0.0, is_gone=False)
        target = WatchTarget(
            namespace=self._access.namespace,
            hpa=hpa["metadata"]["name"],
            hpa_spec=hpa["spec"],
            deployment=deployment["metadata"]["name"],
            selector=selector_query(spec["selector"]),
            pod_labels=(spec["template"].get("metadata") or {}).get("labels") or {},
            requests=seen.requests if isinstance(seen, DeploymentSeen) else {},
            replicas=spec.get("replicas", 0),
            notes=(*notes, *self._metrics_notes()),
        )
        return replace(target, usage=self._usage(target), start_s=self._start_s(target))

    def _usage(self, target: WatchTarget) -> Mapping[str, float]:
        """Look at the pods' metrics once; why they cannot be had is told by the watching."""
        try:
            return mean_usage(read_usage(self._connection.get(*usage_query(target)), 0.0))
        except (TroubleError, ConfigError, AttributeError, KeyError, TypeError):
            return {}

    def _start_s(self, target: WatchTarget) -> float | None:
        try:
            pods = self._list("pods", labelSelector=target.selector)
            seen = [READERS["pods"](each, 0.0, is_gone=False) for each in pods]
        except (TroubleError, ConfigError, AttributeError, KeyError, TypeError, ValueError):
            return None
        return longest_start_s(each for each in seen if isinstance(each, PodSeen))

    def _hpa(self, name: str) -> Json:
        there = self._list("horizontalpodautoscalers")
        names = ", ".join(sorted(each["metadata"]["name"] for each in there))
        found = [each for each in there if name in ("", each["metadata"]["name"])]
        if not there:
            raise ConfigError(f"there is no HPA in {self._where}", hint="is it that namespace?")
        if not found:
            raise ConfigError(f"there is no HPA {name} in {self._where}", hint=f"there: {names}")
        if len(found) > 1:
            raise ConfigError(f"several HPAs are in {self._where}", hint=f"name one of: {names}")
        return found[0]

    def _deployment(self, hpa: Json) -> Json:
        named, target = hpa["metadata"]["name"], hpa["spec"]["scaleTargetRef"]
        if target["kind"] != "Deployment":
            raise ConfigError(
                f"HPA {named} scales the {target['kind']} {target['name']}",
                hint="only Deployments are watched",
            )
        found = [
            each
            for each in self._list("deployments", fieldSelector=f"metadata.name={target['name']}")
            if each["metadata"]["name"] == target["name"]
        ]
        if not found:
            raise ConfigError(
                f"HPA {named} scales the Deployment {target['name']}, "
                f"which is not in {self._where}",
                hint="deploy it, or repair the HPA's scaleTargetRef",
            )
        return found[0]

    def _list(self, plural: str, **query: str) -> list[Json]:
        page = self._connection.get(path_of(plural, self._access.namespace), query)
        if not isinstance(page, Mapping) or "metadata" not in page:
            raise TroubleError("what came is no list of a Kubernetes API")
        return list(page.get("items") or ())

    def _missing_rights(self) -> tuple[str, ...]:
        """Ask what we may; a cluster that does not let us ask will say so when we do it."""
        missing = [each for each in RIGHTS if not self._may(each)]
        words = ", ".join(map(str, missing))
        if any(each.resource in _NEEDED for each in missing):
            raise ConfigError(
                f"{self._access.origin} may not {words} in {self._where}", hint=_GRANTED
            )
        return (f"not seen for lack of rights: {words}; {_GRANTED}",) if missing else ()

    def _may(self, right: Right) -> bool:
        spec = {
            "namespace": self._access.namespace,
            "verb": right.verb,
            "group": right.group,
            "resource": right.resource,
        }
        try:
            answer = self._connection.review(
                "SelfSubjectAccessReview", {"resourceAttributes": spec}
            )
            return bool(answer["status"]["allowed"])
        except TroubleError as trouble:
            if trouble.status in (None, HTTPStatus.UNAUTHORIZED):
                raise
            return True
        except (KeyError, TypeError):
            return True

    def _metrics_notes(self) -> tuple[str, ...]:
        try:
            found = metrics_trouble(
                self._connection.get("/apis", {}, f"{_AGGREGATED},application/json")
            )
        except (TroubleError, AttributeError, KeyError, TypeError):
            return ()  # the first look at the metrics will tell
        return (f"no CPU and memory of pods: {found}",) if found else ()


def _explain(trouble: TroubleError, access: ClusterAccess) -> NoReturn:
    if isinstance(trouble.__cause__, ConfigError):
        raise trouble.__cause__
    whom = f"{access.server} ({access.origin})"
    if trouble.status is None:
        raise ConfigError(
            f"no answer from {whom}: {trouble.words}", hint="is it up, and reachable from here?"
        ) from trouble
    if trouble.status == HTTPStatus.UNAUTHORIZED:
        raise ConfigError(
            f"{whom} does not know us: {trouble.words}", hint="log in anew, or renew the token"
        ) from trouble
    hint = _GRANTED if trouble.status == HTTPStatus.FORBIDDEN else ""
    raise ConfigError(f"{whom}: {trouble.words}", hint=hint) from trouble
