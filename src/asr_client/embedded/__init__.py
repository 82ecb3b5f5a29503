"""
A real Triton with a real recogniser from wheels: Linux, no GPU, no container.

    server.py        EmbeddedTriton, what users see
    link.py          the pipes between it and ...
    supervisor.py    ... a process that starts, watches, restarts and stops one tritonserver:
      requirements.py  can it run here?   (pure; probe.py and interpreter_report.py find out)
      command_line.py  command line and environment   (pure)
      repository.py    the model repository, of which served.py knows each model
      triton.py        the server process, of whose failures triton_log.py tells the reason
      canary.py        the first request
      state.py         its folder, and the sweeping of what a crash left
      processes.py, shared_memory.py   what else belongs to it
    models/          an ordinary Triton model repository
"""

from __future__ import annotations

from asr_client.embedded.events import Event
from asr_client.embedded.options import EmbeddedOptions, SlowModel
from asr_client.embedded.served import SERVED_MODELS
from asr_client.embedded.server import EmbeddedTriton

__all__ = ["SERVED_MODELS", "EmbeddedOptions", "EmbeddedTriton", "Event", "SlowModel"]
