"""Settings survive damage and hold only what differs."""

import json

import pytest

from medviewer.store.profile import Profile
from medviewer.store.settings import Settings


def test_only_what_differs_from_the_defaults_is_kept(tmp_path):
    settings = Settings(Profile.at(tmp_path))
    settings.set("overlay_opacity", 0.4)
    settings.set("language", "")
    assert json.loads((tmp_path / "config" / "settings.json").read_text()) == {"overlay_opacity": 0.4}
    assert Settings(Profile.at(tmp_path)).get("overlay_opacity") == 0.4


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"overlay_opacity": "much"}'])
def test_cr05_damaged_settings_start_on_defaults_and_the_file_is_kept(tmp_path, content):
    file = tmp_path / "config" / "settings.json"
    file.parent.mkdir()
    file.write_text(content)
    settings = Settings(Profile.at(tmp_path))
    assert settings.get("overlay_opacity") == 0.6
    settings.set("language", "en")
    kept = [f.read_text() for f in file.parent.iterdir()]
    assert content in kept or '"much"' in "".join(kept)


def test_safe_mode_neither_reads_nor_writes(tmp_path):
    Settings(Profile.at(tmp_path)).set("language", "en")
    safe = Settings(Profile.at(tmp_path), ignore=True)
    assert safe.get("language") == ""
    safe.set("language", "zh_CN")
    assert Settings(Profile.at(tmp_path)).get("language") == "en"


def test_settings_that_may_not_be_read_are_not_called_damaged(tmp_path, caplog):
    (tmp_path / "settings.json").mkdir(parents=True)
    settings = Settings(Profile(tmp_path, tmp_path, tmp_path))
    assert settings.get("cine_rate") == 10
    assert (tmp_path / "settings.json").is_dir() and not (tmp_path / "settings.damaged.json").exists()
    assert "damaged" not in caplog.text and "unreadable" in caplog.text
