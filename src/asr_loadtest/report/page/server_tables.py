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
_LEAK = "A leak rises steadily while the load stays the same."
_MODELS = (Column("model", "name"), *_PODS[1:10])
_GPUS = (
    Column("server", "pod"),
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
    counts, is_several = server["reconciliation"], len(server["pods"]) > 1
    pods = ("server.pods", "server.all") if is_several else ("server.pods",)
    models = table(document, _MODELS, "server.models") if len(server["models"]) > 1 else ""
    batches = {pod["pod"]: pod["batches"] for pod in server["pods"] if pod["batches"]}
    memory = (Column("server", "pod"), Column("memory", "memory"), *TREND)
    about = f"Of the model {server['model']}: {server['why']}."
    return [
        section("Servers", table(document, _PODS, *pods), about),
        section("Models", models),
        section("Executions by batch size", facts(batches)),
        section("GPUs", table(document, _GPUS, "server.gpus")),
        section("Memory of the servers", table(document, memory, "server.memory"), _LEAK),
        section("Two counts", bullets([counts["words"], *counts["doubts"]]), is_half=True),
        section("About the servers' figures", bullets(server["notes"]), is_half=True),
    ]
