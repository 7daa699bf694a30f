"""Names of persons in English text: each word gets a score in bits, from how often it is a name and how often it is anything else
(`resources/names`), from what stands before and after it, and from its letters; above zero it is a name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from medviewer.core.privacy_words import (
    AGED,
    DOSE,
    MEDICAL,
    ROMAN,
    SCALED,
    SPEAKER,
    STATE,
    UNKNOWN,
    EnglishLevels,
    Token,
    UpperLines,
    tokens,
)


class Names:
    """The decision over one text."""

    def __init__(self, text: str, levels: EnglishLevels) -> None:
        self.text, self.levels, self.triples, self.cues = text, levels.words, levels.triples, levels.cues
        self.words = tokens(text)
        self.upper_lines = UpperLines(text)
        self.chinese = bool(re.search(r"[\u4e00-\u9fff]", text[:4000]))
        self.dialogue = len(SPEAKER.findall(text, 0, 4000)) > 1

    def gap(self, index: int) -> str:
        """What stands between a word and the one before it."""
        if index <= 0:
            return "\n"
        return self.text[self.words[index - 1].end : self.words[index].start] if index < len(self.words) else "\n"

    def low(self, index: int) -> str:
        return self.words[index].low if 0 <= index < len(self.words) else ""

    # What a word says by itself

    def known(self, low: str) -> str:
        found = self.levels.get(low)
        if found is None and low.endswith(("'s", "’s")):
            found = self.levels.get(low[:-2])
        return found or UNKNOWN

    def own(self, index: int) -> float:
        """Bits for "a name" by the word and its letters alone."""
        word = self.words[index]
        if word.low in self.cues.months:
            return -8.0
        if word.low in self.cues.never:
            return -30.0
        parts = [p for p in re.split(r"['’-]", re.sub(r"['’]s$", "", word.low)) if len(p) > 1] or [word.low]
        if word.low in self.levels:
            parts = [word.low]
        if word.shape == "camel" and self.known(word.low) == UNKNOWN:
            return -12.0
        if len(word.low.split("-")[0]) == 1:
            return -12.0  # B-lines
        each = [self._part(p, word, index) for p in parts]
        if len(parts) < 2 or word.shape != "title":
            return sum(each) / len(each)
        things = sum(self.known(p)[3] > max(self.known(p)[:2]) for p in parts)
        led = self.gap(index) in (" ", ". ") and index > 0 and self.words[index - 1].shape in ("title", "initial")
        alone = not led and self.known(parts[0])[0] < "3"
        return sum(each) / len(each) + (-5.0 if things else -1.0 if alone else 1.0)

    def _part(self, part: str, word: Token, index: int) -> float:
        given, last, text, capital = map(int, self.known(part))
        name = max(given, last)
        if word.shape == "title":
            first = self.first(index)
            other = max(capital - 1, text) if first else max(capital, text - 2)
            if name == 0 and MEDICAL.search(part):
                return -8.0
            if name == 0:
                return (-2.0 if first else -0.5) - 2.0 * other + (-2.0 if text + capital else self.sound(part))
            return 2.0 * (name - other) - (2.0 if not first else 5.0 if text else 3.0) - (4.0 if len(part) < 3 else 0.0)
        if word.shape == "upper":
            return self._upper(part, name, max(text, capital - 2), len(word.text), word.start in self.upper_lines)
        if name == 0 or len(part) < 3:
            return -10.0 if text else -8.0
        return 2.0 * (name - max(text, capital - 2)) - (9.0 if text else 6.0 if given else 7.0) - (3.0 if len(part) < 4 else 0.0)

    def _upper(self, part: str, name: int, other: int, length: int, among: bool) -> float:
        """Bits of a word in capitals; short ones are mostly abbreviations, `among` others in capitals a name is likelier."""
        if name == 0 and length < 4:
            return -16.0
        if name == 0:
            return -9.0 if other > 0 else -5.0 + self.sound(part) - (2.0 if length < 5 else 0.0)
        short = 0.0 if length > 3 else 14.0 if name < 4 else 4.0 if length == 3 else 9.0
        return 2.0 * (name - other) - (9.0 if self.chinese else 4.0 if among else 5.0) - short

    def sound(self, part: str) -> float:
        """Bits for "a name" by the letters of a word that is in no list."""
        ends = f"^{part}$"
        bits = sum(self.triples.get(ends[k : k + 3], 0) for k in range(len(ends) - 2)) / 10
        return min(max(0.5 * bits, -4.0), 2.5)

    def first(self, index: int) -> bool:
        """Whether a capital is due here: the beginning of a line or a sentence, or after a colon or in a cell."""
        gap = self.gap(index)
        return "\n" in gap or "\t" in gap or any(sign in gap for sign in ".:?!|•*") or "  " in gap

    # What stands beside it

    def cue(self, index: int) -> float:
        if "_" in self.text[max(self.words[index].start - 1, 0) : self.words[index].end + 1]:
            return -20.0
        if self._thing(index):
            return -6.0 + self._before(index) + self._after(index)
        given = self.known(self.low(index))[0] > "2"
        if not given and STATE.match(self.text, self.words[index].end) and not self._credential(index + 1):
            return -8.0
        dose = -10.0 if DOSE.match(self.text, self.words[index].end) else 0.0
        sized = (
            -6.0
            if re.search(r"(?<![:\d/-])\d{1,3}[ -]$", self.text[max(self.words[index].start - 5, 0) : self.words[index].start])
            else 0.0
        )
        return self._before(index) + self._after(index) + self._line(index) + dose + sized

    def _thing(self, index: int) -> bool:
        """A scale with its points ("Braden 16"), somebody's own ("my Littmann"), or the next in a list of drugs."""
        word = self.words[index]
        if word.shape != "title":
            return False
        behind = index + 2 if self.low(index + 1) in ("was", "were", "is", "not") else index + 1
        led = self.gap(index) in (" ", ". ") and index > 0 and self.words[index - 1].shape in ("title", "initial")
        if ROMAN.match(self.text, word.end) and not led:
            return True
        if self.low(behind) in self.cues.outcomes and not self.gap(index + 1).strip(" "):
            return True
        if SCALED.match(self.text, word.end) or (
            self.low(index - 1) in ("my", "your", "their", "its") and self.gap(index) == " "
        ):
            return True
        near = index - 1 if self.gap(index) == ", " else index - 2 if self.low(index - 1) in ("and", "or") else -1
        if near < 0 or self.words[near].shape != "title" or any(sign in self.gap(near + 1) for sign in ".:;\n"):
            return False
        return self.known(self.low(near))[:2] == "00" and self.known(self.low(near)) != UNKNOWN

    def _before(self, index: int) -> float:
        lower = self.words[index].shape == "lower"
        index = self._begin(index)
        gap, low, tight = self.gap(index), self.low(index - 1), self.gap(index).strip(" ")
        if "\n" in gap or (self.dialogue and ":" in tight):
            return 0.0
        if low in self.cues.titles and low == "fr" and self.text[max(self.words[index - 1].start - 2, 0)].isdigit():
            return 0.0
        shouted = low in ("mr", "dr", "ms") and self.words[index - 1].text.isupper() and self.words[index].shape != "upper"
        titled = low in self.cues.titles and not shouted and (low in self.cues.short_titles or not lower)  # not "MR signal"
        if low in ("san", "santa", "los", "las", "new", "fort", "mount", "port", "north", "south", "east", "west", "saint"):
            return -6.0
        if titled and tight in (("", ".") if low in self.cues.short_titles else ("",)):
            return 11.0 if lower else 14.0
        if low in self.cues.kin and tight in ("", ",", ":", "(", "-"):
            return 7.0
        if low == "named" or (low in ("née", "nee", "aka") and tight in ("", ":")):
            return 9.0
        if self.known(self.low(index))[2] > "4" and not lower:
            return 0.0  # a word of any text: only a title or a relative makes it a name
        if low in self.cues.roles or low.endswith("ist"):
            return (
                8.0
                if ":" in tight
                else 6.0
                if tight in ("", ",", "(", "|") and low not in ("to", "from", "name", "re", "best")
                else 3.0
            )
        if low in ("by",) and tight in ("", ":"):
            return 6.0 if self.low(index - 2) in self.cues.signed else 0.0 if lower else 3.0
        if low in self.cues.before and tight == "" and not lower:
            return 2.0 if self.known(self.low(index))[3] < "4" else 0.0
        if low in ("a", "an", "the") and tight == "":
            return -6.0
        if low in self.cues.dosing and tight == "" and not lower:
            return -5.0
        if low in self.cues.places and tight == "":
            return -3.0
        return 4.0 if low in self.cues.credentials and tight == "" and low not in ("do", "sr", "jr") else 0.0

    def _begin(self, index: int) -> int:
        """The word at which the particles and initials before a surname begin: "van der Meulen", "H Fitzwilliam"."""
        while (
            index > 0
            and self.gap(index) in (" ", ". ")
            and (
                (
                    self.words[index - 1].shape == "initial"
                    and (self.gap(index) == " " or self.known(self.words[index].low)[2] < "4")
                )
                or self.low(index - 1) in self.cues.particles
            )
        ):
            index -= 1
        return index

    def _after(self, index: int) -> float:
        after = index + 1
        gap, low = self.gap(after), self.low(after)
        tight = gap.strip(" ")
        if self.words[index].low.endswith(("'s", "’s")) and low in self.cues.kin:
            return 6.0
        if after >= len(self.words) or "\n" in gap:
            return self._number(index)
        beyond = self.text[self.words[index].end : self.words[index].end + 24]
        if (
            self._credential(after)
            and (tight == "," or (tight == "" and low not in ("do", "pt", "sr")))
            and "-" not in beyond[:6]
        ):
            return 10.0 if tight else 7.0
        if re.match(r",?\s+(?:M\.\s?D|R\.\s?N|D\.\s?O|Ph\.\s?D|P\.\s?A)\b", beyond):
            return 10.0
        if low in ("is", "was") and re.match(r"\s+(?:is|was)\s+an?\s+\d", beyond):
            return 7.0
        if low in self.cues.verbs and tight == "":
            return 2.0 if low in self.cues.weak_verbs else 4.0
        if low in self.cues.kin and tight in (",", "("):
            return 3.0
        if self.first(index) and tight == "" and self.known(self.low(index))[2] > "1" and self.words[after].shape == "lower":
            return -4.0  # "Neck: Stout build"
        return self._number(index)

    def _credential(self, index: int) -> bool:
        low = self.low(index)
        return low in self.cues.credentials and (self.words[index].text[:1].isupper() or low in ("rn", "md", "np", "lpn"))

    def _number(self, index: int) -> float:
        """A sex or an age right after it, as in lists."""
        return 6.0 if AGED.match(self.text, self.words[index].end) else 0.0

    def _line(self, index: int) -> float:
        """A name as a whole line (a signature, a list), or a speaker."""
        word = self.words[index]
        if word.shape not in ("title", "lower"):
            return 0.0
        if word.shape == "title" and self.first(index) and self.text[word.end : word.end + 3] in (" - ", " – "):
            return 3.0
        if re.match(r"[ \t]*:\s", self.text[word.end : word.end + 4]) and "\n" in self.gap(index):
            return 3.0
        return 0.0

    def eponym(self, index: int) -> bool:
        """Whether a thing follows that is called by a name: "Gill procedure", "Lachman and McMurray tests"."""
        if self.low(index - 1) in self.cues.titles and "\n" not in self.gap(index):
            return False
        for ahead in range(index + 1, min(index + 5, len(self.words))):
            between, word = self.gap(ahead), self.words[ahead]
            if any(sign in between for sign in ".:;\n(") or ("," in between and ahead > index + 1):
                return False
            if word.low in self.cues.followers:
                return True
            joined = word.low in ("and", "or", "type", "i", "ii", "iii", "iv", "v", "b", "a", "c", "grade", "left", "right")
            if not joined and not (word.shape == "title" and word.low not in self.cues.verbs):
                return False
        return False

    # The decision

    def find(self) -> list[tuple[int, int]]:
        count = len(self.words)
        own: dict[int, float] = {}
        score: dict[int, float] = {}
        for index, word in enumerate(self.words):
            if word.shape == "initial":
                continue
            common = int(self.known(word.low)[2]) if word.shape == "lower" else 0
            if common > 1 and (common > 5 or self.low(index - 1) not in self.cues.short_titles):
                continue
            value = self.own(index)
            role = any(word.low in s for s in (self.cues.roles, self.cues.kin, self.cues.titles))
            if value < -22.0 or (role and self.low(index - 1) not in self.cues.titles):
                continue
            own[index] = value
            bound = self.cue(index)
            if self.initialled(index):
                bound += 6.0
            if self.eponym(index):
                bound -= 14.0
            score[index] = value + bound
        chosen = {index for index, value in score.items() if value > 0}
        chosen = self._spread(chosen, own, score, count)
        chosen |= self._again(chosen, score)
        return self._spans(sorted(chosen))

    def initialled(self, index: int) -> bool:
        """An initial before it ("J. Lindqvist") or, after a comma, behind it ("Lopez, A.")."""
        word = self.words[index]
        if word.shape == "lower":
            return bool(re.search(r"(?:^|\s)[a-z]\. $", self.text[max(word.start - 4, 0) : word.start]))
        before = self.text[max(word.start - 6, 0) : word.start]
        if re.search(r"(?<![\w.])(?:[A-Z]\.[ -]?){1,3}$", before) and not re.search(r"(?:^|\W)\w\.\w\.\s$", before):
            return True
        return bool(
            re.match(r", (?![AI]\b(?!\.))[A-Z](?:\.|\b(?![\w/-]))(?:\s?[A-Z]\.)?", self.text[word.end : word.end + 8])
            and word.shape == "title"
        )

    def joined(self, index: int) -> bool:
        """Whether a word and the one before it can be one name."""
        return bool(re.fullmatch(r" |, |\. |-| \(| [A-Z]\.? |, [A-Z]\.? ", self.gap(index)))

    def _spread(self, chosen: set[int], own: Mapping[int, float], score: Mapping[int, float], count: int) -> set[int]:
        """Words next to a name that may be its other half."""
        grown = set(chosen)
        waiting = sorted(chosen)
        while waiting:
            index = waiting.pop()
            for near, gap_at in ((index + 1, index + 1), (index - 1, index)):
                while near < count and near > 0 and self.low(near) in self.cues.particles and self.gap(near) == " ":
                    near += 1 if near > index else -1
                if near in grown or not 0 <= near < count or near not in own or not self.joined(gap_at):
                    continue
                word, gap = self.words[near], self.gap(gap_at)
                short = word.shape == "upper" and len(word.text) < 4 and self.words[index].shape != "upper"
                if short or any(word.low in s for s in (self.cues.credentials, self.cues.titles, self.cues.roles, self.cues.kin)):
                    continue
                if (word.shape == "lower") != (self.words[index].shape == "lower"):
                    continue
                both = word.shape == self.words[index].shape == "upper"
                turned = 8.0 if both else 4.0 if self.known(self.low(max(near, index)))[0] > "2" else 1.0
                sure = near > index and score[index] > 12 and word.shape == "title"
                bonus = turned if gap.startswith(",") else 0.0 if gap == ". " else 1.0 if "(" in gap else 9.0 if sure else 5.0
                if self.eponym(near):
                    bonus -= 14.0
                if own[near] > -8 and max(own[near], score[near] if near > index else own[near]) + bonus > 0:
                    grown.add(near)
                    waiting.append(near)
        return grown

    def _again(self, chosen: set[int], score: Mapping[int, float]) -> set[int]:
        """The same words elsewhere in the text, in the same letters."""
        seen = {re.sub(r"['’]s$", "", self.words[i].text) for i in chosen if len(self.words[i].text) > 2}
        seen |= {s.title() for s in seen if s.isupper()} | {s.upper() for s in seen}
        found = set()
        for index, word in enumerate(self.words):
            if index in chosen or re.sub(r"['’]s$", "", word.text) not in seen:
                continue
            if word.low in self.cues.never or word.low in self.cues.months or self.eponym(index):
                continue
            common = int(self.known(word.low)[2])
            if int(self.known(word.low)[3]) > 3 or (common >= 3 and (self.first(index) or word.shape != "title")):
                continue
            found.add(index)
        return found

    def _spans(self, chosen: Sequence[int]) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        last = -2
        for index in chosen:
            start, end = self.words[index].start, self.words[index].end
            if self.text[end - 2 : end] in ("'s", "’s"):
                end -= 2
            start = self._initials_before(start)
            if spans and self._one(last, index):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
            last = index
        return [(start, self._initials_after(end)) for start, end in spans]

    def _one(self, last: int, index: int) -> bool:
        """Whether only initials and particles stand between two words of one name."""
        between = self.text[self.words[last].end : self.words[index].start]
        if len(between) > 20 or "\n" in between:
            return False
        inner = [w for w in re.split(r"[\s,.]+", between) if w]
        return (
            bool(re.fullmatch(r"[\w\s,.'’-]*", between))
            and ("." not in between or bool(inner))
            and all(w.lower() in self.cues.particles or (len(w) == 1 and w.isupper()) for w in inner)
            and between.count(",") < 2
        )

    def _initials_before(self, start: int) -> int:
        before = self.text[max(start - 16, 0) : start]
        found = re.search(
            r"(?<![\w.'’>])(?<!\w-)(?:(?:[A-Z]\.[ -]?){1,3}|(?:[A-Z] ){1,2}|[a-z]\. )?"
            r"(?:(?:[Dd]e|[Ll]a|[Vv]an|[Vv]on|der|[Dd]el|al|el|[Ss]t\.|Ní|O)[ -]){0,3}$",
            before,
        )
        if not found or not found[0] or re.fullmatch(r"[AI] ?", found[0]):
            return start
        return start - len(found[0])

    def _initials_after(self, end: int) -> int:
        found = re.match(
            r",? (?!D\.\s?O\b|M\.\s?D\b|R\.\s?N\b|P\.\s?A\b|O\.\s?D\b)[A-Z]\.(?:\s?[A-Z]\.)?(?=\W|$)|"
            r" [B-HJ-Z](?=\s{2}|\n|$)|, (?![AI]\b|[MF]\s*(?:\d|,|$))[A-Z](?=[\s,)|]|$)| (?:III|IV|Jr\.?|Sr\.?)(?=\W|$)",
            self.text[end : end + 8],
        )
        return end + len(found[0]) if found else end


def english_names(text: str, levels: EnglishLevels) -> Iterator[tuple[int, int]]:
    """Half-open places of names of persons."""
    yield from Names(text, levels).find()
