"""From a folder, a manifest or the shipped samples to clips: the corpus's only I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from asr_client.audio import prepare
from asr_client.errors import AudioError, ConfigError
from asr_loadtest.load.corpus.clips import Clip, check_memory
from asr_loadtest.load.corpus.languages import canonical_language
from asr_loadtest.load.corpus.manifest import MANIFEST_SUFFIXES, Entry, parse_manifest
from asr_loadtest.load.corpus.mix import parse_mix
from asr_loadtest.load.corpus.spec import SHIPPED, CorpusSpec

__all__ = ["read_clips", "shipped_manifest"]

# By name only: a folder of recordings holds readmes, transcripts and scripts as well.
_AUDIO_SUFFIXES = """
    .aac .aif .aiff .amr .au .caf .flac .m4a .m4b .mka .mkv .mov .mp3 .mp4 .oga .ogg .opus .sph .w64
    .wav .webm .wma .wv
"""

_MOST_FLAWS = 5

# Where a clone may be: around this file, or where the user stands.
_CLONES = (Path(__file__).parents[4], Path())
_SHIPPED_MANIFEST = Path("samples", "speech", "manifest.tsv")


def read_clips(spec: CorpusSpec, rate_hz: int) -> tuple[list[Clip], list[str]]:
    """
    Read and decode what *spec* names, in the order of the manifest or by name.

    Returns:
        The clips, unpadded; and what the user should know of them.

    Raises:
        ConfigError: If there is nothing to read, a file is not audio, or all of it is too much.
    """
    folder, entries, notes = _entries(spec.source)
    wanted = _wanted_languages(spec)
    clips: list[Clip] = []
    flawed: list[str] = []
    samples = 0
    for entry in entries:
        language = canonical_language(entry.language or spec.default_language)
        if wanted and language not in wanted:
            continue
        clip, flaws = _read(folder, entry, language, rate_hz)
        samples += clip.wave.samples.size
        check_memory(samples, rate_hz)
        clips.append(clip)
        flawed += [f"{clip.name}: {flaw}" for flaw in flaws]
    if not clips:
        raise ConfigError(
            f"{spec.source}: no recording is in {' or '.join(sorted(wanted))}",
            hint="name the languages in a manifest, or a default language",
        )
    return clips, notes + _shortened(flawed)


def _shortened(notes: list[str]) -> list[str]:
    """Keep the first: a thousand telephone calls have a thousand times the same flaw."""
    more = len(notes) - _MOST_FLAWS
    return [*notes[:_MOST_FLAWS], *([f"{more} more remarks on recordings"] if more > 0 else [])]


def _wanted_languages(spec: CorpusSpec) -> set[str]:
    """Languages that will be used; the others need not be decoded. Empty: all."""
    filtered = {canonical_language(language) for language in spec.languages}
    return filtered or set(parse_mix(spec.mix).languages)


def _entries(source: str) -> tuple[Path, Sequence[Entry], list[str]]:
    """Give the folder that paths are relative to, what it lists, and notes."""
    path = shipped_manifest(_CLONES) if source == SHIPPED else Path(source).expanduser()
    if path.is_dir():
        manifests = [path / f"manifest{suffix}" for suffix in MANIFEST_SUFFIXES]
        listed = next((manifest for manifest in manifests if manifest.is_file()), None)
        if listed is None:
            return path, _entries_of_folder(path), []
        read = f"{path.resolve().name} was read by its {listed.name}"
        note = f"{read}; what that does not list was left out"
        return path, _entries_of_manifest(listed), [note]
    return path.parent, _entries_of_manifest(path), []


def shipped_manifest(places: Iterable[Path]) -> Path:
    """
    Find the list of the recordings that are shipped with the repository.

    Args:
        places: Folders that may be a clone of it; the first one counts.

    Raises:
        ConfigError: If none is.
    """
    for place in places:
        if (place / _SHIPPED_MANIFEST).is_file():
            return place / _SHIPPED_MANIFEST
    raise ConfigError(
        "the sample recordings are in the project's repository and not in the installed package",
        hint="start in a clone of the repository, or name a folder of recordings or a manifest",
    )


def _entries_of_folder(folder: Path) -> Sequence[Entry]:
    suffixes = _AUDIO_SUFFIXES.split()
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    recordings = [file for file in files if file.suffix.lower() in suffixes]
    # Hidden ones are other programs' business: "._a.wav" is no audio, and nobody sees it.
    entries = [Entry(file.as_posix()) for file in sorted(recordings) if file.name[0] != "."]
    if not entries:
        raise ConfigError(
            f"{folder}: this folder holds no recordings",
            hint="files are taken by their suffix, such as .wav or .flac; a manifest lists others",
        )
    return entries


def _entries_of_manifest(path: Path) -> Sequence[Entry]:
    suffix = path.suffix.lower()
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file or folder", hint="check the path") from error
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        kinds = f"a manifest is text in UTF-8 ({', '.join(MANIFEST_SUFFIXES)})"
        raise ConfigError(f"{path}: it is no manifest", hint=kinds) from error
    if suffix not in MANIFEST_SUFFIXES:
        raise ConfigError(
            f"{path}: a manifest's name ends in {', '.join(MANIFEST_SUFFIXES)}",
            hint="for recordings, name the folder that they are in",
        )
    return parse_manifest(text, path.name, suffix)


def _read(folder: Path, entry: Entry, language: str, rate_hz: int) -> tuple[Clip, tuple[str, ...]]:
    try:
        prepared = prepare(folder / entry.path, rate_hz=rate_hz)
    except AudioError as error:
        where = f"{entry.where}: " if entry.where else ""
        raise ConfigError(where + error.message, hint=error.hint) from error
    # A file's name may hold bytes that are no text: no message and no report could carry them.
    name = entry.path.encode(errors="backslashreplace").decode()
    return Clip(name, language, entry.text, prepared.wave), prepared.warnings
