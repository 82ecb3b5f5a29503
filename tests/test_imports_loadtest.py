"""The load tester's architecture as a test: which way its wings point, and who knows Locust."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import asr_loadtest
from source_tree import SourceTree, imports_of

TREE = SourceTree(Path(asr_loadtest.__file__).parent)

# Which wing may know which other: docs/design.md draws it.
ALLOWED: dict[str, set[str]] = {
    "load": set(),
    "cluster": {"load"},
    "judgement": {"load"},
    "autoscaler": {"cluster", "judgement", "load", "manifests"},
    "report": {"autoscaler", "cluster", "judgement", "load"},
    "manifests": set(),
    "engine": {"autoscaler", "cluster", "judgement", "load", "manifests", "report"},
    "selftest": {"judgement", "load", "report"},
    "replay": set(),
    "cli": {
        "autoscaler",
        "cluster",
        "engine",
        "judgement",
        "load",
        "manifests",
        "replay",
        "report",
        "selftest",
    },
}

# What of the SDK it uses; all else is the SDK's own affair.
OF_THE_CLIENT = {
    "audio",
    "auth",
    "calls",
    "classification",
    "cli",
    "client",
    "contracts",
    "deadline",
    "drive",
    "embedded",
    "endpoint",
    "errors",
    "faults",
    "languages",
    "pacing",
    "retry",
    "settings",
    "testing",
    "transports",
}

# Decisions are pure: these reach for no socket, process or thread; who reads files is named.
PURE = ("autoscaler", "judgement", "load", "manifests")
IO = {"asyncio", "grpc", "httpcore", "socket", "subprocess", "threading", "urllib"}

OWNERS: dict[str, str | tuple[str, ...]] = {
    "locust": "engine",
    "gevent": "engine",
    "geventhttpclient": "engine/wires/http_reply.py",
    "grpc": "engine/wires/grpc_wire.py",
    "flask": "engine/web_tab.py",
    "psutil": "engine/sending/pulse.py",
    "urllib": ("cluster", "replay"),
    "lightkube": "cluster/kubernetes",
    "httpx2": "cluster/kubernetes",
    "yaml": ("cluster/kubernetes/access.py", "manifests/documents.py"),
}

# The engine's rooms, and what else of it each may know.
SHARED = {"cadence", "client_settings", "clock", "crew", "messages", "options"}
ROOMS_OF_THE_ENGINE: dict[str, set[str]] = {
    "wires": set(),
    "planning": SHARED | {"wires"},
    "sending": SHARED | {"planning", "wires"},
    "measuring": SHARED | {"planning"},
    "leading": SHARED | {"measuring", "planning"},
}


@pytest.mark.parametrize("path", TREE.modules(), ids=TREE.name_of)
def test_module_knows_only_whom_it_may(path: Path) -> None:
    """Wings point one way, and use of the SDK what they are meant to."""
    own = TREE.room_of(path)
    if own == "__init__":
        return
    for imported in imports_of(path):
        package, _, target = imported.partition(".")
        room = target.partition(".")[0]
        if package == "asr_loadtest" and room:
            assert room in ALLOWED[own] | {own}, f"{TREE.name_of(path)} imports {imported}"
        if package == "asr_client" and room:
            assert room in OF_THE_CLIENT, f"{TREE.name_of(path)} imports {imported}"


@pytest.mark.parametrize("room", ROOMS_OF_THE_ENGINE)
def test_room_of_the_engine_knows_only_those_below_it(room: str) -> None:
    """The lead and those that send meet in messages alone; wires know nobody."""
    allowed = ROOMS_OF_THE_ENGINE[room] | {room}
    for path in (TREE.folder / "engine" / room).glob("*.py"):
        for imported in imports_of(path):
            wing, _, rest = imported.removeprefix("asr_loadtest.").partition(".")
            is_known = wing != "engine" or rest.partition(".")[0] in allowed
            assert is_known, f"{TREE.name_of(path)} imports {imported}"


@pytest.mark.parametrize(
    "path", [p for p in TREE.modules() if TREE.room_of(p) in PURE], ids=TREE.name_of
)
def test_decisions_are_pure(path: Path) -> None:
    """What is offered and what is judged needs no server, process or clock to be tested."""
    assert {imported.partition(".")[0] for imported in imports_of(path)}.isdisjoint(IO)


@pytest.mark.parametrize("path", TREE.modules(), ids=TREE.name_of)
def test_third_parties_stay_with_their_owners(path: Path) -> None:
    """Locust and gevent, which patch the whole process, are known in one wing."""
    for imported in imports_of(path):
        owner = OWNERS.get(imported.partition(".")[0])
        name = TREE.name_of(path)
        assert owner is None or name.startswith(owner), f"{name} imports {imported}"


@pytest.mark.parametrize(
    "statement",
    [
        "import asr_loadtest.cli",
        "import asr_loadtest.cli.commands",
        "import asr_loadtest.engine.arguments",
        "import asr_loadtest.engine.options",
        "import asr_loadtest.load.corpus",
        "import asr_loadtest.report.assessment",
        "import asr_loadtest.selftest",
    ],
)
def test_import_patches_nothing(statement: str) -> None:
    """Reports, self-test and options are had without Locust, whose import patches sockets."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"locust", "gevent", "geventhttpclient"})


@pytest.mark.parametrize(
    "path", [p for p in TREE.modules() if TREE.room_of(p) != "engine"], ids=TREE.name_of
)
def test_module_exports_what_it_says(path: Path) -> None:
    """Each module has an __all__ whose names exist; the engine's are loaded under Locust alone."""
    loaded = importlib.import_module(TREE.dotted(path))
    exported = getattr(loaded, "__all__", ())
    assert exported or path.name == "__init__.py"
    assert all(hasattr(loaded, each) for each in exported)
