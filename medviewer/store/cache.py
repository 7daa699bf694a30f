"""A bounded folder of arrays with a few words beside them, by key; safe to delete at any time."""

import contextlib
import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 256 << 20
"""Bytes kept; the entries used longest ago go first."""

Entry = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Cache:
    """`put` and `get` of (words, arrays). A damaged entry is as good as none; a full disk is no error."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest
        self._put = largest
        """Bytes put since the folder was looked through; so the first entry looks."""

    def get(self, key: str) -> Entry | None:
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            words = json.loads(bytes(arrays.pop("words")).decode("utf-8"))
            os.utime(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return words, arrays

    def put(self, key: str, words: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        path = self._path(key)
        part = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
        text = np.frombuffer(json.dumps(dict(words)).encode("utf-8"), np.uint8)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(part, allow_pickle=False, words=text, **arrays)
            part.replace(path)
            self._put += path.stat().st_size
            if self._put > self._largest // 64:  # not at each of a thousand files: it looks at all entries
                self._put = 0
                self._shrink()
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"

    def _shrink(self) -> None:
        entries = sorted(((p.stat().st_mtime_ns, p.stat().st_size, p) for p in self._folder.glob("*.npz")), reverse=True)
        kept = 0
        for _, size, path in entries:
            kept += size
            if kept > self._largest:
                path.unlink(missing_ok=True)
