"""Every string of the window is there in Chinese, with the same facts in it, and the window speaks it."""

import importlib.util
import re

import pytest
from desk import start
from PySide6.QtWidgets import QApplication

from medviewer.store.assets import asset
from medviewer.ui.app import load_translations
from medviewer.ui.commands import command


@pytest.fixture(scope="module")
def update():
    spec = importlib.util.spec_from_file_location("update", asset("i18n/update.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_string_of_the_window_has_a_translation_with_the_same_facts(update):
    from pathlib import Path

    import medviewer.ui

    strings = update.found(Path(medviewer.ui.__file__).parent)
    there = update.kept(asset("i18n/medviewer_zh_CN.ts"))
    assert sum(len(texts) for texts in strings.values()) > 150
    for context, texts in strings.items():
        for text in texts:
            said = there.get((context, text), "")
            assert said, f"{context}: {text!r} (python resources/i18n/update.py)"
            assert sorted(re.findall(r"\{\w+\}", said)) == sorted(re.findall(r"\{\w+\}", text)), text


def test_the_window_speaks_chinese_and_nothing_important_is_cut(qtbot, tmp_path):
    application = QApplication.instance()
    translators = load_translations(application, "zh_CN")
    assert len(translators) == 2
    try:
        desk = start(qtbot, tmp_path / "profile", lang="zh_CN")
        assert desk.window.notice.text() == "仅供研究，不用于诊断"
        assert command("invert").text() == "灰度反转"
        assert command("preset-3").text() == "窗预设 3"
        for widget in (desk.window.notice, desk.window.empty.open, desk.window.empty.sample):
            assert widget.width() >= widget.sizeHint().width()
        desk.window.close()
    finally:
        for translator in translators:
            application.removeTranslator(translator)
