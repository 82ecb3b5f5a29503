"""The files that asr-loadtest advise is given: manifests, and samples in whatever form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise.samples.report import sample_of_report
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.advise.samples.text import parse_sample
from asr_loadtest.autoscaler.advise.samples.timeline import sample_of_timeline
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, parse_hpa
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.manifests import Defect, Document, Manifests, check_manifests, parse_manifests
from asr_loadtest.report.assessment import assess_again
from asr_loadtest.report.run_folder import RunReader

__all__ = ["Files", "read_files", "read_sample"]

_HPA = "HorizontalPodAutoscaler"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Files:
    """
    What manifests were given.

    Attributes:
        spec: Of the HPA that advice is about.
        manifests: All objects; of HPAs that one alone.
        defects: What is wrong with the files by themselves.
    """

    spec: HpaSpec
    manifests: Manifests
    defects: tuple[Defect, ...]


def read_files(paths: Sequence[Path]) -> Files:
    """
    Read manifests.

    Args:
        paths: Files, or folders of .yaml and .yml files. The HPA is the first one's.

    Raises:
        ConfigError: If one cannot be read, or the first holds no HPA, or several.
    """
    first = _texts(paths[0])
    texts = dict(first)
    for path in paths[1:]:
        texts |= _texts(path)
    hpa = _the_hpa(parse_manifests(first), paths[0])
    everything = parse_manifests(texts).documents
    kept = [each for each in everything if each.kind != _HPA]
    # A variant in another file has the same name; advice is about the one that was named.
    files = {
        name: text
        for name, text in texts.items()
        if name in first or not _is_variant(text, hpa.name)
    }
    return Files(parse_hpa(hpa.body), Manifests((hpa, *kept)), _defects(files))


def read_sample(path: Path, workload: str) -> Sample:
    """
    Read a sample: a file of any form that `parse_sample` knows, or a run's folder.

    Args:
        path: The file or folder.
        workload: Name of the Deployment whose pods count.

    Raises:
        ConfigError: If it cannot be read, or holds no sample.
    """
    if path.is_dir():
        return _sample_of_run(path)
    return parse_sample(_text(path), source=str(path), workload=workload)


def _the_hpa(manifests: Manifests, path: Path) -> Document:
    found = list(manifests.of_kind(_HPA))
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"{path} holds no {_HPA}", hint="give the file that does first")
    raise ConfigError(
        f"{path} holds {len(found)} of {_HPA}: {', '.join(each.file for each in found)}",
        hint="give one HPA's file first, then the folder",
    )


def _is_variant(text: str, name: str) -> bool:
    documents = parse_manifests({"": text}).documents
    return bool(documents) and all((each.kind, each.name) == (_HPA, name) for each in documents)


def _defects(texts: Mapping[str, str]) -> tuple[Defect, ...]:
    try:
        return check_manifests(texts)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ConfigError(
            f"the manifests are not what the Kubernetes API takes: {error}",
            hint="kubectl apply --dry-run=server -f FILE says more",
        ) from error


def _texts(path: Path) -> dict[str, str]:
    if not path.is_dir():
        return {str(path): _text(path)}
    found = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES)
    if not found:
        raise ConfigError(f"{path} holds no YAML file", hint="give manifests, or their folder")
    return {str(each): _text(each) for each in found}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigError(f"cannot read {path}: {reason}", hint="see the path") from error


def _sample_of_run(folder: Path) -> Sample:
    """Take rates, queue and GPU from the run's report, CPU and memory from its watched cluster."""
    reader = RunReader(folder)
    report = assess_again(reader).document
    sightings = list(reader.sightings())
    if not sightings:
        return sample_of_report(report, str(folder))
    together = (report.get("server") or {}).get("all")
    span = (together["from_s"], together["until_s"]) if together else ()
    watched = sample_of_timeline(ClusterTimeline(sightings), *span)
    return sample_of_report(report, str(folder)).completed_by(watched) if together else watched
