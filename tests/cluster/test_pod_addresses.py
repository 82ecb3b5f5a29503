"""Where the pods of a watched cluster have their metrics."""

from __future__ import annotations

from dataclasses import replace

from asr_loadtest.cluster.kubernetes.sightings import PodSeen
from asr_loadtest.cluster.pod_addresses import pod_addresses
from asr_loadtest.cluster.triton.scrape import MetricsScraper

POD = PodSeen(at_s=1.0, name="asr-a", uid="a", phase="Running", ip="10.244.0.3")


def test_running_pods_are_looked_at_under_their_names() -> None:
    """Each at its own address, by Triton's ports; IPv6 in brackets."""
    other = replace(POD, name="asr-b", uid="b", ip="fd00::7")
    found = {each.pod: (each.metrics_url, each.http_url) for each in pod_addresses([POD, other])}
    assert found == {
        "asr-a": ("http://10.244.0.3:8002/metrics", "http://10.244.0.3:8000"),
        "asr-b": ("http://[fd00::7]:8002/metrics", "http://[fd00::7]:8000"),
    }


def test_pods_that_wait_or_are_gone_are_not_asked() -> None:
    """The last that was seen of a pod counts."""
    waiting = replace(POD, name="asr-b", uid="b", phase="Pending", ip="")
    gone = replace(POD, at_s=2.0, is_gone=True)
    assert [each.pod for each in pod_addresses([POD, waiting])] == ["asr-a"]
    assert pod_addresses([POD, gone]) == ()


def test_scraper_knows_again_who_was_there() -> None:
    """What it knows of a server outlives the coming and going of others."""
    scraper = MetricsScraper(())
    assert scraper.pods == ()
    scraper.follow(pod_addresses([POD]))
    (first,) = scraper.pods
    scraper.follow(pod_addresses([POD, replace(POD, name="asr-b", uid="b", ip="10.244.0.4")]))
    assert scraper.pods[0] is first
    assert len(scraper.pods) == 2
