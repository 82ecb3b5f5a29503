"""The load tester's manifests for Kubernetes, held against the commands that they start."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from asr_loadtest.engine.options import LoadOptions

PROJECT = Path(__file__).parent.parent.parent
FOLDER = PROJECT / "deploy" / "kubernetes"
Manifest = dict[str, Any]


def load(name: str) -> dict[str, Manifest]:
    """All objects of a file, by kind; there is one of each."""
    objects = list(yaml.safe_load_all((FOLDER / name).read_text()))
    by_kind = {each["kind"]: each for each in objects}
    assert len(by_kind) == len(objects)
    return by_kind


MASTER, WORKER = load("loadtest-master.yaml"), load("loadtest-worker.yaml")
PODS = {
    "master": MASTER["Job"]["spec"]["template"],
    "worker": WORKER["Deployment"]["spec"]["template"],
}
both_pods = pytest.mark.parametrize("role", PODS)


def container(role: str) -> Manifest:
    """The only container of a pod."""
    (only,) = PODS[role]["spec"]["containers"]
    return only


def flags(role: str) -> dict[str, str]:
    """What the command is given, by name."""
    words = [*container(role)["command"][1:], *container(role)["args"]]
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def test_files_hold_what_they_should() -> None:
    """A master that is not started twice, workers that may be, and no Secret with a key in it."""
    assert set(MASTER) == {"ConfigMap", "ServiceAccount", "Service", "NetworkPolicy", "Job"}
    assert set(WORKER) == {"Deployment"}
    assert MASTER["Job"]["spec"]["backoffLimit"] == 0
    assert PODS["master"]["spec"]["restartPolicy"] == "Never"


@both_pods
def test_command_is_one_that_locust_takes(role: str) -> None:
    """With every flag of it, from the image's working directory, which is this one's copy."""
    program, *words = [*container(role)["command"], *container(role)["args"]]
    assert program == "locust"
    done = subprocess.run(
        [sys.executable, "-m", program, *words, "--list"],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        timeout=60,
    )
    assert (done.returncode, "AsrUser" in done.stdout) == (0, True), done.stderr


def test_settings_are_options() -> None:
    """Every variable of the ConfigMap is one that the load tester reads."""
    names = {f"ASR_LOAD_{option.name.upper()}" for option in fields(LoadOptions)}
    assert set(MASTER["ConfigMap"]["data"]) - {"LOCUST_HOST"} <= names


def test_settings_are_text() -> None:
    """A number without quotes would be refused by the cluster."""
    assert all(isinstance(value, str) for value in MASTER["ConfigMap"]["data"].values())


def test_master_waits_for_as_many_workers_as_there_are() -> None:
    """And they look for it at its Service's name and port."""
    assert flags("master")["--expect-workers"] == str(WORKER["Deployment"]["spec"]["replicas"])
    service = MASTER["Service"]
    assert flags("worker")["--master-host"] == service["metadata"]["name"]
    (port,) = service["spec"]["ports"]
    (open_port,) = container("master")["ports"]
    assert (port["port"], port["targetPort"]) == (5557, open_port["name"])
    assert open_port["containerPort"] == 5557


def test_selectors_fit_the_pods() -> None:
    """Service, policy and Deployment mean the pods that are there."""
    labels = {role: pod["metadata"]["labels"] for role, pod in PODS.items()}
    policy = MASTER["NetworkPolicy"]["spec"]
    (rule,) = policy["ingress"]
    (sender,) = rule["from"]
    assert MASTER["Service"]["spec"]["selector"] == labels["master"]
    assert policy["podSelector"]["matchLabels"] == labels["master"]
    assert sender["podSelector"]["matchLabels"] == labels["worker"]
    assert WORKER["Deployment"]["spec"]["selector"]["matchLabels"] == labels["worker"]


def test_web_interface_stays_in_the_pod() -> None:
    """It asks for no password, so only `kubectl port-forward` gets there."""
    assert flags("master")["--web-host"] == "127.0.0.1"
    assert all(port["port"] != 8089 for port in MASTER["Service"]["spec"]["ports"])


@both_pods
def test_key_comes_from_a_secret(role: str) -> None:
    """It stands in no file, and a service without keys needs none."""
    (key,) = (each for each in container(role)["env"] if "KEY" in each["name"])
    assert key["name"] == "ASR_API_KEY"
    assert set(key["valueFrom"]) == {"secretKeyRef"}
    assert key["valueFrom"]["secretKeyRef"]["optional"] is True
    assert not any("key" in name for name in flags(role))


@both_pods
def test_pod_has_no_more_rights_than_it_needs(role: str) -> None:
    """As Kubernetes' "restricted" standard for pods asks, and nothing of the cluster's API."""
    pod, only = PODS[role]["spec"], container(role)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@both_pods
def test_pod_writes_where_it_can(role: str) -> None:
    """The root is read-only: what is written goes to volumes that are not."""
    volumes = {volume["name"]: volume for volume in PODS[role]["spec"]["volumes"]}
    mounts = container(role)["volumeMounts"]
    writable = {each["mountPath"] for each in mounts if "emptyDir" in volumes[each["name"]]}
    home = next(each["value"] for each in container(role)["env"] if each["name"] == "HOME")
    assert {flags(role)["--asr-out"], home, "/tmp"} <= writable  # noqa: S108 - the pod's


@both_pods
def test_pod_is_measured_and_not_throttled(role: str) -> None:
    """A core of its own and bounded memory; a limit of CPU would show as latency."""
    resources = container(role)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}


@both_pods
def test_services_add_no_options(role: str) -> None:
    """Kubernetes' variables for Services look like those of Locust's options."""
    assert PODS[role]["spec"]["enableServiceLinks"] is False


def test_master_and_workers_are_alike() -> None:
    """One image, one set of settings, the same files at the same paths."""
    one, other = container("master"), container("worker")
    assert one["image"] == other["image"]
    assert one["envFrom"] == other["envFrom"]
    files = [
        next(each for each in pod["spec"]["volumes"] if each["name"] == "files")
        for pod in PODS.values()
    ]
    assert files[0] == files[1]
