"""Where one user's settings, data and caches are: the platform's folders, or one folder that was named."""

import os
from dataclasses import dataclass
from pathlib import Path

from medviewer.core.errors import MedviewerError


@dataclass(frozen=True, slots=True)
class Profile:
    """Three folders, made when first asked for; caches are apart from data and safe to delete."""

    config: Path
    data: Path
    cache: Path

    @classmethod
    def at(cls, folder: str | Path | None = None) -> "Profile":
        """The profile in `folder`, else in MEDVIEWER_PROFILE, else in the platform's user folders."""
        chosen = folder or os.environ.get("MEDVIEWER_PROFILE")
        if chosen:
            root = Path(chosen).expanduser().absolute()
            return cls(root / "config", root / "data", root / "cache")
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("medviewer", appauthor=False)
        return cls(Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_cache_dir))

    @property
    def unpacked(self) -> Path:
        """Where archives and the sample patient go; whoever writes there makes it."""
        return self.cache / "unpacked"

    def workspace(self) -> Path:
        """`unpacked`, made here, readable by the user alone. Raises `output-unwritable`."""
        folder = self.unpacked
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise MedviewerError("output-unwritable", str(folder), reason=error.strerror or "") from error
        return folder
