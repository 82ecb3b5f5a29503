"""
A stand-in for a Kubernetes API server that plays recordings of a real one, on loopback.

Read-only, and no cluster: what was recorded comes again, list by list and watch by watch, at any
speed, with the faults it had and others on demand. For tests, demonstrations and dry runs of
whatever watches an autoscaler.

    reading/      files into recordings
    recording.py  what is played       history.py  objects over time
    faults.py     what goes wrong      resources.py, paths.py  what there is, and where
    api/          what an API server says
    serving/      sockets, threads and the clock
"""

from asr_loadtest.replay.faults import Fault, parse_fault
from asr_loadtest.replay.reading.files import read_recording
from asr_loadtest.replay.recording import Recording
from asr_loadtest.replay.serving.server import ReplayServer, SeenRequest

__all__ = [
    "Fault",
    "Recording",
    "ReplayServer",
    "SeenRequest",
    "parse_fault",
    "read_recording",
]
