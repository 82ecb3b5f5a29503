"""Every form of a sample, and what is none."""

from __future__ import annotations

import json

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise import parse_sample

GIB = 2.0**30
TABLE = """\
NAME                   CPU(cores)   MEMORY(bytes)
asr-7d4b9c6f5-x2x9k    40m          4096Mi
asr-7d4b9c6f5-abcde    60m          2048Mi
gateway-5c9f8-aaaaa    900m         100Mi
"""
CONTAINERS = """\
POD                    NAME     CPU(cores)   MEMORY(bytes)
asr-7d4b9c6f5-x2x9k    triton   40m          4000Mi
asr-7d4b9c6f5-x2x9k    proxy    10m          96Mi
"""
EVERYWHERE = """\
NAMESPACE   NAME                  CPU(cores)   MEMORY(bytes)
dev         asr-7d4b9c6f5-x2x9k   40m          4Gi
"""


def pod_metrics(name: str, *uses: tuple[str, str]) -> dict[str, object]:
    """One PodMetrics, as the API gives it."""
    usage = [{"name": "c", "usage": {"cpu": cpu, "memory": memory}} for cpu, memory in uses]
    return {"metadata": {"name": name}, "containers": usage}


def report(**server: object) -> dict[str, object]:
    """A report's part about the servers."""
    together = {"requests_rps": 24.0, "queue_s": 0.4, "pending": 6.0}
    pods = [{"pod": "a", "requests": 700}, {"pod": "b", "requests": 20}]
    gpus = [{"utilization": 0.9}, {"utilization": None}, {"utilization": 0.7}]
    return {
        "schema": "asr-loadtest/1",
        "server": {"all": together, "pods": pods, "gpus": gpus} | server,
    }


def test_pod_table_is_averaged_over_the_workloads_pods() -> None:
    """Other pods of the namespace do not count; without a name all do."""
    sample = parse_sample(TABLE, source="top", workload="asr")
    assert (sample.replicas, sample.cpu_cores, sample.memory_bytes) == (2, 0.05, 3 * GIB)
    assert parse_sample(TABLE, source="top").replicas == 3


@pytest.mark.parametrize("text", [CONTAINERS, EVERYWHERE, CONTAINERS.partition("\n")[2]])
def test_pod_table_may_have_containers_namespaces_or_no_heading(text: str) -> None:
    """Containers are added up to their pod."""
    sample = parse_sample(text, source="top", workload="asr")
    assert sample.replicas == 1
    assert sample.memory_bytes == 4 * GIB


def test_pod_metrics_are_added_up_and_averaged() -> None:
    """As `kubectl get --raw` gives them, in nano-cores and KiB."""
    items = [
        pod_metrics("asr-7d4b9c6f5-x2x9k", ("40000000n", "4194304Ki"), ("10m", "0")),
        pod_metrics("asr-7d4b9c6f5-abcde", ("150m", "4194304Ki")),
    ]
    answer = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "items": items}
    sample = parse_sample(json.dumps(answer), source="raw", workload="asr")
    assert sample.cpu_cores == pytest.approx(0.1)
    assert sample.memory_bytes == 4 * GIB


def test_report_gives_rates_queue_gpu_and_shares() -> None:
    """Figures of all pods become a pod's where the sample says so."""
    sample = parse_sample(json.dumps(report()), source="report.json")
    assert (sample.replicas, sample.rps, sample.queue_s, sample.pending) == (2, 24.0, 0.4, 3.0)
    assert sample.gpu_utilization == pytest.approx(0.8)
    assert sample.requests_by_pod == {"a": 700, "b": 20}
    assert sample.cpu_cores is None


AS_TOML = """\
replicas = 2
cpu_cores = "700m"
memory_bytes = "4Gi"
gpu_utilization = 0.5
queue_grows = true
[requests_by_pod]
a = 7
"""
AS_YAML = """\
replicas: 2
cpu_cores: 700m
memory_bytes: 4Gi
gpu_utilization: 0.5
queue_grows: true
requests_by_pod: {a: 7}
"""
AS_JSON = """\
{"replicas": 2, "cpu_cores": 0.7, "memory_bytes": 4294967296, "gpu_utilization": 0.5,
 "queue_grows": true, "requests_by_pod": {"a": 7}}
"""


@pytest.mark.parametrize("text", [AS_TOML, AS_YAML, AS_JSON])
def test_small_file_is_toml_yaml_or_json(text: str) -> None:
    """The same figures in each of them."""
    sample = parse_sample(text, source="idle")
    assert (sample.replicas, sample.cpu_cores, sample.memory_bytes) == (2, 0.7, 4 * GIB)
    assert (sample.gpu_utilization, sample.queue_grows) == (0.5, True)
    assert sample.requests_by_pod == {"a": 7.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no figure"),
        ("[1, 2]", "no names and values"),
        ("just words", "is no sample"),
        ("{", "is no sample"),
        ("cpu_cores = 1\ncores = 2\n", "'cores' is no figure of a sample"),
        ("cpu_cores = -1\n", "cpu_cores cannot be '-1'"),
        ("cpu_cores = true\n", "cpu_cores cannot be 'True'"),
        ("cpu_cores = inf\n", "cpu_cores cannot be 'inf'"),
        ("memory_bytes = 'much'\n", "memory_bytes cannot be 'much'"),
        ("gpu_utilization = 97\n", "gpu_utilization cannot be '97'"),
        ("replicas = 0\n", "replicas cannot be '0'"),
        ("replicas = 1.5\n", "replicas cannot be '1.5'"),
        ("queue_grows = 1\n", "queue_grows cannot be '1'"),
        ("requests_by_pod = 5\n", "requests_by_pod cannot be '5'"),
        (TABLE + "rubbish\n", "no line of kubectl top pod: 'rubbish'"),
        ('{"apiVersion": "metrics.k8s.io/v1beta1", "items": [{}]}', "no whole PodMetricsList"),
        ('{"apiVersion": "metrics.k8s.io/v1beta1", "items": []}', "has no pod"),
        ('{"schema": "asr-loadtest/1"}', "no whole report"),
        ('{"schema": "asr-loadtest/1", "server": null}', "saw nothing of the servers"),
    ],
)
def test_what_is_no_sample_is_refused_in_one_line(text: str, says: str) -> None:
    """What is wrong, in which file, and what to do."""
    with pytest.raises(ConfigError) as refused:
        parse_sample(text, source="file")
    assert says in refused.value.message
    assert refused.value.message.startswith("file")
    assert refused.value.hint
    assert "\n" not in str(refused.value)


def test_pod_table_without_the_workloads_pods_names_others() -> None:
    """A wrong namespace shows in what is there."""
    with pytest.raises(ConfigError, match="has no pod of other; it has asr-"):
        parse_sample(TABLE, source="top", workload="other")
