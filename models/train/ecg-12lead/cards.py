"""The two cards of ecg-12lead from its figures."""

WORDS = {
    "as recorded": "如原记录",
    "all leads inverted": "全部导联反向",
    "lead I inverted": "I 导联反向（左右手接反之一征）",
    "V1 and V2 exchanged": "V1、V2 互换",
    "V2 and V3 exchanged": "V2、V3 互换",
    "V5 and V6 exchanged": "V5、V6 互换",
    "V1 and V6 exchanged": "V1、V6 互换",
    "chest leads in reverse": "胸导联顺序颠倒",
    "I and II exchanged": "I、II 互换",
    "first 7.5 s": "前 7.5 秒",
}


def _three(values) -> str:
    return f"{values[0]:.3f} ({values[1]:.3f}–{values[2]:.3f})"


def _table(figures: dict) -> str:
    return "\n".join(
        f"| {label} | {r['n']} | {_three(r['auc'])} | {_three(r['se'])} | {_three(r['ppv'])} | {_three(r['f1'])} | {r['ece']:.3f} |"
        for label, r in figures["classes"].items()
    )


def card(document: dict, figures: dict, lang: int) -> str:
    test, apart, e = figures["test"], figures["cross-validated"], figures["explanation"]
    cuts = ", ".join(f"{k} {v:.2f}" for k, v in document["thresholds"].items())
    changes = "\n".join(
        f"| {(k, WORDS.get(k, k.replace('noise', '噪声 SNR').replace('without', '缺')))[lang]} | {v:.3f} |"
        for k, v in figures["disturbed"].items()
    )
    rates = ", ".join(f"{k} {v:.3f}" for k, v in figures["rates"].items())
    true = figures.get("true", {"normal": 0, "called normal": float("nan")})
    records, both = document["training"]["records"], figures.get("test with true", test)
    both_auc = both["macro_auc"] if isinstance(both["macro_auc"], float) else both["macro_auc"][0]
    if lang == 0:
        return f"""# ecg-12lead {document["version"]} – experimental

**Research use only – not for diagnosis. Experimental: learned from {records} PTB-XL records of 21,799; every figure has a wide interval.**

**For:** resting 12-lead ECGs of 7 s or more at 90 Hz or more, any unit. It reads I, II, V1–V6 (I and II may be derived from other limb
leads); at most two of them may be unreadable. Longer records: windows of 10 s, at most 360, spread evenly. Answers, several may hold:
`NORM`, `MI` infarction (old or new), `STTC` ST/T change, `CD` conduction disturbance, `HYP` hypertrophy.

**Not for:** acute care, ruling anything out, dating an infarction, children, pacing, exercise or Holter leads, misplaced electrodes (see
below). Each lead is scaled to SD 1, because most of the data came so: **voltage criteria are invisible to it; HYP rests on shape alone.**

## How well
Test: PTB-XL's fold 10 of what was at hand ({test["n"]} records), looked at once. Macro AUC **{_three(test["macro_auc"])}**, macro F1 {_three(test["macro_f1"])}; target was
0.88, published on all 21,799 records 0.93. With the 12 unprocessed test records: {both_auc:.3f} (n {both["n"]}).

| class | test records | AUC | Se | +P | F1 | ECE |
|---|---|---|---|---|---|---|
{_table(test)}

![answers by label](confusion.png)

Cross-validated on folds 1–9 ({apart["n"]} records, each judged by the one member that had not seen it; shares, calibration and thresholds were set
on these): macro AUC {_three(apart["macro_auc"])}.

| class | records | AUC | Se | +P | F1 | ECE |
|---|---|---|---|---|---|---|
{_table(apart)}

Intervals: 95 % over records. Thresholds (best F1): {cuts}. The set is far sicker than a ward round: about a third of the records are NORM, so
probabilities are too high elsewhere. Of {true["normal"]} unprocessed normal test records {100 * true["called normal"]:.0f} % are called NORM. Patients of the small part are not
listed: folds of the cross-validation are by record; fold 10 is apart by patient. Labels are PTB-XL's statements, mostly by one reader.

## Reaction (test part, macro AUC)
| change | macro AUC |
|---|---|
{changes}

Lead misplacement is not noticed by the network. Mean change of a probability when LUDB's 500 Hz comes at another rate: {rates}.

## What it looks at
Integrated gradients over the leads and the usual beat, in cells of one lead and 0.2 s; the lead that counted most is shown. Flattening the
marked fifth takes {e["deletion"]:.3f} from the probability, a random fifth {e["random"]:.3f}; better than random in {100 * e["passed"]:.0f} % of {e["n"]} records.

## Making
{document["data"]["en"]} Five members (CNN + LSTM over the leads, CNN over the usual beat) and a linear look at the usual beat.
`models/train/ecg-12lead/README.md` has the command; it runs unchanged on a whole PTB-XL folder, which is what this network wants.
"""
    return f"""# ecg-12lead {document["version"]} – 试验性

**仅供研究使用，不用于诊断。试验性：仅由 PTB-XL 21,799 条记录中的 {records} 条学得，所有数字的区间都很宽。**

**适用：** 7 秒以上、90 Hz 以上的静息 12 导联心电图，单位不限。读取 I、II、V1–V6（I、II 可由其他肢体导联推导）；至多两个导联不可读。
更长的记录按 10 秒窗读取，至多 360 窗，均匀分布。结果可多选：`NORM` 正常，`MI` 心肌梗死，`STTC` ST/T 改变，`CD` 传导障碍，`HYP` 肥厚。

**不适用：** 急诊、排除任何疾病、判断梗死新旧、儿童、起搏、运动或动态导联、电极错位（见下）。由于大部分数据已按标准差归一化，
**它看不到电压标准；HYP 仅凭形态。**

## 性能
测试：现有 PTB-XL 第 10 折（{test["n"]} 条），只看一次。宏平均 AUC **{_three(test["macro_auc"])}**，宏平均 F1 {_three(test["macro_f1"])}；目标 0.88，全部数据上已发表 0.93。

| 类别 | 测试记录 | AUC | 灵敏度 | 阳性预测值 | F1 | ECE |
|---|---|---|---|---|---|---|
{_table(test)}

![按标注的回答](confusion.png)

第 1–9 折交叉验证（{apart["n"]} 条；权重、校准与阈值在其上设定）：宏平均 AUC {_three(apart["macro_auc"])}。

| 类别 | 记录 | AUC | 灵敏度 | 阳性预测值 | F1 | ECE |
|---|---|---|---|---|---|---|
{_table(apart)}

括号内为按记录的 95 % 区间。阈值（最佳 F1）：{cuts}。该数据中仅约三分之一为 NORM，在别处概率会偏高。

## 对干扰的反应（测试部分，宏平均 AUC）
| 变化 | 宏平均 AUC |
|---|---|
{changes}

网络不会察觉导联错位。LUDB（500 Hz）换采样率时概率的平均变化：{rates}。

## 解释
对各导联与典型心搏的积分梯度；显示贡献最大的导联。抹平标出的五分之一使概率下降 {e["deletion"]:.3f}，随机五分之一为 {e["random"]:.3f}；{e["n"]} 条中 {100 * e["passed"]:.0f} % 优于随机。

## 来源
{document["data"]["zh_CN"]} 训练命令见 `models/train/ecg-12lead/README.md`；可直接用于完整的 PTB-XL 文件夹。
"""
