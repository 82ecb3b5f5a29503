"""Exec plugins of a kubeconfig: real programs that print tokens, certificates, or nonsense."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.access import find_access
from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.api.credentials import Credentials
from asr_loadtest.cluster.kubernetes.api.exec_plugin import PluginCall, run_plugin
from kubeconfigs import write_kubeconfig
from small_api import tls_api

V1 = "client.authentication.k8s.io/v1"

# No canary: a plugin's output is where a token belongs, and the key scan would report it.
TOKEN = secrets.token_hex(8)


def plugin(folder: Path, body: str, name: str = "plugin.key") -> str:
    """Write a program; gives its path."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
    path.chmod(0o700)
    return str(path)


def printing(**status: str) -> str:
    """A program that prints credentials of the version that it was asked for."""
    return (
        "asked = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print(json.dumps({'apiVersion': asked['apiVersion'], 'kind': 'ExecCredential',"
        f" 'status': {status!r}}}))"
    )


def call(command: str, version: str = V1, **more: Any) -> PluginCall:
    """What a kubeconfig says of it."""
    return PluginCall(version, command, **more)


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_plugin_of_any_version_gives_the_token(tmp_path: Path, version: str) -> None:
    """v1, which lightkube does not know, is what today's plugins speak."""
    command = plugin(tmp_path, printing(token=TOKEN))
    proof = run_plugin(call(command, f"client.authentication.k8s.io/{version}"))
    assert proof.token == TOKEN
    assert TOKEN not in repr(proof)


def test_plugin_is_told_what_it_may_know(tmp_path: Path) -> None:
    """Version, cluster, that nobody can be asked; its arguments and environment."""
    told = tmp_path / "told.json"
    body = (
        f"open({str(told)!r}, 'w').write(json.dumps([sys.argv[1:], os.environ['EXTRA'],"
        " json.loads(os.environ['KUBERNETES_EXEC_INFO']), sys.stdin.read()]))\n"
    )
    command = plugin(tmp_path, body + printing(token=TOKEN))
    run_plugin(
        call(command, arguments=["a", "b"], environment={"EXTRA": "x"}, cluster={"server": "s"})
    )
    arguments, extra, information, typed = json.loads(told.read_text())
    assert (arguments, extra, typed) == (["a", "b"], "x", "")
    assert information == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "s"}},
    }


def test_plugin_beside_the_kubeconfig_is_found(tmp_path: Path) -> None:
    """As with kubectl: a path is relative to it, a bare name is looked for on the PATH."""
    plugin(tmp_path, printing(token=TOKEN))
    assert run_plugin(call("./plugin.key", folder=tmp_path)).token == TOKEN
    with pytest.raises(ConfigError, match="did not start"):
        run_plugin(call("no-such-plugin", folder=tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        "print('{key}', file=sys.stderr); sys.exit(3)",
        "print('{key}')",
        'print(\'{{"status": {{"key": "{key}"}}}}\')',
        "print('[\"{key}\"]')",
        "",
    ],
)
def test_plugin_that_fails_is_one_line_and_not_quoted(tmp_path: Path, body: str) -> None:
    """What it has printed may be a secret, even where it is none that we can use."""
    command = plugin(tmp_path, body.format(key=TOKEN))
    with pytest.raises(ConfigError) as refusal:
        run_plugin(call(command))
    assert "by hand" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert TOKEN not in "".join(traceback.format_exception(refusal.value))


def test_plugin_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """A child of it that holds its output open keeps nobody waiting."""
    pid_file = tmp_path / "pid"
    body = (
        f"import subprocess; child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(ConfigError, match="gave nothing within 2 s"):
        run_plugin(call(plugin(tmp_path, body)), limit_s=2.0)
    until_s = time.monotonic() + 30
    while _lives(int(pid_file.read_text())):
        assert time.monotonic() < until_s


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_plugin_of_an_unknown_version_is_not_run(tmp_path: Path) -> None:
    """It would print what nobody can read."""
    command = plugin(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ConfigError, match="v2"):
        run_plugin(call(command, "client.authentication.k8s.io/v2"))
    assert not (tmp_path / "ran").exists()


def test_kubeconfig_with_a_plugin_gets_in_and_runs_it_again_only_when_renewed(
    tmp_path: Path,
) -> None:
    """Seven connections share one token; a renewal by any of them is one for all."""
    count = tmp_path / "count"
    body = f"open({str(count)!r}, 'a').write('x')\n" + printing(token=TOKEN)
    exec_entry = {
        "apiVersion": V1,
        "command": plugin(tmp_path, body),
        "interactiveMode": "IfAvailable",
        "env": [{"name": "EXTRA", "value": "x"}],
        "args": ["get-token"],
    }
    with tls_api() as api:
        file = write_kubeconfig(
            tmp_path, api.url, {"exec": exec_entry}, insecure_skip_tls_verify=True
        )
        credentials = find_access(kubeconfig=file).credentials
        assert not count.exists()
        connections = [ApiConnection(credentials) for _ in range(3)]
        for each in connections:
            each.get("/api/v1/namespaces/dev/pods", {})
        assert count.read_text() == "x"
        for each in connections:
            each.renew()
            each.get("/api/v1/namespaces/dev/pods", {})
            each.close()
        assert count.read_text() == "xx"
        assert {str(shown).partition(" ")[0] for shown, _ in api.shown} == {"Bearer"}


def test_plugin_that_gives_a_certificate_gets_in(tmp_path: Path) -> None:
    """Instead of a token."""
    with tls_api(wants_certificate=True) as api:
        ours = api.authority.issue_cert("watcher.example")
        status = {
            "clientCertificateData": ours.cert_chain_pems[0].bytes().decode(),
            "clientKeyData": ours.private_key_pem.bytes().decode(),
        }
        command = plugin(tmp_path, printing(**status))
        file = write_kubeconfig(
            tmp_path,
            api.url,
            {"exec": {"apiVersion": V1, "command": command}},
            insecure_skip_tls_verify=True,
        )
        connection = ApiConnection(find_access(kubeconfig=file).credentials)
        connection.get("/api/v1/namespaces/dev/pods", {})
        connection.close()
        assert api.shown == [(None, "watcher.example")]


def test_broken_plugin_is_run_once_for_all_until_renewed(tmp_path: Path) -> None:
    """Nobody runs it a thousand times because it fails."""
    count = tmp_path / "count"
    command = plugin(tmp_path, f"open({str(count)!r}, 'a').write('x'); sys.exit(1)")
    file = write_kubeconfig(tmp_path, user={"exec": {"apiVersion": V1, "command": command}})
    credentials = find_access(kubeconfig=file).credentials
    for _ in range(3):
        with pytest.raises(ConfigError, match="ended with code 1"):
            credentials.open()
    assert count.read_text() == "x"
    _renew_as_all_would(credentials)
    with pytest.raises(ConfigError):
        credentials.open()
    assert count.read_text() == "xx"


def _renew_as_all_would(credentials: Credentials) -> None:
    generation = credentials.generation
    for _ in range(7):
        credentials.renew(generation)


def test_environment_of_the_caller_is_the_plugins_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_PROFILE and the like."""
    monkeypatch.setenv("SOME_PROFILE", "mine")
    command = plugin(
        tmp_path, "assert os.environ['SOME_PROFILE'] == 'mine'\n" + printing(token=TOKEN)
    )
    assert run_plugin(call(command)).token == TOKEN
    assert os.environ.get("KUBERNETES_EXEC_INFO") is None
