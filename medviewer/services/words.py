"""Codes with facts → sentences in the user's language. The sentences stand in `resources/messages.<language>.json`."""

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from medviewer.core.errors import Fact, Notice
from medviewer.store.assets import asset

LANGUAGES = ("en", "zh_CN")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is wrong, and what the user can do ("" where nothing needs doing)."""

    message: str
    remedy: str

    @property
    def text(self) -> str:
        """Message and remedy in a row."""
        return in_a_row(self.message, self.remedy)


def in_a_row(message: str, remedy: str) -> str:
    """Both as one text; behind a full stop of Chinese stands no space."""
    return message + ("" if not remedy or message.endswith(("。", "？", "！")) else " ") + remedy


def say(notice: Notice, lang: str = "en") -> Sentence:
    """The sentence of a notice. A code without a sentence says its code and facts: ugly, but nothing is lost."""
    entry = _messages(lang).get(notice.code) or _messages("en").get(notice.code)
    if entry is None:
        facts = ", ".join(f"{name}: {value}" for name, value in notice.facts.items())
        return Sentence(f"{notice.code} ({facts})" if facts else notice.code, "")
    return Sentence(_fill(entry["message"], notice.facts), _fill(entry["remedy"], notice.facts))


def text(code: str, lang: str = "en", **facts: Fact) -> str:
    """The sentence of a code alone, for corner texts and labels."""
    return say(Notice(code, facts=facts), lang).message


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "–"


def _fill(template: str, facts: Mapping[str, Fact]) -> str:
    return string.Formatter().vformat(template, (), _Facts(facts))


@lru_cache(maxsize=len(LANGUAGES))
def _messages(lang: str) -> dict[str, dict[str, str]]:
    path = asset(f"messages.{lang}.json")
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
