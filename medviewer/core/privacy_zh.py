"""Names of persons in Chinese text.

A run of characters is cut into its likeliest words (unigram costs in bits, `resources/names`), where a name is one more word: the
cost of its surname and of the characters of its given name, less what the places beside it say (患者…, …医师).
What a cut finds with a good reason is marked again wherever else it stands in the text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

RUN = re.compile(r"[\u4e00-\u9fff]+")
BED = re.compile(r"\d床\s?$")
_SYLLABLE = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|uang|iong|ang|eng|ing|ong|iao|ian|uan|uai|ai|ei|ui|ao|ou|iu|ie|ue|er|an|en|in|un|ia|ua|uo|"
    r"a|o|e|i|u|v)"
)
_FAMILY = (
    r"(?:Zhang|Wang|Liu|Chen|Yang|Huang|Zhao|Wu|Zhou|Xu|Sun|Ma|Zhu|Hu|Guo|Lin|Luo|Gao|Zheng|Liang|Xie|Song|Tang|Han|Feng|Deng|Cao|Peng|Zeng|Xiao|"
    r"Tian|Dong|Pan|Yuan|Cai|Jiang|Yu|Du|Ye|Cheng|Wei|Su|Lu|Ding|Ren|Yao|Shen|Zhong|Cui|Tan|Fan|Liao|Shi|Jin|Jia|Xia|Fu|Fang|Zou|Xiong|Bai|Meng|"
    r"Qin|Qiu|Hou|Xue|Yan|Lei|Hao|Kong|Shao|Mao|Chang|Wan|Gu|Lai|Kang|Dai|Mo|Qian|Ni|Niu|Li|He)"
)
PINYIN = re.compile(
    rf"(?<![A-Za-z])(?:{_FAMILY}|{_FAMILY.upper()}),? (?=[A-Z])(?i:{_SYLLABLE}(?:[-’']?{_SYLLABLE})?)(?![A-Za-z])"
)
"""Zhang Wei, LIU Xiaodong: a Chinese name in Latin letters; looked for in Chinese text alone."""
LISTED = re.compile(r"\s?[、/]\s?(?P<it>[\u4e00-\u9fff]{2,4})(?=[、，。；/（(\s]|$)")
FOREIGN = re.compile(r"(?P<first>[\u4e00-\u9fff]{1,12})(?:[·•‧・][\u4e00-\u9fff]{1,7}){1,3}")
LONGEST = 6
NAME = 8.5
"""Bits that a name costs besides its characters, without any cue."""
KIN = 6.0
"""Bits of a relative before a name."""
JOINING = frozenset("和与向时从连应于经由能全强万常高方安成")
"""Surnames that are words between others: with a title they need more."""
SPEAKING = frozenset("诉述代签称于已曾因及副之正")
"""Hardly ever in a given name, often behind a name."""
ALONE = 22.0
"""Bits of a character that is in no list."""
LOOSE = frozenset("转由经请与及和、/遵找")
TITLED_BY = frozenset("先女小太医大主教护技药院科博老师奶爷阿叔治助住副同书")
LABEL_END = "：: \u3000\t,，是为叫（("
AFTER = re.compile(
    r"(?P<title>先生|女士|小姐|太太|医助|助理|队长|院士|护工|阿婆|阿公|婆婆|公公|大叔|大嫂|大姐|大哥|老汉|同学|警官|经理|校长|主管|组长|规培|研究生|医[师生]|大夫|主任|教授|护士|护师|技师|药师|院长|科长|博士|老师|师傅|奶奶|爷爷|大爷|大妈|大娘|阿姨|叔叔|老先生|老太太|治疗师|"
    r"助产士|主治|住院医|副主任|同志|书记|工(?=维)|某|氏(?=[陪述诉称])|老(?=[，,。])|家[一二两三四五]人|姓)"
    r"|(?P<list>[（(][\u4e00-\u9fff]{1,6}科[)）]|\s*[，,（(|]?\s*(?:男|女)(?![儿士友婴性孩婿])|\s*[，,]?\s*\d{1,3}岁|\s*[，,（(]\s*(?:父|母|夫|妻|子|女|丈夫|妻子|儿子|女儿)[)），,。、代])"
    r"|(?P<verb>病[情史程]|正[在值]|之[女子妻夫父母]|[入出住]院|神志|精神|体温|血压|今[日天]|昨[日天]|自[述诉行]|既往|目前|患者|病人|同志|一行|本人|[也已][经曾在]|不[在愿同能]|要求|拒绝|表示|认为|建议|负责|护送|[接代陪诉述说称签打来告前到在安突因也及家于术查指主])|(?P<phone>\s*1[3-9]\d{9}|\s*0\d{2,3}-)"
    r"|(?P<edge>\s*$|\s*[，,。；;、/（()）\n:：<＜\[【的]|\s{1,}|[A-Za-z0-9])"
)
NOT_AFTER = re.compile(r"[病症炎癌瘤药素片剂丸汤散膏酸型性期级科室院区县市省路街号床法术线镜管液盐钠钾钙糖醇胺酮]")
FAMILIAR = re.compile(
    r"[小老阿](?P<it>(?![婆公叔姨舅姑伯弟妹哥姐孩儿女伙时便腿年人是想有去毛三大子])[\u4e00-\u9fff])(?=[，,。、；：:\s也来已看说做陪在照送打的啊吧呢是处接]|$)"
)
"""小芳, 老杨, 阿强: a familiar name, or its surname."""
KIN_END = re.compile(
    r"(?:患者|病人|产妇|孕妇|家属|医[师生]|护士|联系人|丈夫|妻子|老公|老婆|老伴|父亲|母亲|爸爸|妈妈|儿子|女儿|其[夫妻父母子女]|[我院女男名叫是由和与及为经请])"
)
PIECES = re.compile(
    r"(?:扎西|卓玛|次仁|旺堆|多吉|尼玛|达瓦|平措|格桑|央金|德吉|白玛|洛桑|丹增|索朗|仁青|顿珠|贡布|拉姆|曲珍|旦增|边巴|普布|巴桑|次旦|强巴|群培|旺姆|措姆|"
    r"益西|桑杰|罗布|嘉措|坚赞|班丹|才让|才旦|卓嘎|加措|桑珠|次央|巴特尔|乌云|其其格|苏日娜|格日勒|斯琴|高娃|那仁|朝鲁|巴图|宝音|阿依|古丽|买买提|吐尔逊|艾合买提|"
    r"努尔|阿卜杜|热合曼|玉素甫|木合塔尔|帕提古丽|迪丽){2,4}"
)
"""Tibetan, Mongolian and Uyghur names, which have no surname."""


@dataclass(frozen=True, slots=True)
class ChineseCosts:
    """Bits of a surname among surnames, of a character among those of given names, of a word among all words."""

    surnames: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    heads: frozenset[str] = frozenset()
    """The first two characters of the words."""
    sure: frozenset[str] = frozenset()
    related: frozenset[str] = frozenset()
    """Words that stand before a name: labels and roles; relatives (`resources/names/cues.zh.txt`)."""
    toward: frozenset[str] = frozenset()
    """Verbs with a person behind them."""
    led_by: frozenset[str] = frozenset()
    """The last characters of `related`, and what ends a label."""


class _Cut:
    """The cut of one run of characters."""

    def __init__(self, text: str, start: int, end: int, costs: ChineseCosts) -> None:
        self.text, self.start, self.end, self.costs = text, start, end, costs

    def names(self) -> list[tuple[int, int, float]]:
        """(start, end, bits that speak for it) of the names on the likeliest way through the run."""
        words, heads, run = self.costs.words, self.costs.heads, self.text[self.start : self.end]
        length = len(run)
        best: list[tuple[float, int, bool, float]] = [(0.0, 0, False, 0.0)] + [(1e9, 0, False, 0.0)] * length
        for at in range(length):
            here = best[at][0]
            for size in range(1, min(LONGEST, length - at) + 1):
                cost = words.get(run[at : at + size], ALONE if size == 1 else None)
                if cost is not None and here + cost < best[at + size][0]:
                    best[at + size] = (here + cost, at, False, 0.0)
                if size == 2 and run[at : at + 2] not in heads:
                    break
            for size, bits, reason in self._persons(at, run):
                if here + bits < best[at + size][0]:
                    best[at + size] = (here + bits, at, True, reason)
        found, at = [], length
        while at:
            _, before, name, reason = best[at]
            if name:
                found.append((self.start + before, self.start + at, reason))
            at = before
        return found[::-1]

    def _persons(self, at: int, run: str) -> Iterator[tuple[int, float, float]]:
        """(length, cost, reason) of each name that may begin here."""
        surnames, given = self.costs.surnames, self.costs.given
        double = run[at : at + 2] if run[at : at + 2] in surnames and len(run) >= at + 2 else ""
        single = run[at] if run[at] in surnames else ""
        place = self.start + at
        last = self.text[place - 1] if place else " "
        if "0" <= last <= "9" or not (single or double or last in self.costs.led_by or run[at + 2 : at + 3] in TITLED_BY):
            return
        before = self._before(place)
        yield from self._given_alone(at, run, before)
        if not double and not single:
            return
        if single and before >= KIN and not RUN.match(self.text, place + 1) and self.text[place - 1] in "姓：: ":
            yield 1, NAME + surnames[single] - 3 - before, before
        for surname in (double, single):
            if not surname:
                continue
            base = NAME + surnames[surname] - before - (4 if len(surname) > 1 else 0)
            after, titled = self._after(self.start + at + len(surname))
            if titled:
                joined = surname in JOINING and "\u4e00" <= last <= "\u9fff"
                yield len(surname), base + (3 if joined else 0) - after, before + after
                continue
            for more in (1, 2):
                name = run[at : at + len(surname) + more]
                if len(name) < len(surname) + more or name[-1] == "氏":
                    break
                after, _ = self._after(self.start + at + len(name))
                weak = 1.5 if before < 4 and after < 5 else 0.0
                letters = (
                    weak + sum(given.get(c, 14) + 6 * (c in SPEAKING) for c in name[len(surname) :]) - (2 if more == 2 else 0)
                )
                yield len(name), base + letters - after, before + after

    def _given_alone(self, at: int, run: str, before: float) -> Iterator[tuple[int, float, float]]:
        """A given name without its surname, after a relative or before a title."""
        name = run[at : at + 2]
        if len(name) < 2:
            return
        after, titled = self._after(self.start + at + 2)
        if before == KIN or titled:
            yield (
                2,
                NAME + (5 if before == KIN else 8) + sum(self.costs.given.get(c, 14) for c in name) - before - after,
                before + after,
            )

    def _before(self, place: int) -> float:
        """Bits that speak for a name by what stands before it."""
        if place == 0:
            return 2.0
        stop = place
        while stop > max(place - 3, 0) and self.text[stop - 1] in LABEL_END:
            stop -= 1
        comma = "，" in self.text[stop:place] or "," in self.text[stop:place]
        if self.text[place - 1] == "姓":
            return 12.0
        for size in (4, 3, 2, 1):
            word = self.text[max(stop - size, 0) : stop]
            if word in self.costs.sure:
                return 11.0 if stop < place and not comma else 7.0
            if word in self.costs.related and not comma:
                return KIN
            if word in self.costs.toward:
                return 4.5
        if self.text[place - 1] in LOOSE:
            return 4.0
        if BED.search(self.text, max(place - 4, 0), place):
            return 5.0
        char = self.text[place - 1]
        return 2.5 if not "\u4e00" <= char <= "\u9fff" else 0.0

    def _after(self, place: int) -> tuple[float, bool]:
        """Bits by what follows, and whether it is a title, with which a surname may stand alone."""
        match = AFTER.match(self.text, place)
        if match is None:
            return (-4.0, False) if NOT_AFTER.match(self.text, place) else (0.0, False)
        if match["title"]:
            return 9.0, True
        if match["list"] or match["phone"]:
            return 9.0, False
        return (3.0 if match["edge"] is not None else 2.5), False


Found = dict[int, tuple[int, float]]
"""Where a name begins → where it ends, and the bits that speak for it."""


def chinese_names(text: str, costs: ChineseCosts) -> Iterator[tuple[int, int]]:
    """Half-open places of names of persons."""
    found: Found = {}
    for run in RUN.finditer(text):
        for start, end, reason in _Cut(text, run.start(), run.end(), costs).names():
            found[start] = (end, reason)
    _other_forms(text, found, costs)
    for _, (end, _) in sorted(found.items()):
        _more_of_a_list(text, end, found, costs)
    _again(text, found, costs)
    return iter(sorted((start, end) for start, (end, _) in found.items()))


def _other_forms(text: str, found: Found, costs: ChineseCosts) -> None:
    """Names with a dot, names without a surname, familiar names."""
    for match in FOREIGN.finditer(text):
        led = max((m.end() for m in KIN_END.finditer(match["first"])), default=0)
        found[match.start() + (led if led < len(match["first"]) else 0)] = (match.end(), 20.0)
    if RUN.search(text):
        found.update({match.start(): (match.end(), 20.0) for match in PINYIN.finditer(text)})
    for match in PIECES.finditer(text):
        if found.get(match.start(), (0, 0.0))[0] < match.end():
            found[match.start()] = (match.end(), 20.0)
    for match in FAMILIAR.finditer(text):
        char, whole = match["it"], match[0]
        inside = match.start() and "\u4e00" <= text[match.start() - 1] <= "\u9fff"
        led_by = any(text[max(match.start() - size, 0) : match.start()] in costs.related for size in (3, 2, 1))
        surname = costs.surnames.get(char, 99) <= 9
        if costs.words.get(whole, 99) < 17 or (inside and not led_by) or not (surname or led_by or whole[0] == "阿"):
            continue
        found[match.start() + surname] = (match.end(), 3.0)


def _again(text: str, found: Found, costs: ChineseCosts) -> None:
    """Names with a good reason wherever else they stand; the given name of a full one too, unless it is a word."""
    names = {text[start:end] for start, (end, reason) in found.items() if reason >= 5 and end - start > 1}
    names |= {name[1:] for name in names if len(name) == 3 and costs.words.get(name[1:], 99) > 13}
    taken = {place for start, (end, _) in found.items() for place in range(start, end)}
    heads = {name[0] for name in names}
    for run in RUN.finditer(text):
        for at in range(run.start(), run.end() - 1):
            if at in taken or text[at] not in heads:
                continue
            size = next((n for n in (4, 3, 2) if text[at : at + n] in names), 0)
            if size:
                found[at] = (at + size, 0.0)
                taken.update(range(at, at + size))


def _more_of_a_list(text: str, end: int, found: Found, costs: ChineseCosts) -> None:
    """郝建、时来、晏子: what stands behind a name in a list is a name, if it begins with a surname."""
    while match := LISTED.match(text, end):
        start, end = match.span("it")
        if match["it"][0] not in costs.surnames or len(match["it"]) > 3 or costs.words.get(match["it"], 99) < 12:
            return
        found.setdefault(start, (end, 4.0))
