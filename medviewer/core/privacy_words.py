"""Words of English text, what is known of each, and the patterns that tell a name from a thing; for `privacy_en`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")


@dataclass(frozen=True, slots=True)
class EnglishCues:
    """Words in lower case by what they say of a word beside them; `resources/names/cues.en.txt` tells of each."""

    titles: frozenset[str] = frozenset()
    short_titles: frozenset[str] = frozenset()
    kin: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    signed: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    weak_verbs: frozenset[str] = frozenset()
    followers: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    dosing: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EnglishLevels:
    """`words`: of a word in lower case four digits: how often a given name, a surname, a word of any text, a word with a capital
    inside a sentence; 0 = never, a step is four times as often. `triples`: how much likelier three letters (^ begins, $ ends) are
    in a name than in another word, in tenths of bits."""

    words: Mapping[str, str] = field(default_factory=dict)
    triples: Mapping[str, int] = field(default_factory=dict)
    cues: EnglishCues = field(default_factory=EnglishCues)


UNKNOWN = "0000"
CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
MAC = re.compile(r"(?:Ma?c|De|Di|Du|La|Le|Van|Von|Fitz|O|D|Mc)[A-Z][a-z]")
SPEAKER = re.compile(r"(?:^|\n)\s*(?:Doctor|Patient|Dr|Pt|Nurse|Clinician)\s?:")
MEDICAL = re.compile(
    r"(?:ectom(?:y|ies)|ostomy|otomy|oscopy|itis|osis|[ae]mia|uria|plasty|graphy|grams?|pathy|algia|mab|nib|vir|tide|statin|cillin|"
    r"mycin|azole|sartan|pril|olol|dipine|zepam|cycline|oxacin|parin|xaban|gliptin|gliflozin|monas|coccus|bacter|like|ology|ician|ologist|scopic|megaly)$"
)
"""Endings of words of medicine."""
STATE = re.compile(
    r", (?:(?:A[KLRZ]|C[AOT]|DE|FL|GA|HI|I[ADLN]|K[SY]|LA|M[AEINOST]|N[CDEHJMVY]|O[HKR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\b(?!\.)|"
    r"Ala|Ariz|Ark|Calif|Colo|Conn|Del|Flor|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|"
    r"Mass|Mich|Minn|Miss|Montana|Nebraska|Nevada|New |North |South |Ohio|Okla|Oregon|Penn|Rhode|Tenn|Texas|Utah|Verm|Wash|"
    r"West |Wisc|Wyom|Canada|Mexico|England|Scotland|Ireland|Germany|France|Italy|Spain|India|China|Japan)"
)
"""A state or a country behind it: a town."""
AGED = re.compile(
    r", \d{1,3}(?=[,;.)])|\s{2,}\d{1,3}(?=\s{2,})|"
    r"(?:\)|,|\s{2,}|\t|\s*\|)?\s*(?:[MF]\b(?!\.)|[MF]\s?\d|\d{1,3}\s?(?:yo\b|y\.?o|years?|[MF]\b)|age\b)"
)
"""A sex or an age right behind a name."""
ROMAN = re.compile(r" (?:I{1,3}|IV|VI{0,3})\b(?!\.)")
SCALED = re.compile(r" \d{1,2}(?:\.\d|[A-D]|/\d{1,2})?(?=[.,;/)]|\s|$)")
DOSE = re.compile(
    r"\s?(?:\(?\d[\d.,/-]*\s?(?:mg|mcg|g\b|ml|mL|units?|IU|%|U\b|x\d)|"
    r"(?:b\.?i\.?d|t\.?i\.?d|q\.?\d?[a-z]|p\.?r\.?n|p\.?o)\b|tablets?|caps|cream|XR|ER|HCT|\d\d/\d\d\b)|-\d"
)
"""What follows a drug, or a marker such as Ki-67."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its place, its letters, in lower case, and how it is written."""

    start: int
    end: int
    text: str
    low: str
    shape: str
    """"title", "upper", "lower" or "initial"."""


def _shape(word: str) -> str:
    if len(word) == 1:
        return "initial" if word.isupper() else "lower"
    if word.islower():
        return "lower"
    if word.isupper():
        return "upper"
    if CAMEL.search(word) and not MAC.match(word):
        return "camel"
    return "title" if word[0].isupper() or any(p[:1].isupper() for p in re.split(r"['’-]", word)) else "lower"


def tokens(text: str) -> list[Token]:
    """Words of a text with their places."""
    return [Token(m.start(), m.end(), m[0], m[0].lower(), _shape(m[0])) for m in WORD.finditer(text)]


class UpperLines:
    """Whether a place lies in a line that has no small letters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._last = (0, -1, False)

    def __contains__(self, place: object) -> bool:
        assert isinstance(place, int)
        start, end, upper = self._last
        if not start <= place <= end:
            start = self.text.rfind("\n", max(place - 400, 0), place) + 1
            stop = self.text.find("\n", place, place + 400)
            end = stop if stop >= 0 else min(place + 400, len(self.text))
            upper = not any(c.islower() for c in self.text[start:end])
            self._last = (start, end, upper)
        return upper
