"""What tells who a person is by its shape or its label: dates, numbers, phones, web, addresses, ages over 89.

Every pattern is bounded, so a long text takes time in proportion to its length.
"""

import re
from collections.abc import Iterator, Sequence

from medviewer.core.note import Identifier, Kind

_MONTH = (
    r"(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|May|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|"
    r"[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|"
    r"AUG(?:UST)?|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\b\.?"
)
_DAY, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:19|20)\d\d"
_MON = r"(?:0?[1-9]|1[0-2])"
_TH = r"(?:st|nd|rd|th|ST|ND|RD|TH)?"
_NO_UNIT = r"(?!\d|\s?(?:mg|ml|mL|cm|mm|%|mcg|g\b|units?\b)|[./]\d)"
_ZH_NUMBER = r"[〇零一二三四五六七八九十]"
_DATE_CUE = (
    r"(?:\b(?:on|since|from|until|till|thru|through|by|dated?|before|after|as of|due|admitted|discharged|seen|started|stopped|"
    r"extubated|intubated|rounding|meeting|surgery|recheck|labs?|elos|appt|visit|rtc|f/u|fu|next|last|board|mon|tue|tues|wed|"
    r"thu|thur|thurs|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day)[,:.]?\s|[(])"
)
_ZH_DATE_CUE = r"(?:日期|评估|下次|复诊|复查|预约|时间|于|定于|结果|至|到|从|自)\s*[:：]?\s*"
_SPAN = r"(?P<it>"

_DATES = (
    rf"(?<![\d.-]){_YEAR}[-/.]{_MON}[-/.]{_DAY}(?![\d-])",
    rf"(?<![\d/.-]){_YEAR}[-/.]{_MON}(?![\d/.-])",
    rf"(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=\D|$|\d{{4}}(?:\D|$)|\d{{6}}(?:\D|$))",
    rf"(?<![\d/.-]){_DAY}([-/.]){_DAY}\1(?:{_YEAR}|\d\d)(?![\d/]|[-.]\d)",
    rf"(?<![\d/.-]){_MON}/{_YEAR}(?![\d/])",
    rf"(?<![\d/.-]){_SPAN}{_MON}/{_DAY})(?=\s*(?:,|at)?\s*(?:[01]?\d|2[0-3]):?[0-5]\d\b|\s+(?:a|p)\.?m)",
    rf"\b{_DAY}{_TH}[-\s.]{{1,2}}(?:of\s+|day of\s+)?{_MONTH}(?:[-,.\s]{{1,2}}(?:{_YEAR}|[’']?\d\d\b))?(?!\w)",
    rf"\b{_MONTH}[-\s]{{1,2}}{_DAY}{_TH}\b{_NO_UNIT}(?:[-,\s]{{1,2}}{_YEAR}\b)?",
    rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b",
    rf"\b{_MONTH}\s?[’']\d\d\b",
    rf"(?<![\d./-]){_MON}[./-]{_DAY}(?=\s+(?:[01]?\d|2[0-3]):[0-5]\d)",
)
_DATES_ZH = (
    rf"(?<!\d)(?:{_YEAR}|\d\d)\s*年\s*{_MON}\s*月(?:\s*{_DAY}\s*[日号])?",
    rf"(?<![\d.]){_MON}\s*月\s*{_DAY}\s*(?:[日号]|(?!\d|[岁天周月个]))",
    rf"(?<=[—~至到-]){_DAY}[日号](?![楼室床])",
    rf"(?:前天|昨天|今天|本月|上月|下月|这个?月|当月)\s*[，,（(]?\s*{_SPAN}{_DAY}[日号])(?![楼室床院])",
    rf"(?<![\d./第]){_SPAN}{_DAY}号)(?=来|去|复|再|上午|下午|晚|早|开始|手术|出院|门诊|做|查|打|到)",
    r"(?<=[，,、；：])(?P<it>(?:0?[1-9]|1[0-2])/(?:1[1-9]|2\d|3[01]))(?=[。，,；、]|$)",
    rf"{_ZH_DATE_CUE}{_SPAN}{_MON}[./-]{_DAY})(?![\d./]|\s?(?:mg|ml|g|cm|mm|周|小时|次|天|岁|%))",
    r"(?<![\w./-])(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w./-]|\s?(?:mg|ml|周|小时|次|天|岁|%|℃))",
    r"(?<=于)(?:1[0-2]|[1-9])月(?=[^\d内余后前])",
)
_SPELT_ZH = (
    rf"(?:(?:19|20|二)[〇零○一二三四五六七八九]{{3}}年)?{_ZH_NUMBER}{{1,2}}月(?:{_ZH_NUMBER}{{1,3}}[日号])",
    r"[一二][〇零○一二三四五六七八九]{3}年(?:[一二三四五六七八九十]{1,2}月)?",
)
_LABELS = (
    r"MRN|M\.R\.N\.|MR|NHS|CHI|SSN|SS|NPI|DEA|UPIN|Medical Record|Record|Account|Acct|Accession|Acc|Policy|"
    r"Group|Health plan|Member|Subscriber|Hosp(?:ital)?|Chart|Visit|Encounter|Case|Claim|Specimen|Pathology|"
    r"Licen[cs]e|Driver'?s? licen[cs]e|Passport|Badge|Ref(?:erence)?|Lab ref|Serial|Device serial|Lot|"
    r"Implant lot|Plate|Registration|Car reg|Reg|Card|RX|Prescription|User(?:name)?|Quote|Patient ID|Order|"
    r"Requisition|Study|Exam|Unit record|Cath|ME case|report|last four|last 4|opened chart|ID|Insurance|"
    r"Xingming ID|Zhuyuanhao|Binglihao"
)
_ZH_LABELS = (
    r"住院|门诊|病历|病案|就诊|登记|检查|检验|影像|放射|病理|标本|样本|申请|申请单|处方|处方单|医保|医保卡|社保|社保卡|参保|银行卡|银行|"
    r"就诊卡|诊疗卡|卡|身份证|身份证件|身份|护照|居留证|军官证|证件|执业证|执业证书|警|工|建档|档案|体检|透析|保险|保单|案|案件|鉴定|献血码|"
    r"献血|涂片|X线|CT|MRI|超声|B超|心电图|ID|编|单|流水|条码|床位码|准考证|驾驶证|驾照|学|合同|发票|收据|死亡证明|出生证|出生医学证明|"
    r"证明书?|健康卡|登记证|就医卡|手环|腕带|设备|序列|批"
)
_IDS = (
    rf"(?i:\b(?:{_LABELS})\.?)(?:[ \t]*(?i:numbers?|nos?\.?|n[°º]|id|plate|card)\b\.?)?[ \t]*[:#]?[ \t]*#?"
    rf"{_SPAN}(?=(?:[A-Z]{{2}}\s)?[\w/-]{{0,12}}\d)(?=[\w/-]{{3}}|\d\d|[A-Z]{{2}}\s\d{{4}})(?!(?:19|20)\d\d\b(?![-/]))"
    r"(?:[A-Z]{2}\s(?=\d{4}))?[A-Za-z0-9](?:[A-Za-z0-9]|[-/](?=[A-Za-z0-9]))*(?:\s\d{2,5}(?:\s\d{1,5})*(?![\w/:%-]|\.\d))?)",
    r"(?i:\b(?:user(?:name)?|login|account)\b)\s*:?\s*(?P<it>[a-z]+\d+)\b",
    r"\b\d{3}-\d{2}-\d{4}\b|(?<!\d)\d{17}[\dXx](?![\dA-Za-z])",
    r"(?<![\w/-])(?!(?:BP|HR|RR|RBC|WBC|PLT|HGB|HCT|CD|SPO|FIO|O)\d)(?!(?:19|20)\d\d-\d\d-\d\dT)(?=[A-Za-z/-]{0,9}\d)(?=(?:[A-Za-z/-]*\d){5})(?=[\d/-]*[A-Za-z])[A-Z0-9]{1,12}(?:[-/][A-Z0-9]{1,12}){0,3}\b",
    r"(?<![\w.,/+-])(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?\b)\d{7,16}(?![\w.,/-]|\s?(?:mg|ml|IU|U\b|/))",
    r"\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b",
    r"(?i:\bplate:?\s+)(?P<it>[A-Z0-9][A-Z0-9 -]{3,8}\b)",
    r"\bMSG\d+\b",
)
_IDS_ZH = (
    rf"(?:{_ZH_LABELS})(?:号码?|编号|后四位|尾号|号码是)?\s*[:：]?\s*(?:是|为)?\s*{_SPAN}[A-Za-z]{{0,5}}[-_]?\d[A-Za-z0-9_-]{{2,24}})",
    r"(?:编号|单号|卡号|案号|证号|文号)\s*[:：]?\s*(?P<it>[\u4e00-\u9fffA-Za-z]{0,6}[（(〔]\d{4}[)）〕][\u4e00-\u9fff]{0,3}\d+号?)",
    rf"(?<=[\u4e00-\u9fff])(?:号码?|编号)\s*[:：]?\s*{_SPAN}[A-Za-z]{{0,4}}-?\d[A-Za-z0-9-]{{3,24}})(?!\s?(?:mg|ml|cm|mm|℃))",
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• -]?[A-Z0-9]{5,6}(?![A-Za-z0-9])",
)
_CALL = (
    r"(?i:\b(?:call(?:ed|s|\s?back)?|phoned?|ph|tel(?:ephone)?|cell|mobile|home|work|fax|at|on|or|reach(?:ed)?|number|no|back|"
    r"intake|contact|text|ring)\b)[\s:.(]{1,4}(?:(?:her|him|them|is|at|on|now|me|number|us)\s+){0,2}"
)
_PHONES = (
    r"(?<![\d.+-])\+\d{1,3}[-. ]?\(?\d{1,4}\)?(?:[-. ]?\d{2,4}){2,4}(?![\d])",
    r"(?<![\d.-])(?:1[-. ])?(?:\(\d{3}\)[-. ]{0,2}|\d{3}[-. /]{1,2})\d{3}[-. ]\d{4}(?![\d-])",
    r"(?<![\d.-])\(?0\d{2,4}\)?[- ]{1,2}\d{3,4}[- ]?\d{3,4}(?![\d-])",
    r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)|(?<!\d)400[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)",
    r"(?i:\b(?:pager|beeper|bleep|ext(?:ension)?|extn|phone|tel|fax|cell|mobile|ph)\b)\s*[:#.]?\s*(?:no\.?|number|is)?\s*(?P<it>\d[\d-]{2,12}\d)\b",
    r"\b[xX](?P<it>\d{4,5})\b",
)
_PHONES_ZH = (
    r"(?:电话|手机|热线|固话|座机|传真|联系方式|致电|拨打|分机)(?:号码?|尾号)?(?:是|为)?\s*[:：]?\s*(?P<it>\+?\d[\d -]{2,17}\d)",
    r"(?i:微信|wechat|vx|weixin|QQ)\s*(?:号|ID|id)?\s*(?:是|为)?\s*[:：]?\s*(?P<it>[A-Za-z0-9][A-Za-z0-9_-]{4,20})",
    r"(?<![\d.-])[2-8]\d{3}[ -]\d{4}(?![\d-])(?=[，。,;；转）)]|$)",
)
_WEB = (
    r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]{0,80}[A-Za-z0-9]",
    r"(?<![\w@.-])(?:[a-z0-9-]{2,40}\.){1,4}(?:com|org|net|edu|gov|info|cn|uk|de|fr|au|ca|io|example)\b(?:/[\w./?=&%#:~+-]{0,120}\w)?",
    r"(?<![A-Za-z0-9])(?:https?://|www\.)[A-Za-z0-9][\w./?=&%#:~+-]{2,200}[A-Za-z0-9/]",
    r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)",
)
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Highway|Hwy|Parkway|"
    r"Pkwy|Circle|Close|Crescent|Gardens|Grove|Larches|STREET|ST|AVENUE|AVE|ROAD|RD|BLVD|BOULEVARD|LANE|LN|DRIVE|COURT|CT|WAY)\b\.?"
)
_FLAT = r"(?:,?\s+(?:(?i:apt|apartment|suite|ste|unit|flat|floor|room|rm)\.?|#)\s*[\w-]{1,6})?"
_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"
_TOWN = r"[A-Z][A-Za-z'.]+(?:[ -][A-Z][A-Za-z'.]+){0,2}"
_US = rf"(?:,?\s+{_TOWN})?,?\s+(?:[A-Z]{{2}}|[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)\.?,?\s+\d{{5}}(?:-\d{{4}})?\b"
_NUMBERED = (
    rf"(?<![\d./-])\b\d{{1,5}}[A-Za-z]?[ \t]+"
    rf"(?:(?:[NSEW]|[A-Z][\w'.]*|\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH))\.?[ \t]+){{1,4}}{_STREET}"
)
_CARE = r"(?:Hospital|Infirmary|(?:Medical|Health) Cent(?:er|re)|[Nn]ursing [Hh]ome|Care Home|Rehab|Hospice|Family Medicine|HHA)"
_PLAIN = (
    r"[^\W\da-zA-Z_去到的是在和上有想要我他她你给带就被送"
    r"哪问这那能会好时往来进从说让叫找等后前家个些什吗呢吧啊于至本该各多医日月号年时因住由患术入出]"
)
_ADDRESSES = (
    rf"(?:\b(?i:flat|apt|unit)\s\w{{1,4}},\s)?{_NUMBERED}{_FLAT}(?:,?\s*\n?{_US}|(?:,\s+{_TOWN}){{0,2}},?\s+{_UK})?",
    rf"\b(?:\d{{1,4}}[A-Za-z]?\s+)?(?:(?:[A-Z][A-Za-z'&.-]+|\d{{1,4}})(?:\s(?:[A-Z][A-Za-z'&.-]+|of|the|[Tt]he)){{0,4}},\s+){{0,4}}{_TOWN},?\s+{_UK}",
    rf"\b{_UK}|\b{_TOWN},\s*[A-Z]{{2}}\s+\d{{5}}(?:-\d{{4}})?\b",
    rf"\bP\.?\s?O\.?\s+Box\s+\d+(?:,?\s*{_US})?",
    r"\b(?:lives?|living|resides?|stays?|home|address)\b(?: at|:| is)?\s"
    r"(?P<it>\d{1,5}\s+(?:[a-z0-9]+\s){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|way)\b)",
)
_CARED = (rf"\b(?:[Tt]he\s)?(?P<it>(?:St\.?\s|(?:[A-Z][A-Za-z'-]+\s){{1,3}}){_CARE}(?:\s(?:Hospital|Cent(?:er|re)|Clinic))?)\b",)
_ADDRESSES_ZH = (
    r"(?:[\u4e00-\u9fff]{2,3}(?:省|自治区))?(?:[\u4e00-\u9fff]{2,4}[市州])?(?:[\u4e00-\u9fff]{1,4}[区县旗])?[\u4e00-\u9fff]{2,6}(?:路|街|大道|巷|弄|村|胡同)"
    r"[\u4e00-\u9fff]{0,4}\d+(?:号|弄|室|栋|幢|单元)(?:[\u4e00-\u9fff]{0,4}\d+(?:号|室|栋|幢|单元|弄)?楼?){0,4}",
    r"邮编\s*[:：]?\s*(?P<it>\d{6})",
)
_PLACES_ZH = (
    r"(?:住址|地址|家庭住址|现住址|户籍地址|户籍|籍贯|出生地|工作单位|单位)\s*[:：]\s*(?P<it>[^\s，。；;（(]{2,40})",
    r"(?:现住|家住|居住于|居住在|居住地|住在|暂住)\s*[:：]?\s*(?P<it>[^\s，。；;（(]{3,40})",
    r"(?<=住)(?P<it>[\u4e00-\u9fff]{2,6}(?:省|市|区|县|街|路)[^\s，。；;（(]{2,30})",
    r"(?<![\u4e00-\u9fff])(?P<it>(?!转[出入]|[一二三][甲级]|省级|市级|县城|附近|当地|上级|下级|其他|正规|专业|专科|外院|某)"
    rf"{_PLAIN}{{2,10}}(?:医院|卫生院|卫生服务中心|诊所))(?=[^\u4e00-\u9fff]|[住就行做确复门检治诊手予给查看的病神泌心骨普内外儿妇急])",
    r"(?:住|在|于|至|去|到|转往|转至|入|经)(?P<it>(?!当地|附近|上级|下级|其他|正规|专业|专科|县城|大医|外院|某)"
    rf"{_PLAIN}{{2,10}}(?:医院|卫生院|卫生服务中心|诊所))(?=[^\u4e00-\u9fff]|[住就行做确复门检治诊手予给查看的病神泌心骨普内外儿妇急])",
)
_AGES = (
    r"(?<![\d./])(?P<it>9\d|1[01]\d)(?=[\s-]?(?:years?\b|yrs?\b|y/?o\b|yo\b|y\b|[MF]\b|/?[MF]/|-?(?:fe)?male\b))",
    r"(?i:\b(?:aged?|turned|now|age\s?:|age\s?is|i am|i'm|is now)\s*)"
    r"(?P<it>9\d|1[01]\d)\b(?![%/:]|\.\d|\s?(?:mg|kg|ml|bpm|mm|on\b|per\b|percent|units?))",
)
_AGES_ZH = (r"(?<![\d.])(?P<it>9\d|1[01]\d)\s?(?=周?岁)", r"年龄\s*[:：]?\s*(?P<it>9\d|1[01]\d)(?![\d%])")


def _rules(*groups: tuple[Kind, tuple[str, ...]]) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(rule)) for kind, rules in groups for rule in rules)


_SHORT: tuple[tuple[Kind, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "date",
        re.compile(
            rf"(?<![\d/.-])(?:{_MON}/{_DAY}|(?:1[3-9]|2\d|3[01])/{_MON})(?![\d/%]|\.\d|\s?(?:pain|systems|strength|murmur|mm|tabs?|of\b|cup|normal))"
        ),
        re.compile(rf"(?:(?i:{_DATE_CUE})|\bOR\s)$"),
    ),
    ("phone", re.compile(r"(?<![\d.-])(?:\d{3}[-. ]\d{4}|\d{10})(?![\d-])"), re.compile(rf"{_CALL}$")),
)
"""Too short to be sure by themselves: the third must end right before them."""
_DIGITS = re.compile(r"\d(?:\D{0,160}\d)*")
BEFORE, AFTER = 80, 80
"""Characters around digits in which the patterns with digits are looked for; no pattern's cue or tail is longer."""
_RULES = _rules(("date", _DATES), ("address", _ADDRESSES), ("phone", _PHONES), ("id", _IDS), ("age", _AGES))
_RULES_ZH = _rules(("date", _DATES_ZH), ("address", _ADDRESSES_ZH), ("phone", _PHONES_ZH), ("id", _IDS_ZH), ("age", _AGES_ZH))
_ANYWHERE = _rules(("mail", _WEB), ("address", _CARED))
_ANYWHERE_ZH = _rules(("address", _PLACES_ZH), ("date", _SPELT_ZH))
"""Patterns that need no digit; those with ZH only for texts with Chinese signs."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_HL7: dict[str, dict[int, Kind]] = {
    "MSH": {7: "date", 10: "id"},
    "PID": {2: "id", 3: "id", 4: "id", 5: "name", 6: "name", 7: "date", 9: "name", 11: "address", 13: "phone", 14: "phone",
            18: "id", 19: "id", 20: "id"},
    "NK1": {2: "name", 4: "address", 5: "phone", 6: "phone"},
    "PV1": {7: "name", 8: "name", 9: "name", 17: "name", 19: "id", 44: "date", 45: "date"},
    "OBR": {2: "id", 3: "id", 7: "date", 8: "date", 14: "date", 16: "name", 22: "date", 32: "name"},
    "ORC": {2: "id", 3: "id", 9: "date", 12: "name"},
    "TXA": {4: "date", 5: "name", 9: "name", 12: "id", 22: "name"},
    "IN1": {16: "name", 18: "date", 19: "address", 36: "id"},
}  # fmt: skip
"""Fields of HL7 v2 segments that hold what the kinds say; MSH counts its separator as field 1."""
LEADS = "访现家住在于至去往到自达时日因转由"
_SEGMENT = re.compile(r"^(MSH|PID|NK1|PV1|OBR|ORC|TXA|IN1)\|[^\r\n]*", re.MULTILINE)


def fixed(text: str) -> Iterator[Identifier]:
    """What the patterns find; may overlap."""
    yield from _hl7(text)
    chinese = bool(_CHINESE.search(text))
    yield from _found(text, _ANYWHERE + (_ANYWHERE_ZH if chinese else ()), 0, len(text))
    rules, stop = _RULES + (_RULES_ZH if chinese else ()), 0
    for match in _DIGITS.finditer(text):
        start, stop = max(match.start() - BEFORE, stop), min(match.end() + AFTER, len(text))
        yield from _found(text, rules, start, stop)
        yield from _short(text, start, stop)


def _found(text: str, rules: Sequence[tuple[Kind, re.Pattern[str]]], first: int, last: int) -> Iterator[Identifier]:
    for kind, pattern in rules:
        named = "it" in pattern.groupindex
        for match in pattern.finditer(text, first, last):
            start, end = match.span("it") if named else match.span()
            while kind == "address" and start < end - 4 and text[start] in LEADS:
                start += 1
            yield Identifier(start, end, kind)


def _short(text: str, first: int, last: int) -> Iterator[Identifier]:
    for kind, pattern, before in _SHORT:
        for match in pattern.finditer(text, first, last):
            if before.search(text[max(match.start() - 24, 0) : match.start()]):
                yield Identifier(*match.span(), kind)


def _hl7(text: str) -> Iterator[Identifier]:
    for match in _SEGMENT.finditer(text):
        at, number = match.start(), 0 if match[1] != "MSH" else 1
        for field in match[0].split("|"):
            kind = _HL7[match[1]].get(number)
            held = field.split("^^^")[0] if kind == "id" else field[:8] if kind == "date" else field
            if kind is not None and any(char.isalnum() for char in held):
                yield Identifier(at, at + len(held.rstrip("^")), kind)
            at, number = at + len(field) + 1, number + 1
