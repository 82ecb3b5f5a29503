"""
Exec plugins of a kubeconfig: a command that prints a token, or a certificate and its key.

lightkube runs them, too, but knows only v1alpha1 and v1beta1, waits for them without end, and puts
into its errors what they print. What a plugin prints is never repeated here: it may be a secret.

Source: kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential
plugins".
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asr_client.errors import ConfigError

__all__ = ["PluginCall", "Proof", "run_plugin"]

_VERSIONS = tuple(f"client.authentication.k8s.io/{each}" for each in ("v1", "v1beta1", "v1alpha1"))
_BY_HAND = "run the command under users[].user.exec of the kubeconfig by hand"


@dataclass(frozen=True, slots=True)
class PluginCall:
    """
    What a kubeconfig wants to be run.

    Attributes:
        api_version: The one that the plugin is to speak.
        command: A program on the PATH, or a path relative to *folder*.
        arguments: Its arguments.
        environment: Set beside the caller's own.
        cluster: What the plugin may know of the cluster.
        folder: Of the kubeconfig.
    """

    api_version: str
    command: str
    arguments: Sequence[str] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    cluster: Mapping[str, Any] = field(default_factory=dict, repr=False)
    folder: Path = Path()


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What a plugin gives; shown nowhere.

    Attributes:
        token: A bearer token; None if it gave none.
        certificate, key: PEM in base64, as a kubeconfig holds them.
    """

    token: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)


def run_plugin(call: PluginCall, limit_s: float = 30.0) -> Proof:
    """
    Run a plugin; it has no terminal to ask on.

    Raises:
        ConfigError: If it cannot be run, fails, takes longer than *limit_s*, or prints no
            credentials.
    """
    if call.api_version not in _VERSIONS:
        raise ConfigError(
            f"the kubeconfig's plugin {call.command} wants {call.api_version!r}",
            hint=f"known: {', '.join(_VERSIONS)}",
        )
    printed = _run(call, limit_s)
    try:
        status = json.loads(printed)["status"]
        proof = Proof(
            status.get("token"),
            _in_base64(status.get("clientCertificateData")),
            _in_base64(status.get("clientKeyData")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        proof = Proof()
    if not (proof.token or proof.certificate):
        raise ConfigError(
            f"the kubeconfig's plugin {call.command} printed no credentials", hint=_BY_HAND
        )
    return proof


def _run(call: PluginCall, limit_s: float) -> bytes:
    """Run it in a session of its own, so that nothing that it has started outlives it."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own kubeconfig names it
            [_program(call), *call.arguments],
            env={**os.environ, **call.environment, "KUBERNETES_EXEC_INFO": _information(call)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "it cannot be run"
        raise ConfigError(
            f"the kubeconfig's plugin {call.command} did not start: {words}", hint=_BY_HAND
        ) from error
    with process:
        try:
            printed, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise ConfigError(
                f"the kubeconfig's plugin {call.command} gave nothing within {limit_s:g} s",
                hint=_BY_HAND,
            ) from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise ConfigError(
            f"the kubeconfig's plugin {call.command} ended with code {process.returncode}",
            hint=_BY_HAND,
        )
    return printed


def _program(call: PluginCall) -> str:
    """Find it as kubectl does: a path is relative to the kubeconfig, a bare name on the PATH."""
    is_path = os.sep in call.command and not Path(call.command).is_absolute()
    return str(call.folder / call.command) if is_path else call.command


def _information(call: PluginCall) -> str:
    return json.dumps(
        {
            "apiVersion": call.api_version,
            "kind": "ExecCredential",
            "spec": {"interactive": False, "cluster": call.cluster},
        }
    )


def _in_base64(pem: str | None) -> str | None:
    return None if pem is None else base64.b64encode(pem.encode()).decode()
