"""The stand-in over real sockets: a plain client, an independent one, and what goes wrong."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from asr_client.errors import ConfigError
from asr_loadtest.replay import Fault, ReplayServer
from asr_loadtest.replay.resources import DEPLOYMENTS, EVENTS, HPAS, PODS
from asr_loadtest.replay.serving.door import LOOPBACK, Door
from recorded_cluster import SCENARIOS, ask, recorded, watch

lightkube = pytest.importorskip("lightkube")
from lightkube.config.kubeconfig import KubeConfig  # noqa: E402 - after the skip
from lightkube.core.exceptions import ApiError  # noqa: E402
from lightkube.resources.apps_v1 import Deployment, ReplicaSet  # noqa: E402
from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler  # noqa: E402
from lightkube.resources.core_v1 import Event, Pod  # noqa: E402
from lightkube.resources.policy_v1 import PodDisruptionBudget  # noqa: E402

# So fast that a quarter of an hour is over in two seconds.
FAST = 500.0
NAME = "step-up-hard"
HPA = HPAS.path(NAME)
RIGHT, WRONG = "right", "wrong"


@contextmanager
def peer(server: ReplayServer, folder: Path) -> Iterator[lightkube.Client]:
    """Make lightkube's client from the kubeconfig that the server writes."""
    path = server.write_kubeconfig(folder / "kubeconfig")
    client = lightkube.Client(config=KubeConfig.from_file(str(path)))
    yield client
    # It has no way to be closed.
    client._client._client.close()


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "token-revoked"])
def test_independent_client_lists_everything(name: str, tmp_path: Path) -> None:
    """Lightkube reads all six kinds at the recording's beginning, in the context's namespace."""
    with ReplayServer(recorded(name), speed=0.01) as server, peer(server, tmp_path) as client:
        kinds = (HorizontalPodAutoscaler, Deployment, ReplicaSet, Pod, Event, PodDisruptionBudget)
        counts = [len(list(client.list(kind))) for kind in kinds]
    history = recorded(name).history
    resources = {each.resource.kind: each.resource for each in history.changes}
    expected = [
        len(history.objects(resources[kind.__name__], history.version_at(0.0))) for kind in kinds
    ]
    assert counts == expected


def test_independent_client_watches_the_rescales(tmp_path: Path) -> None:
    """From 1 to 3 to 5 replicas, each change once and in order, over several short watches."""
    sizes = []
    with ReplayServer(recorded(NAME), speed=FAST) as server, peer(server, tmp_path) as client:
        listed = client.list(Deployment)
        assert [each.spec.replicas for each in listed] == [1]
        version = listed.resourceVersion
        events = client.watch(Deployment, server_timeout=1, resource_version=version)
        for _, deployment in events:
            sizes.append((deployment.spec.replicas, deployment.metadata.resourceVersion))
            if deployment.metadata.resourceVersion == "584":
                break
    expected = recorded(NAME).history.changes_after(DEPLOYMENTS, 387)
    assert sizes == [(each.object["spec"]["replicas"], str(each.version)) for each in expected]


def test_independent_client_is_told_of_old_versions(tmp_path: Path) -> None:
    """A version that the server forgot is an ApiError with code 410 to lightkube."""
    forgetful = ReplayServer(recorded(NAME), faults=[Fault("expire", 100)], from_s=101)
    with forgetful as server, peer(server, tmp_path) as client:
        events = client.watch(HorizontalPodAutoscaler, resource_version="387", server_timeout=5)
        with pytest.raises(ApiError) as caught:
            next(events)
    assert caught.value.status.code == 410


def test_all_that_was_recorded_is_sent_byte_for_byte() -> None:
    """One watch from the first version on, over the whole recording."""
    query = {"resourceVersion": 387, "timeoutSeconds": 2}
    with (
        ReplayServer(recorded(NAME), speed=FAST) as server,
        watch(server, PODS.path(NAME), **query) as events,
    ):
        versions = [int(e["object"]["metadata"]["resourceVersion"]) for e in events]
    assert versions == [each.version for each in recorded(NAME).history.changes_after(PODS, 387)]


def test_changes_come_when_their_time_has_come() -> None:
    """At no event is the clock before the second at which it was recorded."""
    history = recorded(NAME).history
    times = {each.version: each.at_s for each in history.changes}
    with ReplayServer(recorded(NAME), speed=FAST) as server:
        with watch(server, HPA, resourceVersion=387, timeoutSeconds=1) as events:
            for event in events:
                version = int(event["object"]["metadata"]["resourceVersion"])
                assert server.clock.at_s() >= times[version]
        assert server.clock.at_s() >= FAST


def test_time_begins_with_the_first_watch() -> None:
    """Until somebody watches the recording stands at its beginning; or runs at once if told so."""
    with ReplayServer(recorded(NAME), speed=FAST) as server:
        ask(server, HPA)
        assert server.clock.at_s() == 0
        with watch(server, HPA, resourceVersion=1, timeoutSeconds=1):
            assert server.clock.at_s() > 0
    with ReplayServer(recorded(NAME), speed=FAST, from_s=50, waits=False) as server:
        assert server.clock.at_s() >= 50


def test_requests_are_kept_note_of() -> None:
    """Time, method, path, verb and status, so that tests can count them."""
    with ReplayServer(recorded(NAME), token=RIGHT) as server:
        ask(server, HPA)
        ask(server, HPA, token=WRONG)
        ask(server, EVENTS.path(NAME), method="DELETE")
        with watch(server, HPA, resourceVersion=1, timeoutSeconds=1):
            pass
        seen = [each[2:] for each in server.requests]
        times = [each.time_s for each in server.requests]
    assert seen == [
        ("GET", HPA, "list", 200),
        ("GET", HPA, "list", 401),
        ("DELETE", EVENTS.path(NAME), "deletecollection", 403),
        ("GET", HPA, "watch", 200),
    ]
    assert times == sorted(times)


def test_door_refuses_while_it_is_closed() -> None:
    """From outside nobody listens there, yet the port stays ours: nobody else gets it."""
    with Door() as door:
        address = (LOOPBACK, door.port)
        socket.create_connection(address).close()
        door.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(address)
        door.open()
        socket.create_connection(address).close()


def test_server_refuses_while_the_fault_lasts() -> None:
    """Also before anybody has asked, and not a request is answered meanwhile."""
    with ReplayServer(recorded(NAME), faults=[Fault("refuse", 0, 10**6)]) as server:
        assert _first_outcome(server, "refused") == {"refused"}
        assert 200 not in [each.status for each in server.requests]


def test_server_is_back_after_the_fault() -> None:
    """It answers again, at the same address, once the recording's time is past it."""
    with ReplayServer(recorded(NAME), speed=20, faults=[Fault("refuse", 0, 10)]) as server:
        assert _first_outcome(server, "200") <= {"200", "refused"}
        assert server.clock.at_s() >= 10


def _first_outcome(server: ReplayServer, awaited: str) -> set[str]:
    """Ask until the awaited comes; gives what came, but for connections that were reset."""
    found: set[str] = set()
    while awaited not in found:
        try:
            found.add(str(ask(server, HPA)[0]))
        except ConnectionRefusedError:
            found.add("refused")
        except (ConnectionError, http.client.HTTPException):
            # The door was still open when the fault began.
            continue
    return found


def test_hang_up_answers_nothing_and_is_counted() -> None:
    """The connection is reset after the request, which is kept note of with status 0."""
    with ReplayServer(recorded(NAME), faults=[Fault("hang-up", 0)]) as server:
        with pytest.raises(ConnectionError):
            ask(server, HPA)
        assert [each.status for each in server.requests] == [0]


@pytest.mark.parametrize(
    ("kind", "error"), [("drop", http.client.IncompleteRead), ("reset", ConnectionResetError)]
)
def test_watch_breaks(kind: str, error: type[Exception]) -> None:
    """In the middle of a line, or by a reset: never in good order."""
    with ReplayServer(recorded(NAME), speed=FAST, faults=[Fault(kind, 100)]) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        query = "?watch=true&resourceVersion=387&timeoutSeconds=10"
        connection.request("GET", HPA + query, headers={"Authorization": f"Bearer {server.token}"})
        with pytest.raises(error):
            connection.getresponse().read()
        connection.close()


def test_connection_goes_on_after_a_watch() -> None:
    """A watch that ended in good order leaves its connection for the next request."""
    with ReplayServer(recorded(NAME), speed=FAST) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        headers = {"Authorization": f"Bearer {server.token}"}
        for query in ("?watch=true&resourceVersion=387&timeoutSeconds=1", ""):
            connection.request("GET", HPA + query, headers=headers)
            reply = connection.getresponse()
            assert (reply.status, bool(reply.read())) == (200, True)
        connection.close()


def test_open_watches_do_not_keep_the_server_from_ending() -> None:
    """A watch for half an hour ends with the server; another replay may have its port at once."""
    with ExitStack() as stack:
        with ReplayServer(recorded(NAME)) as server:
            events = stack.enter_context(watch(server, HPA, resourceVersion=387))
            port = int(server.url.rpartition(":")[2])
        assert list(events) == []
        with ReplayServer(recorded(NAME), port=port) as server:
            assert ask(server, HPA)[0] == 200


def test_times_may_be_moved_into_the_present() -> None:
    """An HPA created at second 4 of a replay at speed 500 was created now; unless not wanted."""
    # Times in objects have no fractions.
    before = datetime.now(UTC) - timedelta(seconds=2)
    with ReplayServer(recorded(NAME), speed=FAST, from_s=10, shift_times=True) as server:
        created = _created(server)
    assert before <= created <= datetime.now(UTC)
    with ReplayServer(recorded(NAME), speed=FAST, from_s=10) as server:
        assert _created(server) == datetime(2026, 11, 23, 9, 57, 33, tzinfo=UTC)


def _created(server: ReplayServer) -> datetime:
    items = json.loads(ask(server, HPA)[2])["items"]
    return datetime.fromisoformat(items[0]["metadata"]["creationTimestamp"])


def test_kubeconfig_leads_to_the_server(tmp_path: Path) -> None:
    """Server, namespace and a user with the token; for its owner's eyes only."""
    with ReplayServer(recorded(NAME), token=RIGHT) as server:
        path = server.write_kubeconfig(tmp_path / "kubeconfig")
        read = yaml.safe_load(path.read_text())
        assert path.stat().st_mode & 0o777 == 0o600
        assert read["clusters"][0]["cluster"] == {"server": server.url}
        assert read["contexts"][0]["context"]["namespace"] == NAME
        assert read["users"] == [{"name": "watcher", "user": {"token": RIGHT}}]
        assert read["current-context"] == read["contexts"][0]["name"]
        assert server.write_kubeconfig(path) == path


def test_kubeconfig_of_a_real_cluster_is_not_overwritten(tmp_path: Path) -> None:
    """Whoever names his own kubeconfig by mistake keeps it."""
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\nkind: Config\n")
    with ReplayServer(recorded(NAME)) as server:
        with pytest.raises(ConfigError, match="another kubeconfig"):
            server.write_kubeconfig(path)
        with pytest.raises(ConfigError, match="cannot write"):
            server.write_kubeconfig(tmp_path / "nowhere" / "config")
    assert path.read_text() == "apiVersion: v1\nkind: Config\n"


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_speed_must_make_sense(speed: float) -> None:
    """Time runs forward, and takes time."""
    with pytest.raises(ConfigError, match="cannot be played"):
        ReplayServer(recorded(NAME), speed=speed)


@pytest.mark.parametrize("from_s", [-1, float("inf"), float("nan")])
def test_beginning_must_make_sense(from_s: float) -> None:
    """There is nothing before second 0."""
    with pytest.raises(ConfigError, match="has no second"):
        ReplayServer(recorded(NAME), from_s=from_s)


def test_taken_port_is_a_setting_that_cannot_work() -> None:
    """Two servers cannot have one port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="cannot listen"):
            ReplayServer(recorded(NAME), port=port)
