"""What the servers told of themselves, in columns."""

from __future__ import annotations

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.blocks import bullets, facts, section
from asr_loadtest.report.page.markup import Column, table

__all__ = ["TREND", "server_tables"]

# Of any memory, whoever's it is.
TREND = (
    Column("mean", "mean_bytes", "bytes"),
    Column("an hour", "bytes_per_hour", "bytes"),
    Column("from", "low_bytes_per_hour", "bytes"),
    Column("to (95 %)", "high_bytes_per_hour", "bytes"),
)
_PODS = (
    Column("server", "pod"),
    Column("requests", "requests", "count"),
    Column("rate", "requests_rps", "rps"),
    Column("failed", "failures", "count"),
    Column("queue", "queue_s", "s"),
    Column("compute", "compute_s", "s"),
    Column("queueing", "queue_share", "share"),
    Column("batch", "batch", "plain"),
    Column("executing", "busy", "plain"),
    Column("waiting", "pending", "plain"),
    Column("CPU", "cpu_share", "share"),
    Column("RAM", "memory_used_bytes", "bytes"),
)
_MODELS = (Column("model", "name"), *_PODS[1:10])
_GPUS = (
    Column("GPU", "uuid"),
    Column("utilisation", "utilization", "share"),
    Column("memory used", "memory_used_bytes", "bytes"),
    Column("of", "memory_total_bytes", "bytes"),
    Column("power, W", "power_w", "plain"),
)


def server_tables(document: Document) -> list[str]:
    """Give what the servers told of themselves; nothing if nobody asked them."""
    server = document["server"]
    if server is None:
        return []
    counts = server["reconciliation"]
    numbers = range(len(server["pods"]))
    gpus = (table(document, f"server.pods.{number}.gpus", _GPUS) for number in numbers)
    batches = {pod["pod"]: pod["batches"] for pod in server["pods"] if pod["batches"]}
    together = table(document, "server.all", _PODS) if len(numbers) > 1 else ""
    return [
        section("Servers", table(document, "server.pods", _PODS), server["why"]),
        section("All servers together", together),
        section("Models", table(document, "server.models", _MODELS)),
        section("Executions by batch size", facts(batches)),
        section("GPUs", "".join(gpus)),
        section(
            "Memory of the servers",
            table(document, "server.memory", (*_PODS[:1], Column("memory", "memory"), *TREND)),
            "A leak rises steadily while the load stays the same.",
        ),
        section("Two counts", bullets([counts["words"], *counts["doubts"]])),
        section("About the servers' figures", bullets(server["notes"])),
    ]
