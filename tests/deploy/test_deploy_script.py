"""The script that deploys the model, with a stand-in for kubectl that only records its calls."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from canaries import new_key
from fake_kubectl import Room
from shipped_manifests import DEPLOY, shipped

SCRIPT = DEPLOY / "deploy-ai-model.sh"
COMMANDS = ("deploy", "status", "access", "test", "cleanup")
CHANGING = {"apply", "create", "delete", "rollout"}
SAME = {
    "ai-model-deployment.yaml",
    "ai-model-service.yaml",
    "ai-model-pdb.yaml",
    "watcher-rbac.yaml",
}
# Says that it forwards, and does so until it is ended.
FORWARDER = """
import sys, time
if "port-forward" in sys.argv:
    print("Forwarding from 127.0.0.1:40123 -> 8000", flush=True)
    time.sleep(60)
"""
# Tells what it was asked and which key it sees, by its end only.
DOCTOR = """
import os, sys
print("doctor:", *sys.argv[1:], os.environ.get("ASR_API_KEY", "none")[-4:])
"""
# Answers every URL with what FAKE_STATUS says; tells its arguments.
CURL = """
import os, sys
print(*sys.argv[1:], file=sys.stderr)
print("header" if "X-API-Key" in sys.stdin.read() else "no header", file=sys.stderr)
print(os.environ["FAKE_STATUS"], end="")
"""


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A path without kubectl."""
    return Room(tmp_path, SCRIPT)


@pytest.fixture
def cluster(room: Room) -> Room:
    """A path with the stand-in."""
    room.add_kubectl()
    return room


def applied(words: str) -> set[str]:
    """The files of a call."""
    return {Path(word).name for word in words.split() if word.endswith(".yaml")}


def test_help_teaches(room: Room) -> None:
    """Commands, variables, examples and exit codes, without kubectl."""
    done = room.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in (*COMMANDS, "--dry-run", "--namespace", "ASR_API_KEY_FILE", "exit codes"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "usage:"),
        (("install",), "unknown command install"),
        (("deploy", "--force"), "unknown option --force"),
        (("deploy", "status"), "one command at a time"),
        (("deploy", "-n"), "wants a value"),
        (("deploy", "--hpa", "gpu", "--dry-run"), "cpu or queue"),
    ],
)
def test_wrong_use_is_told(room: Room, words: tuple[str, ...], complaint: str) -> None:
    """With exit code 2, before anything is done."""
    done = room.run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_kubectl_is_told(room: Room, command: str) -> None:
    """By every command that needs it."""
    done = room.run(command, "--yes")
    assert done.returncode == 3
    assert "kubectl is missing" in done.stderr


def test_dry_run_without_kubectl_tells_what_it_would_do(room: Room) -> None:
    """And that nobody has checked it: the exit code is no success."""
    done = room.run("deploy", "--dry-run")
    assert done.returncode == 3
    (line,) = done.stdout.splitlines()
    assert line.startswith("would run: kubectl -n dev apply -f ")
    assert applied(line) == {*SAME, "ai-model-hpa.yaml"}
    assert "kubectl is missing" in done.stderr


def test_dry_run_without_a_cluster_is_no_success(cluster: Room) -> None:
    """A kubectl that reaches nobody."""
    cluster.answers["version"] = (1, "refused")
    done = cluster.run("deploy", "--dry-run")
    assert done.returncode == 3
    assert "reaches no cluster" in done.stderr


def test_dry_run_asks_the_server_and_changes_nothing(cluster: Room) -> None:
    """The only apply is one with --dry-run=server."""
    done = cluster.run("deploy", "--dry-run")
    assert done.returncode == 0, done.stderr
    changing = [each.words for each in cluster.calls if CHANGING & set(each.arguments)]
    assert len(changing) == 1
    assert "apply --dry-run=server" in changing[0]


def test_dry_run_wants_a_namespace_to_check_in(cluster: Room) -> None:
    """The server would refuse every object, for a reason that is not theirs."""
    cluster.answers["get namespace"] = (1, "")
    done = cluster.run("deploy", "--dry-run", "-n", "speech")
    assert done.returncode == 3
    assert "kubectl create namespace speech" in done.stderr


def test_deploy_checks_before_it_applies(cluster: Room) -> None:
    """Then it waits until the model is ready."""
    done = cluster.run("deploy", "-n", "speech", "--context", "gpu", "--timeout", "5")
    assert done.returncode == 0, done.stderr
    changing = [each.words for each in cluster.calls if CHANGING & set(each.arguments)]
    first, second, third = changing
    assert "apply --dry-run=server" in first
    assert applied(first) == applied(second) == {*SAME, "ai-model-hpa.yaml"}
    assert "rollout status deployment/triton-multilingual-asr --timeout=5s" in third
    assert all("-n speech --context gpu" in each.words for each in cluster.calls)


def test_deploy_makes_the_namespace_once(cluster: Room) -> None:
    """If it is not there."""
    cluster.answers["get namespace"] = (1, "")
    assert cluster.run("deploy").returncode == 0
    assert [each.words for each in cluster.calls if "create" in each.words] == [
        "-n dev create namespace dev"
    ]


def test_deploy_stops_when_the_server_refuses(cluster: Room) -> None:
    """Nothing is half applied."""
    cluster.answers["--dry-run=server"] = (1, "unknown field")
    done = cluster.run("deploy")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert len([each for each in cluster.calls if "apply" in each.arguments]) == 1


def test_queue_replaces_the_other_hpa(cluster: Room) -> None:
    """One HPA is applied, never both."""
    assert cluster.run("deploy", "--hpa", "queue").returncode == 0
    files = applied(next(each.words for each in cluster.calls if "apply" in each.arguments))
    assert files == {*SAME, "ai-model-hpa-queue.yaml"}


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        ("get nodes", "node-type=gpu"),
        ("metrics.k8s.io", "metrics-server"),
        ("custom.metrics", "ai-model-hpa-queue.yaml"),
    ],
)
def test_what_is_missing_in_the_cluster_is_a_warning(
    cluster: Room, answer: str, warning: str
) -> None:
    """Deploying goes on: it may come later."""
    cluster.answers[answer] = (0 if answer == "get nodes" else 1, "")
    cluster.answers["get"] = (0, "node/a")
    done = cluster.run("deploy", "--hpa", "queue")
    assert done.returncode == 0
    assert warning in done.stderr


def test_key_goes_through_pipes_only(cluster: Room) -> None:
    """It is in the Secret, and in no argument, environment of kubectl, output or file."""
    keys = [new_key(), new_key() + "'\"\\"]
    keys_file = cluster.folder / "keys.key"
    keys_file.write_text("# old and new\n" + "\r\n".join(keys) + "\n\n")
    done = cluster.run("deploy", "--gateway", ASR_API_KEY_FILE=str(keys_file))
    assert done.returncode == 0, done.stderr
    (secret,) = (each for each in cluster.calls if "secret" in each.arguments)
    config = yaml.safe_load(secret.stdin)
    (consumer,) = config.pop("consumers")
    assert [each["key"] for each in consumer["keyauth_credentials"]] == keys
    assert config == yaml.safe_load(shipped()["kong.yml"])
    shown = done.stdout + done.stderr + "".join(each.words for each in cluster.calls)
    assert not any(key[:8] in shown for key in keys)


def test_key_of_the_environment_is_not_passed_on(cluster: Room) -> None:
    """Kubectl has no use for it."""
    done = cluster.run("deploy", "--gateway", ASR_API_KEY=new_key())
    assert done.returncode == 0, done.stderr
    assert not any(each.sees_key for each in cluster.calls)
    words = [each.words for each in cluster.calls]
    assert "-n dev apply --server-side --force-conflicts -f -" in words
    assert "-n dev rollout restart deployment/kong-gateway" in words


@pytest.mark.parametrize(
    ("key", "code", "complaint"),
    [("", 3, "needs a key"), ("two words", 2, "key 1 holds blanks"), ("clé", 2, "outside ASCII")],
)
def test_gateway_without_a_usable_key_changes_nothing(
    cluster: Room, key: str, code: int, complaint: str
) -> None:
    """It is told at once, and the key is not repeated."""
    done = cluster.run("deploy", "--gateway", ASR_API_KEY=key)
    assert done.returncode == code
    assert complaint in done.stderr
    assert cluster.calls == []
    assert not key or key not in done.stderr


def test_cleanup_asks_first(cluster: Room) -> None:
    """With nobody there to answer it deletes nothing."""
    done = cluster.run("cleanup")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not any("delete" in each.arguments for each in cluster.calls)


def test_cleanup_takes_away_all_that_deploy_made(cluster: Room) -> None:
    """But not the namespace, where others may live."""
    done = cluster.run("cleanup", "--yes")
    assert done.returncode == 0, done.stderr
    objects, secret = (each.words for each in cluster.calls if "delete" in each.arguments)
    assert applied(objects) == {*SAME, "ai-model-hpa.yaml", "kong-gateway.yaml"}
    assert secret.endswith("delete --ignore-not-found secret/asr-kong")
    assert "the namespace dev stays" in done.stdout


def test_dry_cleanup_needs_no_cluster(room: Room) -> None:
    """It tells what would go."""
    done = room.run("cleanup", "--dry-run")
    assert done.returncode == 0
    assert "would run: kubectl -n dev delete" in done.stdout


def test_status_asks_for_everything_and_explains(cluster: Room) -> None:
    """And changes nothing."""
    done = cluster.run("status")
    assert done.returncode == 0, done.stderr
    assert any("get deployment,hpa,pdb,pods,services" in each.words for each in cluster.calls)
    assert not any(CHANGING & set(each.arguments) for each in cluster.calls)
    assert "<unknown>" in done.stdout


def test_access_gives_addresses(cluster: Room) -> None:
    """Of nodes and of each pod, in the form that the load tester takes."""
    cluster.answers["get nodes"] = (0, "192.0.2.1")
    cluster.answers["endpointslices"] = (0, "http://192.0.2.8:8002/metrics,")
    done = cluster.run("access", "--gateway")
    assert done.returncode == 0, done.stderr
    for address in (
        "http://triton-multilingual-asr-service.dev:8000",
        "http://192.0.2.1:30080",
        "http://192.0.2.8:8002/metrics\n",
        "http://kong-gateway-service.dev",
    ):
        assert address in done.stdout


def test_test_calls_the_doctor_through_a_forward(room: Room) -> None:
    """The key reaches the doctor by the environment, and the forward is ended."""
    room.add_program("kubectl", FORWARDER)
    room.add_program("asr-client", DOCTOR)
    key = new_key()
    done = room.run("test", ASR_API_KEY=key)
    assert done.returncode == 0, done.stderr
    told = f"doctor: doctor --model asr_am_ensemble http://127.0.0.1:40123 {key[-4:]}"
    assert told in done.stdout.splitlines()
    assert not list(room.folder.glob("tmp.*"))


def test_test_tells_why_there_is_no_forward(cluster: Room) -> None:
    """In kubectl's own words."""
    cluster.answers["port-forward"] = (1, "error: no pods")
    done = cluster.run("test")
    assert done.returncode == 1
    assert "no way to service/triton-multilingual-asr-service: error: no pods" in done.stderr


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("000", "nobody answers"),
        ("400", "mounted over /models"),
        ("401", "wants a key"),
        ("404", "strips a prefix"),
        ("429", "rate limit"),
        ("503", "no ready pod"),
    ],
)
def test_test_explains_a_status_without_the_client(room: Room, status: str, advice: str) -> None:
    """By curl, whose arguments hold no key."""
    room.add_program("curl", CURL)
    key = new_key()
    done = room.run("test", "--url", "http://asr.example/", ASR_API_KEY=key, FAKE_STATUS=status)
    assert done.returncode == 1
    assert advice in done.stdout
    assert "http://asr.example/v2/models/asr_am_ensemble/ready" in done.stderr
    assert (key in done.stderr, "no header" in done.stderr) == (False, False)


def test_test_is_content_with_a_ready_model(room: Room) -> None:
    """Three times yes."""
    room.add_program("curl", CURL)
    done = room.run("test", "--url", "http://asr.example", FAKE_STATUS="200")
    assert done.returncode == 0
    assert done.stdout.count("yes") == 3
