"""Pods of Triton: what its documentation and its behaviour ask of a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Container, Manifests

__all__ = ["CHECKS", "is_of_model"]

_MODEL_READY = re.compile(r"/v2/models/[^/]+(/versions/\d+)?/ready")
_REMEDY_MODEL_PROBE = "ask /v2/models/MODEL/ready"
# Defaults: Triton's --exit-timeout-secs, Kubernetes' terminationGracePeriodSeconds.
_EXIT_TIMEOUT_S = 30
_GRACE_S = 30
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the pod's
# Models on a GPU took one to two minutes in the published set-up.
_LOADING_S = 120


def is_of_model(path: object) -> bool:
    """Tell whether a path asks for a named model, not for the server only."""
    return _MODEL_READY.fullmatch(str(path)) is not None


def _tritons(manifests: Manifests) -> Iterator[Container]:
    return (each for each in manifests.containers() if each.is_triton)


def _defect(name: str, container: Container, words: str, remedy: str) -> Defect:
    return Defect(name, container.workload.document.where, f"{container.name}: {words}", remedy)


def _models_volume(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        repository = _flag(container, "--model-repository") or "/models"
        if "emptyDir" in (container.volume_at(repository) or {}):
            yield _defect(
                "models-volume",
                container,
                f"an emptyDir hides what the image has in {repository}, and the server says "
                "that it is ready without any model",
                "mount nothing there, or a volume that holds models",
            )


def _shared_memory(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        volume = container.volume_at(_SHARED_MEMORY) or {}
        if (volume.get("emptyDir") or {}).get("medium") != "Memory":
            yield _defect(
                "shared-memory",
                container,
                "shared memory is the 64 MiB of every pod; Python models pass tensors through it",
                f"mount an emptyDir with medium: Memory at {_SHARED_MEMORY}",
            )


def _command(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        if not container.body.get("command"):
            yield _defect(
                "command",
                container,
                "what it runs rests on the image's default",
                "say command: [tritonserver] and its flags",
            )


def _ignored_variables(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        for variable in container.body.get("env") or []:
            name = str(variable.get("name", ""))
            if re.fullmatch(r"TRITON_SERVER_\w+_PORT", name):
                yield _defect(
                    "ignored-variable",
                    container,
                    f"tritonserver does not read {name}",
                    "use --http-port, --grpc-port, --metrics-port",
                )


def _readiness(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        path = container.tree("readinessProbe", "httpGet").get("path")
        if not is_of_model(path):
            yield _defect(
                "readiness",
                container,
                f"readiness asks {path or 'nothing'}: a server without models is ready, too",
                _REMEDY_MODEL_PROBE,
            )


def _startup(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        probe = container.tree("startupProbe")
        budget_s = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        if not is_of_model(container.tree("startupProbe", "httpGet").get("path")):
            words, remedy = "no startup probe waits for the model", _REMEDY_MODEL_PROBE
        elif budget_s < _LOADING_S:
            words = f"the startup probe gives the models {budget_s} s to load"
            remedy = f"let periodSeconds times failureThreshold be {_LOADING_S} s or more"
        else:
            continue
        yield _defect("startup", container, words, remedy)


def _liveness(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        path = container.tree("livenessProbe", "httpGet").get("path")
        if path != "/v2/health/live":
            yield _defect(
                "liveness",
                container,
                f"liveness asks {path or 'nothing'}: a model that is away is no reason to restart",
                "ask /v2/health/live",
            )


def _grace(manifests: Manifests) -> Iterator[Defect]:
    for container in _tritons(manifests):
        waits_s = _pre_stop_s(container)
        grace_s = container.workload.pod.get("terminationGracePeriodSeconds", _GRACE_S)
        exit_s = int(_flag(container, "--exit-timeout-secs") or _EXIT_TIMEOUT_S)
        if not waits_s:
            words = "new connections are reset from SIGTERM on, while callers still come"
            remedy = "let preStop sleep until Services have dropped the pod, such as 15 s"
        elif grace_s < waits_s + exit_s:
            words = f"it is killed after {grace_s} s, in the midst of its work: preStop takes "
            words += f"{waits_s} s and Triton may take {exit_s} s"
            remedy = f"terminationGracePeriodSeconds: {waits_s + exit_s} or more"
        else:
            continue
        yield _defect("grace", container, words, remedy)


def _pre_stop_s(container: Container) -> int:
    """Give the seconds that preStop sleeps: a `sleep` action, or the only number of a command."""
    action = container.tree("lifecycle", "preStop", "sleep").get("seconds")
    command = container.tree("lifecycle", "preStop", "exec").get("command") or []
    numbers = re.findall(r"\bsleep (\d+)", " ".join(map(str, command)))
    return int(action or (numbers[0] if numbers else 0))


def _flag(container: Container, name: str) -> str | None:
    for word in container.words:
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


CHECKS = (
    _models_volume,
    _shared_memory,
    _command,
    _ignored_variables,
    _readiness,
    _startup,
    _liveness,
    _grace,
)
