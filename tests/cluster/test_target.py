"""Finding what to watch, and saying in one line why it cannot be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.access import ClusterAccess, find_access
from asr_loadtest.cluster.kubernetes.resources import RIGHTS, watched_resources
from asr_loadtest.cluster.kubernetes.target import find_target, metrics_trouble
from asr_loadtest.replay import Fault
from kubeconfigs import write_kubeconfig
from small_api import small_api
from watched_replays import DATA, access_to, recorded

MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes" / "watcher-rbac.yaml"
HPA = "triton-multilingual-asr-hpa"
ASKED = {
    "metadata": {"name": "asr-hpa"},
    "spec": {"maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "asr"}},
}


def refusal(access: ClusterAccess, hpa: str = "") -> str:
    """The one line of a refusal."""
    with pytest.raises(ConfigError) as refused:
        find_target(access, hpa)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# --- a recorded cluster -----------------------------------------------------------------------


def test_target_is_the_only_hpa_and_what_it_scales(tmp_path: Path) -> None:
    """Its spec as it is, the Deployment's selector, labels and requests."""
    with recorded("scale-down-lowmem") as server:
        target = find_target(access_to(server, tmp_path))
    assert (target.namespace, target.hpa) == ("scale-down-lowmem", HPA)
    assert target.hpa_spec["maxReplicas"] == 5
    assert target.deployment == "triton-multilingual-asr"
    assert target.selector == "app=triton-multilingual-asr"
    assert target.pod_labels == {"app": "triton-multilingual-asr"}
    assert target.requests == {"cpu": 2.0, "memory": 8 * 2**30, "nvidia.com/gpu": 1.0}
    assert target.notes == ()


def test_unknown_hpa_lists_those_that_are_there(tmp_path: Path) -> None:
    """One of them was meant."""
    with recorded("scale-down-lowmem") as server:
        access = access_to(server, tmp_path)
        assert find_target(access, HPA).hpa == HPA
        text = refusal(access, "asr-hpa")
    assert "no HPA asr-hpa in namespace scale-down-lowmem" in text
    assert f"there: {HPA}" in text


def test_namespace_without_an_hpa_is_said(tmp_path: Path) -> None:
    """Before the recording's second 4 there is none."""
    with recorded("step-up-hard", speed=0.001) as server:
        assert "there is no HPA in namespace step-up-hard" in refusal(access_to(server, tmp_path))


def test_namespace_without_our_rights_names_them_and_who_grants_them(tmp_path: Path) -> None:
    """The verbs and resources that an administrator has to allow."""
    with recorded("scale-down-lowmem") as server:
        kubeconfig = str(server.write_kubeconfig(tmp_path / "replay.key"))
        text = refusal(find_access(kubeconfig=kubeconfig, namespace="elsewhere"))
    assert "may not list horizontalpodautoscalers.autoscaling" in text
    assert "watch events" in text
    assert "list pods.metrics.k8s.io" in text
    assert "deploy/kubernetes/watcher-rbac.yaml" in text
    assert MANIFEST.is_file()


def test_token_that_is_not_known_is_said(tmp_path: Path) -> None:
    """And not shown."""
    with recorded("scale-down-lowmem", Fault("revoke", 0.0)) as server:
        text = refusal(access_to(server, tmp_path))
    assert "does not know us" in text
    assert server.token not in text


def test_403_to_everything_names_the_manifest(tmp_path: Path) -> None:
    """Some clusters do not even let one ask what one may."""
    with recorded("scale-down-lowmem", Fault("forbid", 0.0, 1e6)) as server:
        text = refusal(access_to(server, tmp_path))
    assert "403" in text
    assert "watcher-rbac.yaml grants it" in text


def test_server_that_is_not_there_is_named_with_its_origin(tmp_path: Path) -> None:
    """A user has many kubeconfigs."""
    with recorded("scale-down-lowmem") as server:
        access = access_to(server, tmp_path)
    text = refusal(access)
    assert f"no answer from {server.url} (kubeconfig {tmp_path}/replay.key)" in text
    assert "Connection refused" in text


def test_broken_plugin_is_said_as_such(tmp_path: Path) -> None:
    """Not as a server that does not answer."""
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin"}}
    text = refusal(find_access(kubeconfig=write_kubeconfig(tmp_path, user=user)))
    assert "plugin no-such-plugin did not start" in text


# --- clusters that nobody has recorded --------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[..., ClusterAccess]]:
    """Make a cluster of documents by the last part of the path; what is missing is 404."""
    with ExitStack() as servers:

        def make(**documents: Any) -> ClusterAccess:
            api = servers.enter_context(small_api(documents))
            return find_access(kubeconfig=write_kubeconfig(tmp_path, api.url))

        yield make


def listed(*items: Any) -> Any:
    """A list of objects."""
    return {"metadata": {"resourceVersion": "1"}, "items": items}


def test_several_hpas_want_a_name(cluster: Callable[..., ClusterAccess]) -> None:
    """They are listed."""
    other = {**ASKED, "metadata": {"name": "web-hpa"}}
    text = refusal(cluster(horizontalpodautoscalers=listed(other, ASKED)))
    assert "several HPAs" in text
    assert "name one of: asr-hpa, web-hpa" in text


def test_hpa_without_its_deployment_is_said(cluster: Callable[..., ClusterAccess]) -> None:
    """Its scaleTargetRef leads nowhere."""
    access = cluster(horizontalpodautoscalers=listed(ASKED), deployments=listed())
    assert "HPA asr-hpa scales the Deployment asr, which is not in" in refusal(access)


def test_hpa_of_something_else_is_said(cluster: Callable[..., ClusterAccess]) -> None:
    """A StatefulSet is scaled, too, and not watched."""
    spec = {"maxReplicas": 2, "scaleTargetRef": {"kind": "StatefulSet", "name": "asr"}}
    access = cluster(horizontalpodautoscalers=listed({**ASKED, "spec": spec}))
    assert "scales the StatefulSet asr" in refusal(access)


def test_other_web_server_is_said(cluster: Callable[..., ClusterAccess]) -> None:
    """JSON, and no Kubernetes."""
    assert "no list of a Kubernetes API" in refusal(cluster(horizontalpodautoscalers={"a": 1}))


def test_each_right_that_is_missing_is_named(cluster: Callable[..., ClusterAccess]) -> None:
    """Here every review says no."""
    refused = {"status": {"allowed": False}}
    text = refusal(cluster(selfsubjectaccessreviews=refused))
    assert all(str(each) in text for each in RIGHTS)


def test_metrics_api_that_is_dead_is_noted(cluster: Callable[..., ClusterAccess]) -> None:
    """Any token may read the discovery; the target is found all the same."""
    deployment = {
        "metadata": {"name": "asr"},
        "spec": {
            "selector": {"matchLabels": {"app": "asr"}},
            "template": {"spec": {"containers": []}},
        },
    }
    apis = {"kind": "APIGroupList", "groups": [{"name": "apps"}]}
    access = cluster(
        horizontalpodautoscalers=listed(ASKED), deployments=listed(deployment), apis=apis
    )
    assert find_target(access).notes == (
        "no CPU and memory of pods: there is no metrics API: is metrics-server installed?",
    )


def discovery(name: str = "aggregated discovery with one stale API") -> Any:
    """A recorded answer to /apis."""
    lines = gzip.decompress((DATA / "samples.jsonl.gz").read_bytes()).splitlines()
    samples = {each["name"]: each["body"] for each in map(json.loads, lines)}
    return samples[name]


def test_freshness_tells_a_dead_backend() -> None:
    """As recorded, of another aggregated API: Stale."""
    there = discovery("aggregated discovery")
    assert metrics_trouble(there) == ""
    stale = json.loads(json.dumps(discovery()).replace("custom.metrics.k8s.io", "metrics.k8s.io"))
    assert metrics_trouble(stale) == "the metrics API's backend does not answer"


def test_discovery_of_older_servers_tells_whether_there_is_a_metrics_api() -> None:
    """Not aggregated: names alone."""
    assert metrics_trouble({"kind": "APIGroupList", "groups": [{"name": "metrics.k8s.io"}]}) == ""
    assert "no metrics API" in metrics_trouble({"kind": "APIGroupList", "groups": []})


# --- what is watched of it --------------------------------------------------------------------


def test_manifest_grants_what_is_asked_for(tmp_path: Path) -> None:
    """The rights that we check are those of the role that we ship: no more."""
    import yaml

    role = next(each for each in yaml.safe_load_all(MANIFEST.read_text()) if each["kind"] == "Role")
    granted = {
        (verb, group, resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert {(each.verb, each.group, each.resource) for each in RIGHTS} <= granted
    with recorded("scale-down-lowmem") as server:
        target = find_target(access_to(server, tmp_path))
    watched = {each.plural for each in watched_resources(target)}
    assert watched == {right.resource for right in RIGHTS}


@pytest.mark.parametrize(
    ("kind", "name", "ours"),
    [
        ("HorizontalPodAutoscaler", HPA, True),
        ("HorizontalPodAutoscaler", "web-hpa", False),
        ("Deployment", "triton-multilingual-asr", True),
        ("ReplicaSet", "triton-multilingual-asr-85b8bfdb7b", True),
        ("Pod", "triton-multilingual-asr-85b8bfdb7b-xvgtl", True),
        ("Pod", "web-1", False),
        ("Node", "triton-multilingual-asr-1", False),
    ],
)
def test_events_of_our_objects_alone_are_taken(
    kind: str, name: str, ours: bool, tmp_path: Path
) -> None:
    """A namespace is full of others'."""
    with recorded("scale-down-lowmem") as server:
        target = find_target(access_to(server, tmp_path))
    events = next(each for each in watched_resources(target) if each.plural == "events")
    assert events.is_ours({"involvedObject": {"kind": kind, "name": name}}) is ours


def test_budgets_that_take_our_pods_are_taken(tmp_path: Path) -> None:
    """An empty selector takes all pods, a missing one none."""
    with recorded("scale-down-lowmem") as server:
        target = find_target(access_to(server, tmp_path))
    budgets = next(e for e in watched_resources(target) if e.plural == "poddisruptionbudgets")
    labels = [{"app": "triton-multilingual-asr"}, {"app": "web"}]
    specs = [*({"selector": {"matchLabels": each}} for each in labels), {"selector": {}}, {}]
    assert [budgets.is_ours({"spec": each}) for each in specs] == [True, False, True, False]
