"""Sentences and statements: where one ends, what a form answers, and whether a phrase still belongs to a denial before it or to a
cue behind it. Patterns of English and Chinese notes; the cues themselves are in `resources/lexicon`."""

import re
from collections.abc import Iterator

from medviewer.core.note import State

_SPLIT = {
    "en": re.compile(
        r"(?<=[.!?])[\"')]*\s+(?=[A-Z\"'(\d*])|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)]|[A-Z][A-Za-z /&]{2,40}:))|(?<=;)\s"
        r"|\s(?=\d{1,2}\)\s)|(?<![A-Z/&])\s+(?=[A-Z][A-Z /&]{3,40}(?:\([A-Z]+\))?:\s)"
    ),
    "zh": re.compile(
        r"(?<=[。！；!;])|(?<![、，,及和或与无见认])\n+"
        r"|(?<![:：])[ \t\u3000]+(?=无|未|不|否认|没|考虑|可疑|疑|双|左|右|两|心|肺|余)"
    ),
}
"""Ends of sentences; Chinese notes also end a clause with a space before what begins a new one (NT-07)."""
_FORM = re.compile(
    r"\s*(?::|-|：)\s*(?:(?:none|nil|negative|absent|never|denies|denied|n/a)\b|no(?=\s*(?:[.,;)\n]|$)))|\s*\(-\)", re.IGNORECASE
)
"""A form's answer after the phrase: "Fever: none" (NT-02)."""
_YES = re.compile(r"\s*(?:[:：]\s*(?:yes|present|positive|有)\b|[(（][+＋]+[)）])", re.IGNORECASE)
_TICKED = re.compile(r"(?P<no>\[\s*\]|[☐□])\s*$|(?P<yes>\[[xX✓]\]|[☑☒✓■])\s*$|(?:^|[\s/,;(])(?P<sign>[-+−–＋])[ \t]?$")
"""A box or sign before the phrase: "[ ] asthma", "+ cough / - fever"; a dash alone only begins an item of a list."""
_MINUS = ("-", "−", "–")
_PLUS = re.compile(r"(?:^|[\s/,;(])[+＋] ?\w")
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|No|approx|e\.g|i\.e)\.$")
_STATED = re.compile(
    r"[\d一二三四五六七八九十半]+(?:余|多|个)?(?:年|月|天|日|周|小时|分|次|级|mm|cm|度)|[有见伴为呈示加重增曾偶仍尚]|较前|频发|阵发|肿胀|抬高|升高|降低|下降|减少|扩大|缩小|模糊|紊乱|轻度|中度|重度|少量|大量|明显|间断|间歇|反复|持续|经常|^\s*[左右双两对]"
)
"""Words that say a Chinese clause states something of its own; a bare item after a comma goes on with the list."""
_ITEM = 10
"""Characters of a clause that can still be an item of a list."""
_OPENS = re.compile(
    r"\s*(?:(?P<article>a|an|the|his|her|its|their|there|this|these|that|those)|trace|mild(?:ly)?|moderate(?:ly)?|minimal|slight|small|tiny|minor|stable"
    r"|unchanged|persistent|ongoing|chronic|old|healed|scattered|some|occasional|intermittent|frequent|known|only|positive|increased"
    r"|normal|intact|possible|probable|likely|suspected|questionable|concern|history of|prior|previous|status post|\+)\b",
    re.IGNORECASE,
)
"""How an English statement of its own begins after a comma or "and" that follows "no …"."""
_LISTED = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_SAID = re.compile(
    r"\s+(?:is|are|was|were|has|have|remains?|persists?|continues?)\b(?!\s+(?:all\s+|both\s+)?(?:not|no|absent|denied|negative|excluded|ruled|unlikely|resolved|cleared))"
)
_FOUND = re.compile(
    r"\s+\w+\s+(?:\w+\s+)?(?:seen|noted|identified|found|detected|present|evident|appreciated|visualized|demonstrated|observed|reported)\b"
)
_DONE = re.compile(
    r"(?<!that )(?<!which )\b(?:is|are|was|were|been) \w*(?:ed|en|wn|ade|ought|ut|one)\b.*\b(?:for|because|despite|to treat)\b",
    re.IGNORECASE,
)
"""A passive between "no" and the phrase: "no medication was taken for the headache"."""
_UNLESS = re.compile(
    r"\s*,?\s*(?:except|other than|apart from|aside from|but only|unless|only)\s+(?:for\s+)?"
    r"(?:when|with|on|at|after|during|while|if|in|upon|by)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(r"instead|rather")
_AFAR = re.compile(r"\b(?:for|because|in|as|when|to|due|after|with)\b", re.IGNORECASE)
"""What ends "instead of …" and "rather than …", which speak of one thing."""
_NOUN = re.compile(r"(?:in the )?(?:absence|lack)\b|neither|nor\b|without")
_VERB = re.compile(
    r"\b(?:suggests?|indicates?|worsens?|worsened|causes?|caused|triggers?|explains?|supports?|raises?|makes?"
    r"|led to|leads to|accompan(?:y|ies|ied)"
    r"|precedes?|preceded|follow(?:s|ed)|relieved|relieves|precipitated|aggravates?|exacerbates?)\s",
    re.IGNORECASE,
)
"""Verbs after "absence of …" whose object is no part of what is absent."""
_NO = re.compile(r"(?:no|without|w/o|neither|not|never|(?:has|have|had|did|does|do|was|were|is|are) not|\w+ no)\b")
_PLAIN = re.compile(r"no|not|never|(?:has|have|had|did|does|do|was|were|is|are) (?:not|never)|(?:had|has|have|with) no")
_FOR = re.compile(r"\bfor (?:the|his|her|their|its|a|an|this|that|these)\b", re.IGNORECASE)
"""What "not" denied is a deed, and the phrase its reason: "has not taken insulin for the diabetes"."""
_WENT = re.compile(
    r"\s+(?:then |since |now |soon |eventually |spontaneously |completely |fully )?"
    r"(?:resolved|cleared|subsided|abated|disappeared|vanished|ceased|remitted"
    r"|dissipated|healed)\b(?!\s*,?\s+(?:but|only|and|then)\s+(?:then\s+)?(?:to\s+)?(?:recur|return|came|come|re-?appear)"
    r"|\s+(?:partially|incompletely|partly|somewhat|when|if)\b)",
    re.IGNORECASE,
)
"""A phrase that went away: "his delirium cleared within days"."""
_RELATIVE = re.compile(
    r",\s*(?:who|whom|whose|which|where)\b[^,;.]{1,80},(?=\s*(?:has|had|have|was|is|were|are|died|did|does|den(?:y|ies|ied)|developed|suffered"
    r"|experienced|underwent|showed?|shows)\b)"
)
_SPOKE = re.compile(
    r"\b(?:is|are|was|were|has|have|remains?|persists?|continues?|shows?|increased|improved|worsened)\b[^,;]*(?:,|;|\band\b)",
    re.IGNORECASE,
)
"""A statement of its own between a phrase and a cue that follows: "a nodule is seen, effusion is absent"."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_CONDITION = re.compile(r"(?:if|unless|should|in case|in the event)\b", re.IGNORECASE)
_JOINED = re.compile(r",\s*(?:and\s+|but\s+)?$")
_NEIGHBOUR = re.compile(r"versus|vs\.?|ruled out|excluded", re.IGNORECASE)
_FARTHER = re.compile(
    r"\b(?:represent\w*|reflect\w*|suggest\w*|consistent|indicat\w*|due|with|from|may|likely|is|are|was)\b", re.IGNORECASE
)
_ASIDE = re.compile(
    r"\s*(?:,\s*(?:which|that|previously|seen|noted|described|identified|first|as)\b[^,;.]{1,60},|\([^()]{1,60}\))"
)
"""What is put in between: "the effusion, which was seen in May, has resolved"."""
LONGEST = 800
"""Characters of a sentence; what is longer is none and would let one cue reach over pages."""


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences."""
    found, start = [], 0
    for gap in _SPLIT["zh" if language == "zh" else "en"].finditer(text):
        if language != "zh" and _ABBREVIATED.search(text[max(start, gap.start() - 12) : gap.start()]):
            continue
        found.append((start, gap.start()))
        start = gap.end()
    found.append((start, len(text)))
    return [part for a, b in found if text[a:b].strip() for part in _short(text, a, b)]


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence without an end, as of a table or a scan, in parts of at most LONGEST characters, cut at a comma or space."""
    while end - start > LONGEST:
        cut = max((text.rfind(sign, start + LONGEST // 2, start + LONGEST) for sign in "，、,;\n \t"), default=-1) + 1
        cut = cut or start + LONGEST
        yield start, cut
        start = cut
    yield start, end


def asked(text: str, concept: str) -> list[tuple[int, int]]:
    """Where a phrase stands, ignoring case, however its lines are broken, in singular and plural; within longer words only where
    it stands nowhere as words of its own."""
    words = concept.split()
    if not words:
        return []
    if _CHINESE.search(concept):
        return [m.span() for m in re.finditer(r"\s*".join(map(re.escape, "".join(words))), text, re.IGNORECASE)]
    *head, last = words
    lead = "".join(rf"{re.escape(word)}(?:\s+|-\s*)" for word in head)
    for ending in (rf"(?<!\w){lead}{_inflected(last)}(?!\w)", r"\s+".join(map(re.escape, words))):
        found = [m.span() for m in re.finditer(ending, text, re.IGNORECASE)]
        if found:
            return found
    return []


def _inflected(word: str) -> str:
    """A pattern of an English noun in singular and plural: effusion(s), mass(es), biopsy/biopsies, diagnosis/diagnoses."""
    low = word.lower()
    if not low.isalpha() or len(low) < 3:
        return re.escape(word)
    if low.endswith(("sis", "ses")):
        return re.escape(low[:-2]) + "(?:is|es)"
    if low.endswith("ies") and len(low) > 4:
        return re.escape(low[:-3]) + "(?:y|ies)"
    if low.endswith("y") and low[-2] not in "aeiou":
        return re.escape(low[:-1]) + "(?:y|ies)"
    for ending in ("es", "s"):
        if (
            low.endswith(ending)
            and not low.endswith(("ss", "us", "is"))
            and (ending == "s" or low[:-2].endswith(("s", "x", "ch", "sh")))
        ):
            return re.escape(low[: -len(ending)]) + f"(?:{ending})?"
    return re.escape(low) + ("(?:es)?" if low.endswith(("s", "x", "ch", "sh")) else "s?")


def form(text: str, start: int, end: int, span: tuple[int, int]) -> tuple[State, tuple[int, int] | None, str] | None:
    """What a form answers to the phrase text[start:end]: a word or sign after it, a box or sign before it, or a verb that says it
    went away. The state, where the answer stands (None for "present") and the rule's name."""
    none = _FORM.match(text, end, span[1])
    if none:
        return "absent", none.span(), "form: none"
    if _YES.match(text, end, span[1]):
        return "present", None, ""
    went = _WENT.match(text, end, span[1])
    if went:
        return "absent", went.span(), "form: went away"
    ticked = _TICKED.search(text, max(span[0], start - 8), start)
    if ticked is None or (ticked["sign"] in _MINUS and not _PLUS.search(text, *span)):
        return None
    absent = ticked["no"] or ticked["sign"] in _MINUS
    return ("absent", ticked.span(ticked.lastgroup or 0), "form: none") if absent else ("present", None, "")


def apart(first: str, between: str, phrase: str, rest: str) -> bool:
    """After an English denial `first` and what stands `between` it and the phrase: does the phrase begin a statement of its own
    ("no effusion, trace edema"), belong to another verb
    ("lack of sleep worsens the migraine") or name the exception ("denies pain except when walking")?"""
    if _UNLESS.match(rest) or (_SHORT.match(first) and _AFAR.search(between)) or (_NOUN.match(first) and _VERB.search(between)):
        return True
    breaks = [m.end() for m in re.finditer(r",\s*(?:and\b)?|\band\b", between)]
    listed = not breaks or bool(_LISTED.search(between, breaks[-1]))
    rest = re.split(r"[.;\n]", rest, maxsplit=1)[0]
    comma = not listed and between[: breaks[-1]].rstrip().endswith(",")
    if comma and _SAID.match(rest):
        return True
    if not _NO.match(first):
        return False
    if _DONE.search(between) or (_PLAIN.fullmatch(first) and _FOR.search(between)):
        return True
    if listed:
        return False
    opens = _OPENS.match(between + phrase, breaks[-1])
    if opens and not _LISTED.search(rest):
        return not (opens["article"] and _OPENS.match(between))
    return bool(_SAID.match(rest)) and not _FOUND.match(rest)


def stated(text: str, start: int, end: int) -> bool:
    """Does a new statement begin between a Chinese cue and the phrase: a comma, and then more than the next item of a list?"""
    if not (comma := re.search(r"[，,]", text[start:end])):
        return False
    clauses, length = [], 0
    for clause in re.split(r"[，,。；;\n]", text[start + comma.end() : end + 40]):
        clauses.append(clause)
        length += len(clause) + 1
        if start + comma.end() + length > end:
            break
    return any(len(clause) > _ITEM or _STATED.search(clause) for clause in clauses)


def spoke(text: str, start: int, end: int) -> bool:
    """Does an English statement end between a phrase and a cue that follows: "a nodule is seen, effusion is absent"?"""
    return bool(_SPOKE.search(text, start, end))


def clause(text: str, start: int, end: int) -> bool:
    """Does a cue begin a clause that no cue before it reaches into?"""
    if _CHINESE.match(text[start]):
        return text[start - 1 : start] in ("，", ",")
    return bool(_CONDITION.match(text, start, end))


def joined(text: str, start: int) -> bool:
    """Does a cue follow a comma: "no colour flow, and likely represents a lipoma"?"""
    return bool(_JOINED.search(text, max(0, start - 12), start))


def other_statement(between: str) -> bool:
    """Does an English statement of its own begin between a phrase and a word of side: "no mass, trace effusion on the left"?"""
    return any(_OPENS.match(between, comma.end()) for comma in re.finditer(r"[,;]", between))


def farther(cue: str, between: str) -> bool:
    """Is a phrase too far from a cue behind it that judges its neighbour alone: "an opacity representing atelectasis versus
    pneumonia", "chest pain with infarction ruled out"?"""
    return bool(_NEIGHBOUR.fullmatch(cue) and _FARTHER.search(between))


def aside(text: str, end: int) -> int:
    """Where what is put in between after a phrase ends: "the effusion, which was seen in May, has resolved"."""
    found = _ASIDE.match(text, end)
    return found.end() if found else end


def relatives(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Relative clauses between commas: what they say ends nothing: "his brother, who smokes, had cancer"."""
    return [m.span() for m in _RELATIVE.finditer(text, start, end)]
