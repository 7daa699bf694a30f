"""Words in a note that tell who the patient is: names, dates, ids, phone numbers, addresses; and a copy without them.

HIPAA Safe Harbor (45 CFR 164.514(b)(2)) names the kinds. Rules find most, never all: a person must look before text leaves.
"""

import re
from dataclasses import dataclass
from typing import Literal

from medviewer.core.identity import Patient
from medviewer.core.note import Language

Kind = Literal["name", "date", "id", "phone", "mail", "address"]


@dataclass(frozen=True, slots=True)
class Identifier:
    """Half-open character offsets and what stands there."""

    start: int
    end: int
    kind: Kind


SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆汪范"
    "石廖贾韦付夏傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章"
)
"""Frequent Chinese family names."""
DOUBLE = "欧阳|诸葛|司马|上官|东方|皇甫|尉迟|公孙|慕容|司徒|夏侯"
GIVEN = (
    "Aaron|Adam|Alan|Albert|Alexander|Alice|Amanda|Amy|Andrea|Andrew|Angela|Ann|Anna|Anne|Anthony|Arthur|Barbara|Benjamin|Betty|"
    "Beverly|Brandon|Brenda|Brian|Bruce|Carl|Carol|Caroline|Catherine|Charles|Cheryl|Christina|Christine|Christopher|Cynthia|Daniel|"
    "David|Deborah|Debra|Dennis|Diana|Diane|Donald|Donna|Dorothy|Douglas|Edward|Elizabeth|Ellen|Emily|Emma|Eric|Ethan|Eugene|Evelyn|"
    "Frances|Frank|Gary|George|Gerald|Gloria|Grace|Gregory|Hannah|Harold|Heather|Helen|Henry|Isabella|Jack|Jacob|Jacqueline|James|"
    "Jane|Janet|Janice|Jason|Jean|Jeffrey|Jennifer|Jeremy|Jessica|Joan|Joe|John|Jonathan|Jordan|Jose|Joseph|Joshua|Joyce|Juan|Judith|"
    "Judy|Julia|Julie|Justin|Karen|Katherine|Kathleen|Kathryn|Keith|Kelly|Kenneth|Kevin|Kimberly|Larry|Laura|Lauren|Lawrence|Linda|"
    "Lisa|Louis|Margaret|Maria|Marie|Marilyn|Martha|Mary|Matthew|Megan|Melissa|Michael|Michelle|Nancy|Nathan|Nicholas|Nicole|"
    "Olivia|Pamela|Patricia|Patrick|Paul|Peter|Philip|Rachel|Ralph|Raymond|Rebecca|Richard|Robert|Roger|Ronald|Roy|Russell|Ruth|Ryan|"
    "Samantha|Samuel|Sandra|Sara|Sarah|Scott|Sean|Sharon|Shirley|Sophia|Stephanie|Stephen|Steven|Susan|Teresa|Theresa|Thomas|"
    "Bill|Bob|Dan|Jim|Joan|Kate|Mike|Sam|Steve|Sue|Tim|Tom|Timothy|Tyler|Victoria|Vincent|Virginia|Walter|Wayne|William|Zachary"
)
"""Frequent English given names; those that are words of medicine or of the language are left out."""
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("mail", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{0,80}\w")),
    ("date", re.compile(r"\b(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])\b")),
    ("date", re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])([-/])(?:0?[1-9]|[12]\d|3[01])\1(?:(?:19|20)\d{2}|\d{2})\b(?!/)|(?<=\bon )(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])\b(?![/\d%])")),
    ("date", re.compile(rf"\b{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+(?:19|20)\d{{2}})?\b|\b\d{{1,2}}\s+{_MONTH}\.?,?\s+(?:19|20)\d{{2}}\b|\b{_MONTH}\.?,?\s+(?:19|20)\d{{2}}\b")),
    ("date", re.compile(r"(?:19|20)\d{2}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?|\d{1,2}\s*月\s*\d{1,2}\s*[日号]")),
    ("id", re.compile(r"(?<=\b)(?:MRN|Medical Record(?: Number| No\.?)?|Account(?: Number| No\.?)?|Patient ID|SSN|ID)\s*[:#]\s*(?P<it>[\w-]*\d[\w-]*)", re.IGNORECASE)),
    ("id", re.compile(r"\b\d{3}-\d{2}-\d{4}\b|(?<!\d)\d{17}[\dXx](?!\d)")),
    ("id", re.compile(r"(?:住院号|门诊号|病历号|病案号|就诊号|登记号|检查号|身份证号?码?)\s*[:：]?\s*(?P<it>[A-Za-z0-9-]{3,})")),
    ("id", re.compile(r"\b(?:Account|Acct|Accession|Policy|Health plan|Member|Hosp(?:ital)?|Chart|Visit|Encounter|Case|Claim|Specimen|Pathology|License|MR|Medical Record)\.?\s*(?:number|no\.?|id|#)\s*[:#]?\s*(?P<it>[A-Z]{0,5}-?\d[\w-]{2,})", re.IGNORECASE)),
    ("id", re.compile(r"(?:病理号|标本号|医保卡?号?|社保卡?号?|参保号|银行卡号?|床号|微信号?|QQ号?)\s*[:：]\s*(?P<it>[\w-]{1,24}床?)")),
    ("phone", re.compile(r"(?<!\d)0\d{2,3}[- ]\d{3,4}[- ]\d{4}(?!\d)")),
    ("phone", re.compile(r"(?<![\d.])(?:\+?\d{1,3}[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")),
    ("name", re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+(?P<it>[A-Z][\w'-]+(?:\s+[A-Z]\.)?(?:\s+[A-Z][a-z'-]+)?)")),
    ("name", re.compile(r"(?:(?i:(?:pt|patient) name)|Name|NAME|PATIENT|Dictated by|Signed by|Referred by|CC|Cc|cc|RE|Re)\s*:\s*(?P<it>[A-Z][\w'-]+(?:,?[ \t]+[A-Z][\w'-]*\.?(?![\w:#]|[ \t]+OF)(?<!DOB)(?<!MR)){1,3})")),
    ("name", re.compile(r"(?:Patient|Physician|Surgeon|Attending|Resident|Provider)\s*:\s*(?P<it>[A-Z][\w'-]+(?:,?[ \t]+[A-Z][\w'-]+\.?){1,3})")),
    ("name", re.compile(rf"\b(?P<it>(?:{GIVEN})(?:\s+[A-Z]\.?)?\s+(?:Mc|Mac|O'|[dD]e\s|van\s)?[A-Z][a-z]+(?:-[A-Z][a-z]+)?)\b")),
    ("name", re.compile(r"(?:^|(?<=[.\n]\s)|(?<=\n))(?P<it>[A-Z][a-z]+\s+[A-Z][a-z]+)(?=\s+(?:is an? \d|presented (?:with|to)|was (?:seen|admitted)))")),
    ("name", re.compile(rf"\b(?:son|daughter|wife|husband|mother|father|sister|brother|friend|partner|caregiver)(?:,|\s+named)?\s+(?P<it>(?:{GIVEN})(?:\s+[A-Z][a-z]+)?)\b")),
    ("name", re.compile(r"\b(?P<it>[A-Z][a-z'-]+(?:\s+[A-Z]\.?)?\s+[A-Z][a-z'-]+),\s*(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|Ph\.?D\.?|PA-C|NP)\b")),
    ("name", re.compile(r"(?:姓名|签名|联系人|报告者|审核者|(?:报告|审核|主治|经治|管床|主管|手术)医[师生])\s*[:：]\s*(?P<it>[\u4e00-\u9fff]{2,4})")),
    ("name", re.compile(r"(?:患者|医[师生]|术者|麻醉|护士)\s*[:：]\s*(?P<it>[" + SURNAMES + r"][\u4e00-\u9fff]{1,2})(?=[\s，。,;；、（(]|$)")),
    ("name", re.compile(r"(?:其[母父妻夫子女兄弟姐妹]|丈夫|妻子|儿子|女儿|母亲|父亲)(?P<it>[" + SURNAMES + r"][\u4e00-\u9fff]{1,2})(?=代诉|诉|述|陪|签|联系|电话)")),
    ("name", re.compile(r"(?:(?<![\u4e00-\u9fff])|(?<=[经请由和及与]))(?!高年资)(?P<it>[" + SURNAMES + r"][\u4e00-\u9fff]{1,2}?)(?=(?:副?主任|主治|住院)?(?:医师|医生)|副?主任|教授|护士长?|大夫)")),
    ("name", re.compile(r"(?:^|(?<=\n)|患者|患儿|病人|病员|家属)[,，]?\s*(?P<it>(?:" + DOUBLE + "|[" + SURNAMES + r"])[\u4e00-\u9fff]{1,2})(?=[,，、\s]*(?:男|女|性别|\d{1,3}\s*岁))")),
    ("name", re.compile(r"(?P<it>(?:(?:" + DOUBLE + "|[" + SURNAMES + r"])[\u4e00-\u9fff]{0,2}|[\u4e00-\u9fff]))(?:先生|女士|小姐)(?![\u4e00-\u9fff]{0,2}(?:们))")),
    ("address", re.compile(r"\b\d{1,5}\s+(?:[A-Z][a-z]+\s){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr)\b\.?")),
    ("address", re.compile(r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)?,\s*[A-Z]{2}\s+\d{5}(?:-\d{4})?\b")),
    ("address", re.compile(r"(?:住址|地址|家庭住址|现住址|籍贯|出生地|户籍|工作单位|单位|现住)\s*[:：]?\s*(?P<it>(?<=[:：\s])[^\s，。；;]{2,40}|(?<=现住)[^\s，。；;]{4,40})")),
    ("address", re.compile(r"[\u4e00-\u9fff]{2,8}?(?:省|市|区|县)[\u4e00-\u9fff\d]{0,20}(?:路|街|道|巷|弄|村)[\u4e00-\u9fff\d-]{0,12}(?:号|室|栋|单元)[\d\u4e00-\u9fff]{0,10}")),
)  # fmt: skip


def identifiers(text: str, patient: Patient | None = None) -> tuple[Identifier, ...]:
    """What tells who the patient is, in the order of the text, not overlapping; the known patient's own name and ID included."""
    found: list[Identifier] = []
    for kind, pattern in _RULES:
        for match in pattern.finditer(text):
            span = match.span("it") if "it" in pattern.groupindex else match.span()
            found.append(Identifier(*span, kind))
    if patient is not None:
        words: list[tuple[str, Kind]] = [(part, "name") for part in re.split(r"[\^=\s]+", patient.name) if len(part) > 1]
        words += [(patient.id, "id")] if len(patient.id) > 2 else []
        for word, kind in words:
            edge = r"\b" if word.isascii() else ""
            found += [Identifier(*m.span(), kind) for m in re.finditer(edge + re.escape(word) + edge, text, re.IGNORECASE)]
    kept: list[Identifier] = []
    for one in sorted(found, key=lambda i: (i.start, -i.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


_WORDS = {
    "en": {"name": "[NAME]", "date": "[DATE]", "id": "[ID]", "phone": "[PHONE]", "mail": "[MAIL]", "address": "[ADDRESS]"},
    "zh": {
        "name": "【姓名】",
        "date": "【日期】",
        "id": "【编号】",
        "phone": "【电话】",
        "mail": "【邮箱】",
        "address": "【地址】",
    },
}


def clean(text: str, language: Language, patient: Patient | None = None) -> str:
    """The text with each identifier replaced by its kind."""
    words, parts, at = _WORDS["zh" if language == "zh" else "en"], [], 0
    for one in identifiers(text, patient):
        parts += [text[at : one.start], words[one.kind]]
        at = one.end
    return "".join([*parts, text[at:]])
