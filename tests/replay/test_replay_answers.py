"""Refusals, errors, pages and reviews, held against single answers of a real API server."""

from __future__ import annotations

import json

import pytest

from asr_loadtest.replay.api.access import Api
from asr_loadtest.replay.api.answers import Answer, Watch
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.faults import Fault
from asr_loadtest.replay.resources import EVENTS, HPAS, PODS, REPLICASETS
from recorded_cluster import recorded, samples

SERVICE_ACCOUNT = "system:serviceaccount:libtest:asr-watcher"
RIGHT, WRONG = "right", "wrong"
NAME = "step-up-hard"
LABEL = "app=triton-multilingual-asr"


def answer(
    api: Api, path: str, query: dict[str, str] | None = None, at_s: float = 0.0, **more: object
) -> tuple[int, object]:
    """Ask; gives the status and the body, parsed if it is JSON."""
    given = api.answer(Question(more.pop("method", "GET"), path, query or {}, **more), at_s)
    assert isinstance(given, Answer)
    is_json = given.headers["Content-Type"] == "application/json"
    return given.status, json.loads(given.body) if is_json else given.body.decode()


@pytest.mark.parametrize(
    "name",
    [
        "discovery /version",
        "readyz",
        "403 nodes",
        "403 other namespace",
        "403 all namespaces",
        "403 scale subresource",
        "403 watch missing right",
        "403 unknown resource with a restricted token",
        "403 namespace that does not exist",
        "404 hpa",
        "404 pod metrics",
        "404 metrics API not installed",
        "400 bad limit",
        "400 bad field selector",
        "400 resourceVersion not a number",
        "405 delete of a collection without right",
        "watch of metrics",
    ],
)
def test_answer_is_the_real_servers_word_for_word(name: str) -> None:
    """Status and body are those of the recorded server, but for the user's name."""
    sample = samples()[name]
    api = Api(recorded("token-revoked"))
    path, query = sample["path"], sample["query"]
    method = "DELETE" if sample["kind"] == "delete" else "GET"
    status, body = answer(api, path, query, method=method)
    expected = json.loads(json.dumps(sample["body"]).replace(SERVICE_ACCOUNT, "watcher"))
    assert (status, body) == (sample["status"], expected)


def test_anonymous_reader_is_forbidden() -> None:
    """Who sends no token is told by the name that Kubernetes gives him."""
    sample = samples()["anonymous list"]
    api = Api(recorded("token-revoked"), token=RIGHT)
    assert answer(api, sample["path"]) == (403, sample["body"])
    assert answer(api, "/version")[0] == 200


def test_wrong_token_is_unauthorized() -> None:
    """A token that is not the server's gets 401 everywhere, the right one does not."""
    sample = samples()["401 bad token"]
    api = Api(recorded("token-revoked"), token=RIGHT)
    assert answer(api, sample["path"], token=WRONG) == (401, sample["body"])
    assert answer(api, sample["path"], token=RIGHT)[0] == 200


def test_access_reviews_tell_the_role() -> None:
    """Watching HPAs is allowed, deleting them and watching pod metrics is not."""
    api = Api(recorded("token-revoked"))
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def allowed(verb: str, group: str, resource: str, **more: str) -> bool:
        attributes = {"namespace": "libtest", "verb": verb, "group": group, "resource": resource}
        body = json.dumps({"spec": {"resourceAttributes": {**attributes, **more}}}).encode()
        status, given = answer(api, path, method="POST", body=body)
        assert status == 201
        return given["status"]["allowed"]

    assert allowed("watch", "autoscaling", "horizontalpodautoscalers")
    assert allowed("list", "", "events")
    assert allowed("list", "metrics.k8s.io", "pods")
    assert not allowed("watch", "metrics.k8s.io", "pods")
    assert not allowed("delete", "autoscaling", "horizontalpodautoscalers")
    assert not allowed("get", "apps", "deployments", subresource="scale")
    assert not allowed("list", "", "pods", namespace="default")


def test_rules_review_lists_the_role() -> None:
    """The rules are those of the recorded review, resource by resource."""
    sample = samples()["rights review"]
    api = Api(recorded("token-revoked"))
    body = json.dumps(sample["request_body"]).encode()
    status, given = answer(api, sample["path"], method="POST", body=body)
    assert status == sample["status"]

    def as_set(rules: list[dict[str, list[str]]]) -> set[tuple[str, ...]]:
        return {(r["apiGroups"][0], r["resources"][0], *sorted(r["verbs"])) for r in rules}

    expected = as_set(sample["body"]["status"]["resourceRules"])
    assert as_set(given["status"]["resourceRules"]) == expected


def test_review_of_nonsense_is_a_bad_request() -> None:
    """What is no review is refused, not believed."""
    api = Api(recorded("token-revoked"))
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    for body in (b"", b"[]", b"{}", b'{"spec": 3}'):
        assert answer(api, path, method="POST", body=body)[0] == 400


def test_pages_show_one_state_of_all_events() -> None:
    """Pages of three, asked for over minutes, hold together what the first page's version held."""
    api = Api(recorded("step-up-hard"))
    path = EVENTS.path("step-up-hard")
    _, whole = answer(api, path, at_s=140)
    names, token, at_s = [], "", 140.0
    while True:
        query = {"limit": "3", **({"continue": token} if token else {})}
        status, page = answer(api, path, query, at_s)
        assert status == 200
        names += [item["metadata"]["name"] for item in page["items"]]
        assert page["metadata"]["resourceVersion"] == whole["metadata"]["resourceVersion"]
        token, at_s = page["metadata"].get("continue", ""), at_s + 60
        if not token:
            break
        assert page["metadata"]["remainingItemCount"] == len(whole["items"]) - len(names)
    assert names == [item["metadata"]["name"] for item in whole["items"]]


def test_token_of_the_real_server_is_understood() -> None:
    """The recorded continue token leads to the recorded second page."""
    first, second = samples()["page 1 of events"], samples()["page 2 of events"]
    api = Api(recorded("server-restart"))
    items = answer(api, first["path"])[1]["items"]
    after = first["body"]["items"][-1]["metadata"]["name"]
    expected = [n for n in (i["metadata"]["name"] for i in items) if n > after][:3]
    query = {**second["query"], "continue": first["body"]["metadata"]["continue"]}
    status, page = answer(api, second["path"], query, at_s=50)
    assert (status, [i["metadata"]["name"] for i in page["items"]]) == (200, expected)


def test_old_token_brings_a_fresh_one() -> None:
    """A page asked for after ten minutes is gone, with a token for the inconsistent rest."""
    sample = samples()["410 continue token too old"]
    api = Api(recorded("step-up-hard"))
    path = EVENTS.path("step-up-hard")
    _, page = answer(api, path, {"limit": "3"}, at_s=140)
    old = {"limit": "3", "continue": page["metadata"]["continue"]}
    status, gone = answer(api, path, old, at_s=800)
    assert (status, gone["message"]) == (410, sample["body"]["message"])
    fresh = {"limit": "3", "continue": gone["metadata"]["continue"]}
    status, rest = answer(api, path, fresh, at_s=800)
    assert status == 200
    assert rest["items"][0]["metadata"]["name"] > page["items"][-1]["metadata"]["name"]


def test_old_exact_version_is_gone() -> None:
    """A list of an exact version is answered while the store has it."""
    sample = samples()["410 list at an old exact resourceVersion"]
    api = Api(recorded("step-up-hard"))
    exact = {"resourceVersion": "450", "resourceVersionMatch": "Exact"}
    path = PODS.path("step-up-hard")
    status, page = answer(api, path, exact, at_s=200)
    assert (status, len(page["items"])) == (200, 2)
    assert answer(api, path, exact, at_s=800) == (410, sample["body"])


def test_version_from_the_future_is_too_large() -> None:
    """A list of what has not been is 504, and says when to come back."""
    api = Api(recorded("step-up-hard"))
    query = {"resourceVersion": "999999999"}
    given = api.answer(Question("GET", HPAS.path("step-up-hard"), query), 0)
    assert isinstance(given, Answer)
    assert (given.status, given.headers["Retry-After"]) == (504, "1")
    assert b"Too large resource version: 999999999, current: 387" in given.body


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"labelSelector": LABEL}, 3),
        ({"labelSelector": "app=other"}, 0),
        ({"labelSelector": "app!=other,pod-template-hash"}, 3),
        ({"labelSelector": "app in (triton-multilingual-asr, b)"}, 3),
        ({"labelSelector": "app notin (triton-multilingual-asr)"}, 0),
        ({"labelSelector": "!app"}, 0),
        ({"fieldSelector": "metadata.name=triton-multilingual-asr-85b8bfdb7b-vx4vv"}, 1),
        ({"fieldSelector": "status.phase!=Running"}, 2),
        ({"fieldSelector": "status.phase=Running,metadata.namespace=step-up-hard"}, 1),
    ],
)
def test_selectors_select(query: dict[str, str], count: int) -> None:
    """Label and field selectors take what they name: three pods, two of them not yet running."""
    api = Api(recorded("step-up-hard"))
    status, page = answer(api, PODS.path("step-up-hard"), query, at_s=82)
    assert (status, len(page["items"])) == (200, count)


@pytest.mark.parametrize(
    "query", [{"labelSelector": "a=b=c"}, {"labelSelector": "app in x"}, {"fieldSelector": "name"}]
)
def test_selector_that_makes_no_sense_is_a_bad_request(query: dict[str, str]) -> None:
    """A misspelt selector takes nothing by mistake."""
    api = Api(recorded("step-up-hard"))
    assert answer(api, REPLICASETS.path("step-up-hard"), query)[0] == 400
    assert answer(api, REPLICASETS.path("step-up-hard"), {**query, "watch": "1"})[0] == 400


def test_discovery_leads_to_everything_that_is_served() -> None:
    """A client that starts at the root finds each resource and its verbs."""
    api = Api(recorded("step-up-hard"))
    groups = answer(api, "/apis")[1]["groups"]
    roots = ["/api/v1", *(f"/apis/{g['preferredVersion']['groupVersion']}" for g in groups)]
    found = {
        (root, entry["name"], "watch" in entry["verbs"])
        for root in roots
        for entry in answer(api, root)[1]["resources"]
    }
    assert found == {
        ("/api/v1", "pods", True),
        ("/api/v1", "events", True),
        ("/apis/apps/v1", "deployments", True),
        ("/apis/apps/v1", "replicasets", True),
        ("/apis/autoscaling/v2", "horizontalpodautoscalers", True),
        ("/apis/policy/v1", "poddisruptionbudgets", True),
        ("/apis/metrics.k8s.io/v1beta1", "pods", False),
    }


def test_aggregated_discovery_tells_what_does_not_answer() -> None:
    """Asked as clients ask, every group comes at once; a backend that is away makes it Stale."""
    api = Api(recorded(NAME), [Fault("metrics-down", 100), Fault("metrics-gone", 200)])
    kind = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    found = []
    for at_s in (0, 100, 200):
        question = Question("GET", "/apis", accept=f"{kind},application/json")
        given = api.answer(question, at_s)
        assert isinstance(given, Answer)
        assert given.headers["Content-Type"] == kind
        groups = json.loads(given.body)["items"]
        found.append({g["metadata"]["name"]: g["versions"][0]["freshness"] for g in groups})
    others = dict.fromkeys(("apps", "autoscaling", "policy"), "Current")
    assert found == [
        {**others, "metrics.k8s.io": "Current"},
        {**others, "metrics.k8s.io": "Stale"},
        others,
    ]


@pytest.mark.parametrize(
    ("kind", "path", "status", "start"),
    [
        ("throttle", HPAS.path("step-up-hard"), 429, "Too many requests"),
        ("throttle", "/version", 429, "Too many requests"),
        ("metrics-down", "/apis/metrics.k8s.io/v1beta1/namespaces/step-up-hard/pods", 503, "serv"),
        ("metrics-gone", "/apis/metrics.k8s.io/v1beta1/namespaces/step-up-hard/pods", 404, "404"),
    ],
)
def test_fault_answers_in_plain_text_while_it_lasts(
    kind: str, path: str, status: int, start: str
) -> None:
    """Such refusals are no Status objects, and over after their time."""
    api = Api(recorded("step-up-hard"), [Fault(kind, 100, 5)])
    given = api.answer(Question("GET", path), 102)
    assert isinstance(given, Answer)
    assert (given.status, given.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert given.body.decode().startswith(start)
    assert given.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert answer(api, path, at_s=99)[0] == answer(api, path, at_s=105)[0] == 200


def test_forbidden_while_the_roles_are_not_loaded() -> None:
    """After a restart everything is forbidden for a second, reviews and version as well."""
    api = Api(recorded("step-up-hard"), [Fault("restart", 100)])
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    for path in (HPAS.path("step-up-hard"), "/version"):
        statuses = [answer(api, path, at_s=at_s)[0] for at_s in (99, 107.5, 108.5)]
        assert statuses == [200, 403, 200]
    assert answer(api, review, at_s=107.5, method="POST")[0] == 403


def test_revoked_token_is_unauthorized_for_good() -> None:
    """From its second on each new request gets 401; a watch opened before goes on."""
    api = Api(recorded("step-up-hard"), [Fault("revoke", 100)])
    path = HPAS.path("step-up-hard")
    assert [answer(api, path, at_s=at_s)[0] for at_s in (99, 100, 900)] == [200, 401, 401]
    opened = api.answer(Question("GET", path, {"watch": "1", "timeoutSeconds": "60"}), 90)
    assert isinstance(opened, Watch)
    later = [step for step in opened.steps if step.at_s > 100]
    assert [(step.at_s, step.ending) for step in later][-1] == (150, "close")
    assert any(step.line for step in later)
