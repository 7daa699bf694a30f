"""The model card in both languages, from the figures that `evaluate.py` wrote."""

KINDS = ("P", "QRS", "T")
TARGETS = {"P": (0.97, 15), "QRS": (0.998, 10), "T": (0.99, 21)}


def card(figures: dict, minutes: float, lang: str) -> str:
    words = _EN if lang == "en" else _ZH
    parts = [words["head"], _main(figures, words), _leads(figures, words), words["truth"].format(**_facts(figures, minutes))]
    if "changed" in figures:
        parts += [_changed(figures, words), _single(figures, words), _intervals(figures, words), _calibration(figures, words)]
        if "recorders" in figures:
            parts.append(_recorders(figures["recorders"], words))
        if "other databases" in figures:
            parts.append(_others(figures["other databases"], words))
        parts.append(words["explained"].format(**_facts(figures, minutes)))
    parts.append(words["foot"].format(**_facts(figures, minutes)))
    return "\n\n".join(parts) + "\n"


def _facts(figures: dict, minutes: float) -> dict:
    af, flutter = figures["P in atrial fibrillation"], figures["P in atrial flutter"]
    facts = {
        "patients": figures["patients"], "folds": figures["folds"], "af": 100 * af["share"], "af_beats": af["beats"] // 12,
        "af_patients": af["patients"], "af_worst": 100 * af["worst"], "flutter": 100 * flutter["share"],
        "flutter_patients": flutter["patients"], "minutes": minutes, "plain": figures["uncorrected"]["T"]["onset"][1],
        "largest": max(abs(e) for lead in figures["lead errors"].values() for pair in lead.values() for e in pair),
        **{name: v["onset"][1] for name, v in figures["T waves"].items()},
    }  # fmt: skip
    if "explanation" in figures:
        e, s = figures["explanation"], figures["seconds"]
        facts |= {
            "e_n": e["n"], "passed": e["passed"], "marked": e["fall, marked fifth"], "random": e["fall, random fifths"],
            "short": s["10 s x 12 leads"], "long": s["30 min x 2 leads"],
        }  # fmt: skip
    return facts


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(r)} |" for r in [head, ["---"] * len(head), *rows])


def _main(figures: dict, words: dict) -> str:
    rows = []
    for kind in KINDS:
        v = figures["twelve leads"][kind]
        low, high = v["F1 95 %"]
        row = [kind, str(v["n"]), f"{v['Se']:.4f}", f"{v['+P']:.4f}", f"{v['F1']:.4f} ({low:.4f}–{high:.4f})"]
        for side in ("onset", "end"):
            mean, sd = v[side]
            a, b = v[f"{side} SD 95 %"]
            row.append(f"{round(mean, 1) + 0.0:+.1f} ± {sd:.1f} ({a:.1f}–{b:.1f})")
        rows.append([*row, f"{TARGETS[kind][0]}; {TARGETS[kind][1]} ms"])
    return words["main"] + "\n" + _table(words["main head"], rows)


def _leads(figures: dict, words: dict) -> str:
    rows = [[lead, *(f"{v[k]:.4f}" for k in KINDS)] for lead, v in figures["each lead"].items()]
    return words["leads"] + "\n" + _table([words["lead"], *KINDS], rows)


def _row(name: str, v: dict) -> list[str]:
    row = [name, *(f"{v[k]['F1']:.4f}" for k in KINDS)]
    row += [f"{v[k]['onset'][1]:.0f} / {v[k]['end'][1]:.0f}" for k in KINDS]
    return [*row, f"{100 * v['AF']['share']:.1f} %"]


def _changed(figures: dict, words: dict) -> str:
    rows = [_row(words.get(name, name), v) for name, v in figures["changed"].items()]
    return words["changed"] + "\n" + _table(words["changed head"], rows)


def _single(figures: dict, words: dict) -> str:
    rows = [_row(name, v) for name, v in figures["single lead"].items()]
    return words["single"] + "\n" + _table(words["changed head"], rows)


def _intervals(figures: dict, words: dict) -> str:
    rows = [
        [name, str(v["n"]), f"{v['mean']:+.1f} ± {v['SD']:.1f}", f"{v['p95']:.0f}"]
        for name, v in figures["intervals"].items()
        if isinstance(v, dict)
    ]
    one = "; ".join(
        f"{name.removesuffix(' told by one only')}: {v}" for name, v in figures["intervals"].items() if not isinstance(v, dict)
    )
    return words["intervals"] + "\n" + _table(words["intervals head"], rows) + (f"\n\n{words['one only']} {one}." if one else "")


def _calibration(figures: dict, words: dict) -> str:
    rows = [
        [k, *(f"{v[n]:.3f}" for n in ("ECE", "ECE of a record, median", "worst record"))]
        for k, v in figures["calibration"].items()
    ]
    matrix = [[k, *(str(n) for n in row)] for k, row in zip(("none", *KINDS), figures["confusion"], strict=True)]
    text = words["calibration"] + "\n" + _table(words["calibration head"], rows)
    return text + "\n\n" + words["confusion"] + "\n" + _table([words["marked, found"], "none", *KINDS], matrix)


def _recorders(found: dict, words: dict) -> str:
    rows = [[name, str(v["n"]), f"{v['mean']:+.1f} ± {v['SD']:.1f}", f"{v['largest']:.0f}"] for name, v in found.items()]
    return words["recorders"] + "\n" + _table(words["recorders head"], rows)


def _others(found: dict, words: dict) -> str:
    m, c = found["mitdb"], found["cinc2017"]
    said = words["others"].format(
        beats=m["beats"], se=100 * m["QRS Se"], ppv=100 * m["QRS +P"], worst=m["worst record"], f1=m["its F1"],
        n_records=c["N"]["records"], n=c["N"]["P a beat"], a_records=c["A"]["records"], a=c["A"]["P a beat"],
    )  # fmt: skip
    rows = [[name, str(v["beats"]), f"{v['P']:.3f}"] for name, v in sorted(m["P a beat"].items(), key=lambda r: -r[1]["beats"])]
    return said + "\n" + _table(words["others head"], rows)


_EN = {
    "head": """# ecg-waves 1.2

**Research use only – not for diagnosis.**

**For:** P, QRS and T bounds of resting ECGs of adults, 1 to 12 simultaneous leads of any length and rate from 90 Hz on; heart rate, PR, QRS, QT, QTc, axes and ST levels from them.

**Not for:** paced rhythms (ten patients in the data have a pacemaker), ventricular tachycardia, children, stress tests. It does not name a rhythm: no P waves is not atrial fibrillation. It was never taught blocked P waves as a class of their own; a P wave inside a T wave is left out, as its marks do. U waves, delta waves and pacing spikes mean nothing to it.""",
    "main": "## How well\nFive folds by patient; each patient is read by a network that did not see it. A wave counts as found within 150 ms at its peak. Errors are found minus marked, mean ± SD (95 % of the SD), over all waves and leads. 95 % by bootstrap over patients.",
    "main head": ["wave", "marked", "Se", "+P", "F1 (95 %)", "onset, ms", "end, ms", "target (F1; SD)"],
    "leads": "F1 by lead, read together:",
    "lead": "lead",
    "truth": """Scored only inside the stretch that LUDB's marks span: the first and last beats of a record are unmarked. LUDB marks nearly the same beats in all leads, so leads read together agree on what is there; each keeps its own bounds (in records up to 30 s the mean of what it shows among the others and when read alone). The network does not know which lead it reads, so the mean error of each lead's bounds over the folds is taken away (72 numbers of at most {largest:.0f} ms; in the table each fold's are those of the other four folds; without them the SD of T onsets is {plain:.1f} ms). Published on LUDB: F1 0.964 / 0.999 / 0.992, SD 14 / 10 / 21 ms. Patients: {patients}, folds: {folds}.

The rule for faint P waves was added and its limit chosen after these folds were seen (without it P F1 about 0.981): the P figures are a little too good by it. Where it fails: sinus rhythm with P waves too low for it (in three of 200 patients it finds none), paced beats (P waves told that are not marked), T onsets in fibrillation and flutter (SD {irregular:.1f} ms; {elsewhere:.1f} elsewhere), P waves in noise (table below).

**P waves invented in atrial fibrillation: {af:.1f} % of beats** ({af_patients} patients, {af_beats} beats in each of 12 leads; worst patient {af_worst:.0f} %); in atrial flutter {flutter:.1f} % ({flutter_patients} patients). Target: at most 5 %.""",
    "changed": "## Reaction to noise, polarity, misplacement, other rates\nEvery second patient, cross-validated. SD in ms of onset / end. Noise: white and slow, half and half, its own in each lead.",
    "changed head": ["change", "P F1", "QRS F1", "T F1", "P SD", "QRS SD", "T SD", "P in AF"],
    "single": "One lead alone (all patients). Where its intervals are irregular, its P waves count only where 55 % of the beats keep the distance of its middle within 8 ms, or where they march evenly:",
    "intervals": "## Intervals\nMedian of a record from found against from marked waves, the same arithmetic on both (`core/intervals`): bounds over the leads are the early fifth of onsets and the late fifth of ends.",
    "intervals head": ["measure (ms; rate /min)", "records", "mean ± SD", "95 % within"],
    "one only": "Told from found or from marked waves only, records:",
    "calibration": "## Calibration\nExpected calibration error of the samples' probabilities (10 bins): pooled, of a record (median), of the worst record.",
    "calibration head": ["class", "pooled", "record, median", "worst record"],
    "confusion": "Samples, marked against found (every second patient, 250 a second); picture: `confusion.png`.",
    "marked, found": "marked \\ found",
    "recorders": "Beside what recorders (GE, Philips, Welch Allyn, others; the sample files that carry measurements) wrote themselves, ours minus theirs:",
    "recorders head": ["measure (ms, °)", "files", "mean ± SD", "largest"],
    "others": """## Other databases
The network that ships, on patients it never saw. MIT-BIH, 48 records of two leads: QRS within 150 ms Se {se:.2f} %, +P {ppv:.2f} % of {beats} beats (stretches of ventricular flutter left out; lowest F1: {worst}, {f1:.3f}). CinC 2017, one lead of a hand-held device: {n:.2f} P waves a beat in {n_records} normal records, {a:.3f} in {a_records} with fibrillation. The limits for one lead alone were chosen on 200 other records with fibrillation and 150 other normal ones of it; these here and the single leads of LUDB were looked at too, so they are a little too good. P waves a beat by the rhythm marked in MIT-BIH:""",
    "others head": ["rhythm", "beats", "P a beat"],
    "explained": """## What it looks at
Integrated gradients in steps of 32 ms, for the P waves of one lead read alone. Flattening the marked fifth of ten seconds lowered the probability inside the waves by {marked:.2f}, random fifths by {random:.2f}; the check passed in {passed:.2f} of {e_n} records.

Speed, CPU seconds of one thread: 10 s of 12 leads {short:.2f}; 30 min of 2 leads {long:.1f}.""",
    "foot": """## Measurements and their names
`heart rate` /min; `P`, `PR`, `QRS`, `QT`, `QTc Bazett`, `QTc Fridericia` ms; `P axis`, `QRS axis` ° (I and aVF, aVF counted 2/√3); `ST <lead>` mV at J + 60 ms against the 16 ms before the QRS, unfiltered. Medians over the beats. What less than half of the whole beats show is left out.

## Data and making
LUDB 1.0.1, ODC-By 1.0: 200 patients of one hospital in Nizhny Novgorod, Schiller Cardiovit AT-101, 12 leads, 10 s, 500 Hz. The network that ships learned from all 200 with the same number of steps as each fold: its own figures are not known, those of the folds stand for it. A U-Net with a BiLSTM at its bottleneck, leads joined by their mean at each resolution, 1 to 12 leads in training. 2,400 steps with seed 1, then 1,000 more with seed 2: {minutes:.0f} minutes of one core for a fold. Weights: ODC-By 1.0. `models/train/ecg-waves/README.md` says how to make it again.""",
}
_ZH = {
    "head": """# ecg-waves 1.2

**仅供研究使用，不用于诊断。**

**适用于：** 成人静息心电图的 P、QRS、T 波边界；1 至 12 个同步导联，任意长度，采样率 90 Hz 以上；并由此得出心率、PR、QRS、QT、QTc、电轴和 ST 水平。

**不适用于：** 起搏心律（数据中有十名起搏患者）、室性心动过速、儿童、运动负荷试验。它不命名心律：未见 P 波不等于心房颤动。未下传的 P 波未作为单独类别学习；落在 T 波内的 P 波与标注一致，不予给出。U 波、delta 波与起搏钉样信号不在其识别范围内。""",
    "main": "## 性能\n按患者分五折；每名患者由未见过该患者的网络判读。波峰相差 150 ms 以内算作检出。误差为检出减标注，均值 ± 标准差（括号内为标准差的 95 % 区间），统计全部波形与导联。95 % 区间按患者自助法。",
    "main head": ["波", "标注数", "Se", "+P", "F1（95 %）", "起点，ms", "终点，ms", "目标（F1；SD）"],
    "leads": "各导联 F1（共同判读）：",
    "lead": "导联",
    "truth": """仅在 LUDB 标注所跨的时段内评分：记录的首末心搏未标注。LUDB 在各导联中标注的心搏几乎相同，因此共同判读时各导联对“有无”一致，边界各自给出（30 s 以内的记录取该导联与其他导联同读及单独判读的均值）。网络不知道所读的是哪个导联，因此减去各导联边界在各折中的平均误差（72 个数，最大 {largest:.0f} ms；表中每折所用的数取自其余四折；不减时 T 波起点 SD 为 {plain:.1f} ms）。LUDB 已发表结果：F1 0.964 / 0.999 / 0.992，SD 14 / 10 / 21 ms。患者 {patients} 名，{folds} 折。

微弱 P 波的规则是在看过这些折之后加入并选定界限的（无此规则时 P 波 F1 约 0.981），因此 P 波数字略偏乐观。不足之处：P 波过低的窦性心律（200 名患者中有 3 名一个也未找到）、起搏心搏（给出未标注的 P 波）、房颤与房扑中的 T 波起点（SD {irregular:.1f} ms，其余 {elsewhere:.1f}）、噪声中的 P 波（见下表）。

**心房颤动中误报的 P 波：{af:.1f} % 的心搏**（{af_patients} 名患者，每导联 {af_beats} 个心搏；最差患者 {af_worst:.0f} %）；心房扑动 {flutter:.1f} %（{flutter_patients} 名）。目标：不超过 5 %。""",
    "changed": "## 对噪声、极性、错接与其他采样率的反应\n每隔一名患者，交叉验证。SD 为起点 / 终点，ms。噪声：白噪声与慢噪声各半，各导联独立。",
    "changed head": ["变化", "P F1", "QRS F1", "T F1", "P SD", "QRS SD", "T SD", "房颤中 P"],
    "single": "单导联判读（全部患者）。间期不规则时，仅当 55 % 的心搏其 P 波中点到 QRS 的距离相差在 8 ms 以内，或 P 波均匀独立出现时才给出 P 波：",
    "intervals": "## 间期\n每份记录的中位数：由检出波与由标注波计算之差，算法相同（`core/intervals`）；多导联边界取起点的前五分之一分位与终点的后五分之一分位。",
    "intervals head": ["测量（ms；心率 /min）", "记录", "均值 ± SD", "95 % 在此以内"],
    "one only": "仅由检出波或仅由标注波得出的记录数：",
    "calibration": "## 校准\n各采样点概率的期望校准误差（10 格）：合计、单份记录中位数、最差记录。",
    "calibration head": ["类别", "合计", "记录中位数", "最差记录"],
    "confusion": "采样点：标注与检出（每隔一名患者，每秒 250 点）；图见 `confusion.png`。",
    "marked, found": "标注 \\ 检出",
    "recorders": "与记录设备（GE、Philips、Welch Allyn 等；带有测量值的样例文件）自身写入的结果相比，本程序减设备：",
    "recorders head": ["测量（ms，°）", "文件", "均值 ± SD", "最大差"],
    "others": """## 其他数据库
随附网络，均为未见过的患者。MIT-BIH 48 份双导联记录：QRS（150 ms 内）Se {se:.2f} %，+P {ppv:.2f} %，共 {beats} 个心搏（不计室扑段；F1 最低：{worst}，{f1:.3f}）。CinC 2017（手持设备单导联）：{n_records} 份正常记录每搏 P 波 {n:.2f} 个，{a_records} 份房颤记录 {a:.3f} 个。单导联的界限在该库另外 200 份房颤与 150 份正常记录上选定；选择时也看过此处的记录与 LUDB 的单导联，因此数字略偏乐观。 MIT-BIH 中按标注心律的每搏 P 波：""",
    "others head": ["心律", "心搏", "每搏 P 波"],
    "explained": """## 它看什么
积分梯度（每 32 ms 一格），针对单独判读的一个导联的 P 波。抹平所标出的十秒中五分之一，波内概率下降 {marked:.2f}，随机五分之一下降 {random:.2f}；{e_n} 份记录中 {passed:.2f} 通过检验。

速度（单线程 CPU 秒）：12 导联 10 s 为 {short:.2f}；2 导联 30 min 为 {long:.1f}。""",
    "foot": """## 测量及名称
`heart rate` /min；`P`、`PR`、`QRS`、`QT`、`QTc Bazett`、`QTc Fridericia` ms；`P axis`、`QRS axis` °（由 I 与 aVF，aVF 乘以 2/√3）；`ST <导联>` mV，J 点后 60 ms 相对 QRS 前 16 ms，未滤波。取各心搏中位数；不足半数完整心搏显示者不给出。

## 数据与制作
LUDB 1.0.1，ODC-By 1.0：下诺夫哥罗德一家医院 200 名患者，Schiller Cardiovit AT-101，12 导联，10 s，500 Hz。随附网络以与各折相同的步数学习全部 200 名患者：其自身数字未知，以各折为准。U-Net，瓶颈处为 BiLSTM，各分辨率以导联均值相连，训练时使用 1 至 12 个导联。先以种子 1 训练 2,400 步，再以种子 2 续训 1,000 步：每折单核 {minutes:.0f} 分钟。权重：ODC-By 1.0。制作方法见 `models/train/ecg-waves/README.md`。""",
    "unchanged": "未改变",
    "all leads inverted": "所有导联反相",
    "arms swapped": "左右手反接",
    "noise, SNR 20 dB": "噪声，信噪比 20 dB",
    "noise, SNR 12 dB": "噪声，信噪比 12 dB",
    "noise, SNR 6 dB": "噪声，信噪比 6 dB",
    "noise, SNR 0 dB": "噪声，信噪比 0 dB",
}
