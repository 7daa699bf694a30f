"""Codes become sentences, in both languages, and nothing is lost without one."""

from medviewer.core.errors import Notice
from medviewer.services.words import say, text


def test_a_notice_says_its_facts_in_both_languages():
    notice = Notice("frame-out-of-range", facts={"frame": 9, "frames": 3})
    assert "9" in say(notice).message
    assert say(notice).remedy
    assert "9" in say(notice, "zh_CN").message
    assert say(notice, "zh_CN").message != say(notice).message


def test_a_code_without_a_sentence_still_tells_its_facts():
    assert say(Notice("never-heard-of", facts={"n": 3})).message == "never-heard-of (n: 3)"


def test_a_fact_that_is_missing_is_a_dash_and_no_crash():
    assert "–" in text("frame-out-of-range", frame=1)


def test_message_and_remedy_stand_in_a_row_as_each_language_writes_it():
    english, chinese = (say(Notice("empty-file"), lang) for lang in ("en", "zh_CN"))
    assert english.text == f"{english.message} {english.remedy}" and english.remedy
    assert chinese.text == f"{chinese.message}{chinese.remedy}" and chinese.message.endswith("。")
