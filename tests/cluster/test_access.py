"""Which cluster, and as whom: what is found, what is refused, and that no secret is shown."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.access import ClusterAccess, find_access
from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.target import find_target
from canaries import new_key, shown_keys
from kubeconfigs import write_kubeconfig
from small_api import tls_api

ANYWHERE = "/api/v1/namespaces/dev/pods"


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the clusters of whoever runs the tests out of them."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def ask(access: ClusterAccess) -> None:
    """Ask anything."""
    connection = ApiConnection(access.credentials)
    try:
        connection.get(ANYWHERE, {})
    finally:
        connection.close()


def service_account(folder: Path) -> str:
    """What a pod finds below /var/run/secrets."""
    for name, text in (("token", new_key()), ("namespace", "loadtest"), ("ca.crt", "")):
        (folder / name).write_text(text)
    (folder / "token").rename(folder / "token.key")
    (folder / "token").symlink_to(folder / "token.key")
    return str(folder)


def refused(**options: str) -> str:
    """The one line of a refusal."""
    with pytest.raises(ConfigError) as refusal:
        find_access(**options)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


# --- which ------------------------------------------------------------------------------------


def test_named_kubeconfig_and_its_current_context_are_taken(tmp_path: Path) -> None:
    """The namespace is the context's, or Kubernetes' "default"; an option goes before both."""
    file = write_kubeconfig(tmp_path)
    assert find_access(kubeconfig=file).namespace == "default"
    there = find_access(kubeconfig=file, context="there")
    assert (there.server, there.namespace) == ("http://127.0.0.1:1", "dev")
    assert find_access(kubeconfig=file, context="there", namespace="prod").namespace == "prod"


def test_environment_goes_before_the_service_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the service account before the home folder."""
    (tmp_path / "home" / ".kube").mkdir(parents=True)
    write_kubeconfig(tmp_path / "home" / ".kube", "http://127.0.0.1:3", name="config")
    assert find_access().server == "http://127.0.0.1:3"
    account = service_account(tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.2")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    found = find_access(account=account)
    assert (found.server, found.namespace) == ("https://127.0.0.2:443", "loadtest")
    monkeypatch.setenv("KUBECONFIG", write_kubeconfig(tmp_path))
    assert find_access(account=account).server == "http://127.0.0.1:1"


def test_context_asks_for_a_kubeconfig_also_in_a_pod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service account has none."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.2")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(ConfigError, match="kubeconfig"):
        find_access(context="there", account=service_account(tmp_path))


def test_of_several_kubeconfigs_the_first_that_is_there_is_read_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not merged, as kubectl would."""
    file = write_kubeconfig(tmp_path)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/missing:{file}:{file}")
    assert find_access().notes == (f"KUBECONFIG names 3 files; only {file} is read",)


# --- what cannot be used ----------------------------------------------------------------------


def test_missing_kubeconfig_says_where_and_what_to_do(tmp_path: Path) -> None:
    """Also where nothing was named at all."""
    assert "No such file" in refused(kubeconfig=f"{tmp_path}/none")
    assert "~/.kube/config" not in refused()
    assert "--asr-kubeconfig" in refused()


def test_unknown_context_lists_those_that_are_known(tmp_path: Path) -> None:
    """One of them was meant."""
    text = refused(kubeconfig=write_kubeconfig(tmp_path), context="nowhere")
    assert "'nowhere'" in text
    assert "here, there" in text


@pytest.mark.parametrize(
    "document",
    [
        "users: [{{name: a, user: {{token: {key}}}]",
        "users:\n- token: {key}\n  - : : {key}",
        "{key}",
        "[{key}]",
        "clusters: {key}",
        "clusters: []\ncontexts: []\nusers: [{{name: a, user: {{token: [{key}]}}}}]",
        "clusters: []\ncontexts: []\ncurrent-context: a",
        (
            "{{clusters: [{{name: a, cluster: {{server: 'ftp://{key}@x'}}}}],"
            " contexts: [{{name: a, context: {{cluster: a}}}}], current-context: a}}"
        ),
        "clusters: []\ncontexts: [{{name: a, context: {{cluster: b}}}}]\ncurrent-context: a",
        "\x00{key}",
        "{key}: " + "[" * 10_000,
    ],
)
def test_broken_kubeconfig_is_one_line_and_shows_nothing_of_it(
    tmp_path: Path, document: str
) -> None:
    """The YAML library's own words would quote the line, token and all."""
    file = tmp_path / "broken.key"
    file.write_text(document.format(key=new_key()))
    with pytest.raises(ConfigError) as refusal:
        find_access(kubeconfig=str(file))
    shown = "".join(traceback.format_exception(refusal.value))
    assert not shown_keys(shown.encode())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({"certificate_authority": "missing.pem"}, None),
        ({"certificate_authority_data": "bm8gUEVN"}, None),
        ({"certificate_authority_data": "?a"}, None),
        ({}, {"client-certificate": "missing.pem", "client-key": "missing.pem"}),
        ({}, {"client-certificate-data": "bm8gUEVN"}),
        ({}, {"auth-provider": {"name": "gcp"}}),
        ({}, {"token": "two\nlines"}),
        ({"proxy_url": "nonsense://user:word@host"}, None),
    ],
)
def test_login_that_cannot_work_is_one_line(
    tmp_path: Path, cluster: dict[str, str], user: dict[str, object] | None
) -> None:
    """It is said before anything is sent."""
    file = write_kubeconfig(tmp_path, "https://127.0.0.1:1", user, **cluster)
    with pytest.raises(ConfigError) as refusal:
        find_target(find_access(kubeconfig=file))
    text = str(refusal.value)
    assert "\n" not in text
    assert "no answer" not in text
    assert "word" not in text


def test_missing_extra_is_named() -> None:
    """Without lightkube the rest of the load tester works."""
    program = (
        "import sys; sys.modules['lightkube'] = None\n"
        "import asr_loadtest.cluster.kubernetes.watcher, asr_loadtest.cluster.kubernetes.target\n"
        "from asr_loadtest.cluster.kubernetes.access import find_access\n"
        "try: find_access()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("ConfigError")
    assert "asr-client[k8s]" in done.stdout


# --- as whom ----------------------------------------------------------------------------------


def test_token_is_sent_over_verified_tls_and_shown_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a repr, nor in a log of any level."""
    caplog.set_level(logging.DEBUG)
    token = new_key()
    with tls_api() as api:
        authority = base64.b64encode(api.authority.cert_pem.bytes()).decode()
        file = write_kubeconfig(
            tmp_path, api.url, {"token": token}, certificate_authority_data=authority
        )
        access = find_access(kubeconfig=file)
        ask(access)
        assert api.shown == [(f"Bearer {token}", "")]
    assert not shown_keys(repr((access, access.credentials)).encode())
    assert not shown_keys(caplog.text.encode())


def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    """TLS is verified where the kubeconfig does not say otherwise."""
    with tls_api() as api:
        file = write_kubeconfig(tmp_path, api.url, {"token": new_key()})
        with pytest.raises(TroubleError, match="certificate verify failed"):
            ask(find_access(kubeconfig=file))
        assert api.shown == []


def test_unverified_tls_is_what_the_kubeconfig_says_and_is_noted(tmp_path: Path) -> None:
    """A user should know."""
    with tls_api() as api:
        file = write_kubeconfig(tmp_path, api.url, insecure_skip_tls_verify=True)
        access = find_access(kubeconfig=file)
        ask(access)
        assert api.shown == [(None, "")]
    assert "not to be verified" in access.notes[0]


def test_client_certificate_is_shown(tmp_path: Path) -> None:
    """As files beside the kubeconfig, by their relative names."""
    with tls_api(wants_certificate=True) as api:
        ours = api.authority.issue_cert("watcher.example")
        ours.cert_chain_pems[0].write_to_path(str(tmp_path / "ours.pem"))
        ours.private_key_pem.write_to_path(str(tmp_path / "ours.key"))
        api.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        user = {"client-certificate": "ours.pem", "client-key": "ours.key"}
        file = write_kubeconfig(tmp_path, api.url, user, certificate_authority="ca.pem")
        ask(find_access(kubeconfig=file))
        assert api.shown == [(None, "watcher.example")]


def test_token_file_is_read_beside_the_kubeconfig(tmp_path: Path) -> None:
    """A kubelet writes such files, and writes them anew."""
    token = new_key()
    (tmp_path / "token.key").write_text(f"{token}\n")
    with tls_api() as api:
        user = {"tokenFile": "token.key"}
        file = write_kubeconfig(tmp_path, api.url, user, insecure_skip_tls_verify=True)
        ask(find_access(kubeconfig=file))
        assert api.shown == [(f"Bearer {token}", "")]


def test_token_file_that_no_header_can_hold_is_not_quoted(tmp_path: Path) -> None:
    """The HTTP library's own words would."""
    (tmp_path / "token.key").write_text(f"{new_key()}\nmore\x00é")
    with tls_api() as api:
        user = {"tokenFile": "token.key"}
        file = write_kubeconfig(tmp_path, api.url, user, insecure_skip_tls_verify=True)
        with pytest.raises(TroubleError) as trouble:
            ask(find_access(kubeconfig=file))
    assert not shown_keys("".join(traceback.format_exception(trouble.value)).encode())
