<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
  <context>
    <name>Actions</name>
    <message>
      <source>All commands</source>
      <translation>全部命令</translation>
    </message>
  </context>
  <context>
    <name>AuditList</name>
    <message>
      <source>Audit list</source>
      <translation>审计列表</translation>
    </message>
    <message>
      <source>Search who, what, patient, item</source>
      <translation>搜索操作者、操作、患者、项目</translation>
    </message>
    <message>
      <source>Only the active pane's item</source>
      <translation>仅当前窗格的项目</translation>
    </message>
    <message>
      <source>When</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>Who</source>
      <translation>操作者</translation>
    </message>
    <message>
      <source>What</source>
      <translation>操作</translation>
    </message>
    <message>
      <source>Patient</source>
      <translation>患者</translation>
    </message>
    <message>
      <source>Item</source>
      <translation>项目</translation>
    </message>
    <message>
      <source>About</source>
      <translation>内容</translation>
    </message>
    <message>
      <source>Undone: {what}</source>
      <translation>已撤销：{what}</translation>
    </message>
  </context>
  <context>
    <name>Browser</name>
    <message>
      <source>identity</source>
      <translation>身份</translation>
    </message>
    <message>
      <source>modality</source>
      <translation>模态</translation>
    </message>
    <message>
      <source>matrix size</source>
      <translation>矩阵大小</translation>
    </message>
    <message>
      <source>kind of pixels</source>
      <translation>像素类型</translation>
    </message>
    <message>
      <source>orientation</source>
      <translation>方向</translation>
    </message>
    <message>
      <source>file of its own</source>
      <translation>独立文件</translation>
    </message>
    <message>
      <source>repeated positions</source>
      <translation>位置重复</translation>
    </message>
    <message>
      <source>Search name, ID, words (Ctrl+F)</source>
      <translation>搜索姓名、ID、描述（Ctrl+F）</translation>
    </message>
    <message>
      <source>Unassigned</source>
      <translation>未归入患者</translation>
    </message>
    <message>
      <source>no date</source>
      <translation>无日期</translation>
    </message>
    <message>
      <source>today's visit</source>
      <translation>今日就诊</translation>
    </message>
    <message>
      <source>1 day before</source>
      <translation>1 天前</translation>
    </message>
    <message>
      <source>{n} days before</source>
      <translation>{n} 天前</translation>
    </message>
    <message>
      <source>{n} months before</source>
      <translation>{n} 个月前</translation>
    </message>
    <message>
      <source>{n} years before</source>
      <translation>{n} 年前</translation>
    </message>
    <message>
      <source>given by hand</source>
      <translation>人工归入</translation>
    </message>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>1 image</source>
      <translation>1 幅图像</translation>
    </message>
    <message>
      <source>{n} images</source>
      <translation>{n} 幅图像</translation>
    </message>
    <message>
      <source>{n} images so far</source>
      <translation>目前 {n} 幅图像</translation>
    </message>
    <message>
      <source>1 lead</source>
      <translation>1 导联</translation>
    </message>
    <message>
      <source>{n} leads</source>
      <translation>{n} 导联</translation>
    </message>
    <message>
      <source>Holter {time}, {leads}</source>
      <translation>动态心电 {time}，{leads}</translation>
    </message>
    <message>
      <source>ECG {leads}, {time}</source>
      <translation>心电图 {leads}，{time}</translation>
    </message>
    <message>
      <source>gaps</source>
      <translation>有间断</translation>
    </message>
    <message>
      <source>{n} h</source>
      <translation>{n} 小时</translation>
    </message>
    <message>
      <source>{n} min</source>
      <translation>{n} 分</translation>
    </message>
    <message>
      <source>Empty note</source>
      <translation>空白病历</translation>
    </message>
    <message>
      <source>Addendum: {title}</source>
      <translation>补充：{title}</translation>
    </message>
    <message>
      <source>{n} characters</source>
      <translation>{n} 字</translation>
    </message>
    <message>
      <source>{n} words</source>
      <translation>{n} 词</translation>
    </message>
    <message>
      <source>signed by {who}</source>
      <translation>{who} 已签名</translation>
    </message>
    <message>
      <source>Belongs to {who}</source>
      <translation>属于 {who}</translation>
    </message>
    <message>
      <source>Belongs to nobody</source>
      <translation>不属于任何患者</translation>
    </message>
    <message>
      <source>incomplete</source>
      <translation>不完整</translation>
    </message>
    <message>
      <source>split: {why}</source>
      <translation>拆分：{why}</translation>
    </message>
    <message>
      <source>{found} found · {loaded} loaded</source>
      <translation>找到 {found} · 载入 {loaded}</translation>
    </message>
    <message>
      <source>{n} skipped</source>
      <translation>跳过 {n}</translation>
    </message>
    <message>
      <source>{n} failed</source>
      <translation>失败 {n}</translation>
    </message>
    <message>
      <source>show</source>
      <translation>查看</translation>
    </message>
  </context>
  <context>
    <name>CardDialog</name>
    <message>
      <source>Threshold, {label}</source>
      <translation>阈值，{label}</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>figure</source>
      <translation>指标</translation>
    </message>
    <message>
      <source>value</source>
      <translation>数值</translation>
    </message>
    <message>
      <source>95 % interval</source>
      <translation>95 % 区间</translation>
    </message>
    <message>
      <source>data</source>
      <translation>数据</translation>
    </message>
    <message>
      <source>Back to {value}</source>
      <translation>恢复为 {value}</translation>
    </message>
  </context>
  <context>
    <name>CineBar</name>
    <message>
      <source>Stop (C)</source>
      <translation>停止 (C)</translation>
    </message>
    <message>
      <source>Loop</source>
      <translation>循环</translation>
    </message>
    <message>
      <source>{n} images/s</source>
      <translation>{n} 幅/秒</translation>
    </message>
  </context>
  <context>
    <name>Classes</name>
    <message>
      <source>not sure</source>
      <translation>不确定</translation>
    </message>
    <message>
      <source>fewer</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>all {n}</source>
      <translation>全部 {n}</translation>
    </message>
    <message>
      <source>threshold {t}</source>
      <translation>阈值 {t}</translation>
    </message>
  </context>
  <context>
    <name>Damage</name>
    <message>
      <source>Copy details</source>
      <translation>复制详情</translation>
    </message>
    <message>
      <source>The reason in the program's words, without names of files or patients</source>
      <translation>程序给出的原因，不含文件名或患者姓名</translation>
    </message>
    <message>
      <source>{file} cannot be shown</source>
      <translation>{file} 无法显示</translation>
    </message>
    <message>
      <source>The image</source>
      <translation>该图像</translation>
    </message>
  </context>
  <context>
    <name>Desk</name>
    <message>
      <source>an item without identity</source>
      <translation>无身份信息的项目</translation>
    </message>
    <message>
      <source>{n} patients are open: this pane shows {this}, others {others}</source>
      <translation>已打开 {n} 位患者：本窗格显示 {this}，其他为 {others}</translation>
    </message>
    <message>
      <source>{n} patients open · here {this}</source>
      <translation>{n} 位患者已打开 · 本窗格：{this}</translation>
    </message>
    <message>
      <source>No networks are installed.</source>
      <translation>未安装任何网络。</translation>
    </message>
    <message>
      <source>The pane is on the clipboard, with the name that stands in it.</source>
      <translation>窗格已复制到剪贴板，包括其中显示的姓名。</translation>
    </message>
  </context>
  <context>
    <name>DisagreementCard</name>
    <message>
      <source>same day</source>
      <translation>同一天</translation>
    </message>
    <message>
      <source>{n} days apart</source>
      <translation>相隔 {n} 天</translation>
    </message>
    <message>
      <source>a date is unknown</source>
      <translation>有日期未知</translation>
    </message>
    <message>
      <source>Rule {rule}; {when}.</source>
      <translation>规则 {rule}；{when}。</translation>
    </message>
    <message>
      <source>Note and ECG disagree</source>
      <translation>病历与心电不一致</translation>
    </message>
    <message>
      <source>Note and image disagree</source>
      <translation>病历与影像不一致</translation>
    </message>
    <message>
      <source>{k} of {n}</source>
      <translation>{k}/{n}</translation>
    </message>
    <message>
      <source>{n} of {of} beats</source>
      <translation>{of} 个心搏中 {n} 个</translation>
    </message>
    <message>
      <source>Show both</source>
      <translation>并排显示</translation>
    </message>
    <message>
      <source>Why?</source>
      <translation>依据？</translation>
    </message>
    <message>
      <source>Seen</source>
      <translation>已知悉</translation>
    </message>
  </context>
  <context>
    <name>EcgBar</name>
    <message>
      <source>Layout</source>
      <translation>布局</translation>
    </message>
    <message>
      <source>Paper speed</source>
      <translation>走纸速度</translation>
    </message>
    <message>
      <source>Gain</source>
      <translation>增益</translation>
    </message>
    <message>
      <source>Filters of the display</source>
      <translation>显示滤波</translation>
    </message>
    <message>
      <source>Paper or dark</source>
      <translation>纸张或深色</translation>
    </message>
    <message>
      <source>Previous event</source>
      <translation>上一个事件</translation>
    </message>
    <message>
      <source>Next event</source>
      <translation>下一个事件</translation>
    </message>
    <message>
      <source>paper</source>
      <translation>纸张</translation>
    </message>
    <message>
      <source>dark</source>
      <translation>深色</translation>
    </message>
    <message>
      <source>Lead of the lines</source>
      <translation>行所用导联</translation>
    </message>
    <message>
      <source>Columns at the same moment</source>
      <translation>各列同一时刻</translation>
    </message>
    <message>
      <source>Fitted to the pane</source>
      <translation>适合窗格</translation>
    </message>
    <message>
      <source>High-pass</source>
      <translation>高通</translation>
    </message>
    <message>
      <source>Low-pass</source>
      <translation>低通</translation>
    </message>
    <message>
      <source>Mains</source>
      <translation>工频</translation>
    </message>
    <message>
      <source>off</source>
      <translation>关</translation>
    </message>
  </context>
  <context>
    <name>EcgControls</name>
    <message>
      <source>Events</source>
      <translation>事件</translation>
    </message>
    <message>
      <source>Findings</source>
      <translation>发现</translation>
    </message>
    <message>
      <source>Filters of the display</source>
      <translation>显示滤波</translation>
    </message>
    <message>
      <source>Ribbon of</source>
      <translation>色带所属网络</translation>
    </message>
    <message>
      <source>Gain of {lead} alone</source>
      <translation>仅 {lead} 的增益</translation>
    </message>
    <message>
      <source>Save as PDF</source>
      <translation>另存为 PDF</translation>
    </message>
    <message>
      <source>Written: {file}</source>
      <translation>已写入：{file}</translation>
    </message>
    <message>
      <source>WFDB annotations</source>
      <translation>WFDB 注释</translation>
    </message>
    <message>
      <source>EDF+ with annotations</source>
      <translation>带注释的 EDF+</translation>
    </message>
    <message>
      <source>Table of events</source>
      <translation>事件表</translation>
    </message>
    <message>
      <source>Export marks</source>
      <translation>导出标记</translation>
    </message>
    <message>
      <source>Format</source>
      <translation>格式</translation>
    </message>
    <message>
      <source>Nothing is marked here yet.</source>
      <translation>此处尚无标记。</translation>
    </message>
    <message>
      <source>Set two cursors first: they say which part.</source>
      <translation>请先放置两个光标以确定片段。</translation>
    </message>
    <message>
      <source>WFDB record</source>
      <translation>WFDB 记录</translation>
    </message>
    <message>
      <source>Table of samples</source>
      <translation>样本表</translation>
    </message>
    <message>
      <source>Export the part</source>
      <translation>导出片段</translation>
    </message>
    <message>
      <source>Nothing is recorded between the cursors.</source>
      <translation>光标之间没有记录。</translation>
    </message>
  </context>
  <context>
    <name>EcgPane</name>
    <message>
      <source>Hide</source>
      <translation>隐藏</translation>
    </message>
    <message>
      <source>State it…</source>
      <translation>填写…</translation>
    </message>
    <message>
      <source>note</source>
      <translation>提示</translation>
    </message>
    <message>
      <source>Drag an item here</source>
      <translation>将项目拖到此处</translation>
    </message>
  </context>
  <context>
    <name>EcgPanel</name>
    <message>
      <source>AUTOMATIC MEASUREMENTS</source>
      <translation>自动测量</translation>
    </message>
    <message>
      <source>ST AT J + 60 MS, AUTOMATIC, MV</source>
      <translation>ST（J + 60 ms），自动测量，mV</translation>
    </message>
    <message>
      <source>MEAN BEATS · 25 mm/s · 10 mm/mV</source>
      <translation>平均心搏 · 25 mm/s · 10 mm/mV</translation>
    </message>
    <message>
      <source>RATE AND VARIABILITY, AUTOMATIC</source>
      <translation>心率与变异性（自动）</translation>
    </message>
    <message>
      <source>FROM THE DEVICE</source>
      <translation>来自设备</translation>
    </message>
    <message>
      <source>BY HAND · {lead}, {time}</source>
      <translation>手动 · {lead}，{time}</translation>
    </message>
  </context>
  <context>
    <name>EmptyPage</name>
    <message>
      <source>Drop a study anywhere</source>
      <translation>将检查拖到任意位置</translation>
    </message>
    <message>
      <source>CT and X-ray (DICOM, PNG, JPEG, TIFF), ECG, notes: files, folders or ZIPs</source>
      <translation>CT 与 X 线（DICOM、PNG、JPEG、TIFF）、心电图、病历：文件、文件夹或 ZIP</translation>
    </message>
    <message>
      <source>Open…</source>
      <translation>打开…</translation>
    </message>
    <message>
      <source>Sample patients</source>
      <translation>示例患者</translation>
    </message>
    <message>
      <source>Recent</source>
      <translation>最近打开</translation>
    </message>
  </context>
  <context>
    <name>EncodingChoice</name>
    <message>
      <source>Encoding of the text</source>
      <translation>文本编码</translation>
    </message>
    <message>
      <source>Choose the encoding in which these words read right. The file is not changed.</source>
      <translation>请选择使下列文字正确显示的编码。文件不会改变。</translation>
    </message>
  </context>
  <context>
    <name>EventsList</name>
    <message>
      <source>none</source>
      <translation>无</translation>
    </message>
    <message>
      <source>EVENTS · {counts}</source>
      <translation>事件 · {counts}</translation>
    </message>
    <message>
      <source>by hand: {n} renamed, {m} rejected</source>
      <translation>人工：改名 {n}，否决 {m}</translation>
    </message>
    <message>
      <source>all</source>
      <translation>全部</translation>
    </message>
    <message>
      <source>rhythm {n}</source>
      <translation>节律 {n}</translation>
    </message>
  </context>
  <context>
    <name>EventsModel</name>
    <message>
      <source>time</source>
      <translation>时间</translation>
    </message>
    <message>
      <source>class</source>
      <translation>类别</translation>
    </message>
    <message>
      <source>score</source>
      <translation>得分</translation>
    </message>
  </context>
  <context>
    <name>FileList</name>
    <message>
      <source>Files that were not loaded</source>
      <translation>未载入的文件</translation>
    </message>
    <message>
      <source>{found} found, {loaded} loaded, {skipped} skipped, {failed} failed</source>
      <translation>找到 {found}，载入 {loaded}，跳过 {skipped}，失败 {failed}</translation>
    </message>
    <message>
      <source>File</source>
      <translation>文件</translation>
    </message>
    <message>
      <source>Reason</source>
      <translation>原因</translation>
    </message>
    <message>
      <source>What to do</source>
      <translation>处理办法</translation>
    </message>
    <message>
      <source>Copy details</source>
      <translation>复制详情</translation>
    </message>
    <message>
      <source>Reasons and counts, without names of files or patients</source>
      <translation>只含原因与数量，不含文件名和患者姓名</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
  </context>
  <context>
    <name>FindBar</name>
    <message>
      <source>Find in the note</source>
      <translation>在病历中查找</translation>
    </message>
    <message>
      <source>Previous (Shift+Enter)</source>
      <translation>上一个（Shift+Enter）</translation>
    </message>
    <message>
      <source>Next (Enter)</source>
      <translation>下一个（Enter）</translation>
    </message>
    <message>
      <source>{k} of {n}</source>
      <translation>{k}/{n}</translation>
    </message>
  </context>
  <context>
    <name>FindingsPanel</name>
    <message>
      <source>Order of the findings</source>
      <translation>所见排序</translation>
    </message>
    <message>
      <source>This pane first</source>
      <translation>当前窗格优先</translation>
    </message>
    <message>
      <source>Newest first</source>
      <translation>最新优先</translation>
    </message>
    <message>
      <source>Highest score</source>
      <translation>评分最高优先</translation>
    </message>
    <message>
      <source>Name</source>
      <translation>按名称</translation>
    </message>
    <message>
      <source>Open first</source>
      <translation>未判定优先</translation>
    </message>
    <message>
      <source>FINDINGS</source>
      <translation>发现</translation>
    </message>
    <message>
      <source>Nothing analysed yet. Ctrl+Return asks the networks about the active pane.</source>
      <translation>尚未分析。按 Ctrl+Return 让网络读取当前窗格。</translation>
    </message>
    <message>
      <source>{n} more</source>
      <translation>另有 {n} 项</translation>
    </message>
    <message>
      <source>Accept</source>
      <translation>接受</translation>
    </message>
    <message>
      <source>Reject</source>
      <translation>拒绝</translation>
    </message>
    <message>
      <source>Undecided</source>
      <translation>未判定</translation>
    </message>
    <message>
      <source>It is meant as: {state}</source>
      <translation>含义改为：{state}</translation>
    </message>
    <message>
      <source>Call it: {label}</source>
      <translation>改名为：{label}</translation>
    </message>
    <message>
      <source>{score}, threshold {threshold}</source>
      <translation>{score}，阈值 {threshold}</translation>
    </message>
    <message>
      <source>The network called it {label}.</source>
      <translation>网络原称：{label}。</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>撤销</translation>
    </message>
    <message>
      <source>Named in the note</source>
      <translation>病历中提及</translation>
    </message>
    <message>
      <source>fewer</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>all {n}</source>
      <translation>全部 {n} 项</translation>
    </message>
    <message>
      <source>rules</source>
      <translation>规则</translation>
    </message>
    <message>
      <source>{label} {score}, below the threshold {threshold}</source>
      <translation>{label} {score}，低于阈值 {threshold}</translation>
    </message>
    <message>
      <source>{label} {score}, threshold {threshold}</source>
      <translation>{label} {score}，阈值 {threshold}</translation>
    </message>
    <message>
      <source>Note</source>
      <translation>病历</translation>
    </message>
  </context>
  <context>
    <name>HeatControls</name>
    <message>
      <source>Heat opacity</source>
      <translation>热图不透明度</translation>
    </message>
    <message>
      <source>Heat cut-off</source>
      <translation>热图截止值</translation>
    </message>
  </context>
  <context>
    <name>ImageControls</name>
    <message>
      <source>table {n}</source>
      <translation>查找表 {n}</translation>
    </message>
    <message>
      <source>window {n}</source>
      <translation>窗 {n}</translation>
    </message>
    <message>
      <source>Of the file: {words}</source>
      <translation>文件自带：{words}</translation>
    </message>
    <message>
      <source>A plain picture has no tags.</source>
      <translation>普通图片没有标签。</translation>
    </message>
  </context>
  <context>
    <name>ImagePane</name>
    <message>
      <source>no heat</source>
      <translation>无热图</translation>
    </message>
    <message>
      <source>Show anyway</source>
      <translation>仍然显示</translation>
    </message>
    <message>
      <source>★ key image</source>
      <translation>★ 关键图像</translation>
    </message>
    <message>
      <source>Drag a series here</source>
      <translation>将序列拖到此处</translation>
    </message>
    <message>
      <source>Reading image {k} of {n} …</source>
      <translation>正在读取第 {k} 幅，共 {n} 幅…</translation>
    </message>
    <message>
      <source>column</source>
      <translation>列</translation>
    </message>
    <message>
      <source>row</source>
      <translation>行</translation>
    </message>
  </context>
  <context>
    <name>Keeping</name>
    <message>
      <source>Undone: {what}</source>
      <translation>已撤销：{what}</translation>
    </message>
    <message>
      <source>Nothing to undo</source>
      <translation>没有可撤销的操作</translation>
    </message>
    <message>
      <source>Done again: {what}</source>
      <translation>已重做：{what}</translation>
    </message>
    <message>
      <source>Nothing to do again</source>
      <translation>没有可重做的操作</translation>
    </message>
    <message>
      <source>Everything is saved again.</source>
      <translation>已全部重新保存。</translation>
    </message>
  </context>
  <context>
    <name>KeySheet</name>
    <message>
      <source>Left drag</source>
      <translation>左键拖动</translation>
    </message>
    <message>
      <source>the tool in hand; at the start window/level: right = wider, up and down = level</source>
      <translation>当前工具；起始为窗宽窗位：向右加宽，上下调窗位</translation>
    </message>
    <message>
      <source>Right drag</source>
      <translation>右键拖动</translation>
    </message>
    <message>
      <source>zoom; a click opens the menu</source>
      <translation>缩放；单击打开菜单</translation>
    </message>
    <message>
      <source>Middle drag, Shift+left drag</source>
      <translation>中键拖动，Shift+左键拖动</translation>
    </message>
    <message>
      <source>pan</source>
      <translation>平移</translation>
    </message>
    <message>
      <source>Wheel</source>
      <translation>滚轮</translation>
    </message>
    <message>
      <source>scroll images</source>
      <translation>翻阅图像</translation>
    </message>
    <message>
      <source>Ctrl+wheel</source>
      <translation>Ctrl+滚轮</translation>
    </message>
    <message>
      <source>zoom at the pointer</source>
      <translation>以指针为中心缩放</translation>
    </message>
    <message>
      <source>Wheel on an ECG</source>
      <translation>心电图上的滚轮</translation>
    </message>
    <message>
      <source>time; with Ctrl zoom at the pointer</source>
      <translation>时间；按 Ctrl 以指针为中心缩放</translation>
    </message>
    <message>
      <source>Click on a beat</source>
      <translation>单击心搏</translation>
    </message>
    <message>
      <source>why it is called so</source>
      <translation>为何如此判定</translation>
    </message>
    <message>
      <source>Ctrl+left drag</source>
      <translation>Ctrl+左键拖动</translation>
    </message>
    <message>
      <source>window of a region</source>
      <translation>按区域调窗</translation>
    </message>
    <message>
      <source>Alt+left drag</source>
      <translation>Alt+左键拖动</translation>
    </message>
    <message>
      <source>window/level whatever the tool</source>
      <translation>任何工具下都调窗宽窗位</translation>
    </message>
    <message>
      <source>Double click</source>
      <translation>双击</translation>
    </message>
    <message>
      <source>one pane alone, and back</source>
      <translation>单独显示一个窗格，再次双击还原</translation>
    </message>
    <message>
      <source>Drop</source>
      <translation>拖放</translation>
    </message>
    <message>
      <source>open files, folders and ZIPs anywhere on the window</source>
      <translation>在窗口任意位置打开文件、文件夹和 ZIP</translation>
    </message>
    <message>
      <source>Keys and mouse</source>
      <translation>按键与鼠标</translation>
    </message>
    <message>
      <source>Mouse</source>
      <translation>鼠标</translation>
    </message>
  </context>
  <context>
    <name>LayoutPicker</name>
    <message>
      <source>Rows and columns of panes</source>
      <translation>窗格行列</translation>
    </message>
  </context>
  <context>
    <name>Legend</name>
    <message>
      <source>weight high</source>
      <translation>权重高</translation>
    </message>
    <message>
      <source>low</source>
      <translation>低</translation>
    </message>
    <message>
      <source>against</source>
      <translation>反对</translation>
    </message>
    <message>
      <source>framed: tells who it is</source>
      <translation>加框：可识别身份</translation>
    </message>
    <message>
      <source>research use only – not for diagnosis</source>
      <translation>仅供研究，不用于诊断</translation>
    </message>
  </context>
  <context>
    <name>LexiconEditor</name>
    <message>
      <source>Lexicon</source>
      <translation>词表</translation>
    </message>
    <message>
      <source>One phrase a line; # stands for a number, &lt;be&gt; for each word of the group words/be, &lt;be?&gt; for each or none. Groups decide how a finding is meant; concepts name findings.</source>
      <translation>每行一个短语；# 代表数字，&lt;be&gt; 代表 words/be 组中的任一词，&lt;be?&gt; 表示该词可有可无。各组决定所见的含义；concepts 为所见名称。</translation>
    </message>
    <message>
      <source>The program's own</source>
      <translation>恢复程序词表</translation>
    </message>
    <message>
      <source>Take back every change of this language</source>
      <translation>撤销该语言的全部修改</translation>
    </message>
  </context>
  <context>
    <name>MentionLine</name>
    <message>
      <source>fewer</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>and {n} more</source>
      <translation>另有 {n} 项</translation>
    </message>
  </context>
  <context>
    <name>NetworksPanel</name>
    <message>
      <source>NETWORKS</source>
      <translation>网络</translation>
    </message>
    <message>
      <source>Analyse pane</source>
      <translation>分析窗格</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>报告</translation>
    </message>
    <message>
      <source>No networks are installed.</source>
      <translation>未安装任何网络。</translation>
    </message>
    <message>
      <source>Safe mode: no networks.</source>
      <translation>安全模式：不使用网络。</translation>
    </message>
    <message>
      <source>{n} not for this</source>
      <translation>{n} 个不适用</translation>
    </message>
    <message>
      <source>fewer</source>
      <translation>收起</translation>
    </message>
    <message>
      <source>fits</source>
      <translation>适用</translation>
    </message>
    <message>
      <source>with caution</source>
      <translation>适用，须注意</translation>
    </message>
    <message>
      <source>not for this</source>
      <translation>不适用</translation>
    </message>
  </context>
  <context>
    <name>NoteControls</name>
    <message>
      <source>Copy</source>
      <translation>复制</translation>
    </message>
    <message>
      <source>Paste</source>
      <translation>粘贴</translation>
    </message>
    <message>
      <source>Mark as</source>
      <translation>标记为</translation>
    </message>
    <message>
      <source>There is no text on the clipboard.</source>
      <translation>剪贴板上没有文字。</translation>
    </message>
    <message>
      <source>Sign this note? Its text then stays as it is; what is to be said more is an addendum.</source>
      <translation>签署此病历？签署后内容不再更改，后续内容以补充形式添加。</translation>
    </message>
    <message>
      <source>Sign the note</source>
      <translation>签署病历</translation>
    </message>
    <message>
      <source>Sign</source>
      <translation>签署</translation>
    </message>
    <message>
      <source>“{text}” is</source>
      <translation>“{text}”为</translation>
    </message>
    <message>
      <source>Nothing that tells who it is</source>
      <translation>不涉及身份</translation>
    </message>
    <message>
      <source>Clean copy</source>
      <translation>脱敏副本</translation>
    </message>
    <message>
      <source>The clean copy is a note of its own and on the clipboard. Look at it before it leaves.</source>
      <translation>脱敏副本已成为独立病历并复制到剪贴板，外发前请检查。</translation>
    </message>
  </context>
  <context>
    <name>NotePane</name>
    <message>
      <source>Edit</source>
      <translation>编辑</translation>
    </message>
    <message>
      <source>Drag a note here</source>
      <translation>将病历拖到此处</translation>
    </message>
    <message>
      <source>reading …</source>
      <translation>读取中…</translation>
    </message>
    <message>
      <source>not sure</source>
      <translation>不确定</translation>
    </message>
    <message>
      <source>words that decided: {label}</source>
      <translation>决定词：{label}</translation>
    </message>
    <message>
      <source>Choose the encoding …</source>
      <translation>选择编码…</translation>
    </message>
    <message>
      <source>Make a clean copy</source>
      <translation>生成脱敏副本</translation>
    </message>
    <message>
      <source>Rules miss some: read it before it leaves. Click a frame to change it; select words and right-click to mark them.</source>
      <translation>规则会有遗漏：外传前请通读。点击方框可更改；选中文字后右键可标记。</translation>
    </message>
    <message>
      <source>who it is</source>
      <translation>身份信息</translation>
    </message>
    <message>
      <source>weight {w} for {label}</source>
      <translation>对“{label}”的权重 {w}</translation>
    </message>
    <message>
      <source>Done</source>
      <translation>完成</translation>
    </message>
  </context>
  <context>
    <name>Openings</name>
    <message>
      <source>Open files</source>
      <translation>打开文件</translation>
    </message>
    <message>
      <source>Open folder</source>
      <translation>打开文件夹</translation>
    </message>
    <message>
      <source>The sample patients could not be written: {reason}</source>
      <translation>无法写入示例患者：{reason}</translation>
    </message>
  </context>
  <context>
    <name>Palette</name>
    <message>
      <source>Find a command</source>
      <translation>查找命令</translation>
    </message>
    <message>
      <source>Type a part of its name</source>
      <translation>输入名称的一部分</translation>
    </message>
  </context>
  <context>
    <name>Preferences</name>
    <message>
      <source>Language (at the next start)</source>
      <translation>语言（下次启动生效）</translation>
    </message>
    <message>
      <source>Networks run on (at the next start)</source>
      <translation>网络运行设备（下次启动生效）</translation>
    </message>
    <message>
      <source>Heat opacity</source>
      <translation>热图不透明度</translation>
    </message>
    <message>
      <source>Heat cut-off</source>
      <translation>热图截止值</translation>
    </message>
    <message>
      <source>Name on decisions, notes and reports</source>
      <translation>判定、病历与报告上的姓名</translation>
    </message>
    <message>
      <source>ECGs open on</source>
      <translation>心电图打开时用</translation>
    </message>
    <message>
      <source>Cine, images a second where the file does not say it</source>
      <translation>播放速度（幅/秒，文件未注明时）</translation>
    </message>
    <message>
      <source>Cine starts again at the end</source>
      <translation>播放到末尾后重新开始</translation>
    </message>
    <message>
      <source>as the system</source>
      <translation>跟随系统</translation>
    </message>
    <message>
      <source>the best that works</source>
      <translation>自动选择最佳</translation>
    </message>
    <message>
      <source>dark</source>
      <translation>深色</translation>
    </message>
    <message>
      <source>paper</source>
      <translation>纸张</translation>
    </message>
    <message>
      <source>Preferences</source>
      <translation>首选项</translation>
    </message>
    <message>
      <source>General</source>
      <translation>常规</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>快捷键</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>关闭</translation>
    </message>
    <message>
      <source>Search commands</source>
      <translation>搜索命令</translation>
    </message>
    <message>
      <source>Command</source>
      <translation>命令</translation>
    </message>
    <message>
      <source>Use these keys</source>
      <translation>使用此快捷键</translation>
    </message>
    <message>
      <source>No keys</source>
      <translation>不设快捷键</translation>
    </message>
    <message>
      <source>Back to the default</source>
      <translation>恢复默认</translation>
    </message>
    <message>
      <source>{keys} belongs to “{command}”.</source>
      <translation>{keys} 已用于“{command}”。</translation>
    </message>
  </context>
  <context>
    <name>ReportDialog</name>
    <message>
      <source>Report</source>
      <translation>报告</translation>
    </message>
    <message>
      <source>Comment, stands first in the report</source>
      <translation>意见，置于报告开头</translation>
    </message>
    <message>
      <source>Also what nobody judged</source>
      <translation>包括未经人工判定的内容</translation>
    </message>
    <message>
      <source>Save as PDF…</source>
      <translation>另存为 PDF…</translation>
    </message>
    <message>
      <source>Save as DICOM…</source>
      <translation>另存为 DICOM…</translation>
    </message>
    <message>
      <source>Copy as text</source>
      <translation>复制为文本</translation>
    </message>
    <message>
      <source>Sign</source>
      <translation>签名</translation>
    </message>
    <message>
      <source>Write an addendum</source>
      <translation>写补充记录</translation>
    </message>
    <message>
      <source>Sign this report? It then stays as it is; what is to be said more is an addendum.</source>
      <translation>签署这份报告？签署后内容不再改变，补充内容另写补充记录。</translation>
    </message>
    <message>
      <source>Sign the report</source>
      <translation>签署报告</translation>
    </message>
    <message>
      <source>The report is on the clipboard as text.</source>
      <translation>报告已作为文本复制到剪贴板。</translation>
    </message>
    <message>
      <source>Save as PDF</source>
      <translation>另存为 PDF</translation>
    </message>
    <message>
      <source>Saved: {name}</source>
      <translation>已保存：{name}</translation>
    </message>
    <message>
      <source>Save as DICOM</source>
      <translation>另存为 DICOM</translation>
    </message>
  </context>
  <context>
    <name>ScaleDialog</name>
    <message>
      <source>Calibrate this screen</source>
      <translation>校准此屏幕</translation>
    </message>
    <message>
      <source>Hold a ruler against the screen and enter the length of the bar between the two lines.</source>
      <translation>请将直尺贴在屏幕上，输入两条线之间的长度。</translation>
    </message>
    <message>
      <source>Length</source>
      <translation>长度</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>保存</translation>
    </message>
    <message>
      <source>Forget</source>
      <translation>清除</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
  </context>
  <context>
    <name>StatedDialog</name>
    <message>
      <source>What the file does not say</source>
      <translation>文件未说明的内容</translation>
    </message>
    <message>
      <source>200 steps a mV</source>
      <translation>每 mV 200 级</translation>
    </message>
    <message>
      <source>1000 steps a mV</source>
      <translation>每 mV 1000 级</translation>
    </message>
    <message>
      <source>unknown (uncalibrated)</source>
      <translation>未知（未定标）</translation>
    </message>
    <message>
      <source>Sampling rate</source>
      <translation>采样率</translation>
    </message>
    <message>
      <source>Numbers are</source>
      <translation>数值单位</translation>
    </message>
    <message>
      <source>Leads, in the file's order</source>
      <translation>导联（按文件顺序）</translation>
    </message>
    <message>
      <source>Use</source>
      <translation>使用</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>取消</translation>
    </message>
    <message>
      <source>Name each of the {n} leads once, with commas between them.</source>
      <translation>请为 {n} 个导联各命名一次，以逗号分隔。</translation>
    </message>
  </context>
  <context>
    <name>Status</name>
    <message>
      <source>study {date}</source>
      <translation>检查 {date}</translation>
    </message>
    <message>
      <source>device chosen at the first analysis</source>
      <translation>首次分析时选定设备</translation>
    </message>
    <message>
      <source>Analysing {done} of {total}</source>
      <translation>正在分析 {done} / {total}</translation>
    </message>
    <message>
      <source>{n} files read, Esc stops</source>
      <translation>已读取 {n} 个文件，按 Esc 停止</translation>
    </message>
    <message>
      <source>about {n} s left</source>
      <translation>约剩 {n} 秒</translation>
    </message>
    <message>
      <source>about {n} min left</source>
      <translation>约剩 {n} 分钟</translation>
    </message>
  </context>
  <context>
    <name>TagList</name>
    <message>
      <source>Tags of {file}</source>
      <translation>{file} 的标签</translation>
    </message>
    <message>
      <source>Search tag, name, value</source>
      <translation>搜索标签、名称、值</translation>
    </message>
    <message>
      <source>Tag</source>
      <translation>标签</translation>
    </message>
    <message>
      <source>Name</source>
      <translation>名称</translation>
    </message>
    <message>
      <source>Value</source>
      <translation>值</translation>
    </message>
    <message>
      <source>Reading the file …</source>
      <translation>正在读取文件…</translation>
    </message>
    <message>
      <source>item {n}</source>
      <translation>第 {n} 项</translation>
    </message>
    <message>
      <source>{shown} of {n} elements</source>
      <translation>{shown} / {n} 个元素</translation>
    </message>
  </context>
  <context>
    <name>WhyCard</name>
    <message>
      <source>Accept</source>
      <translation>接受</translation>
    </message>
    <message>
      <source>Reject</source>
      <translation>拒绝</translation>
    </message>
    <message>
      <source>Why?</source>
      <translation>为何？</translation>
    </message>
    <message>
      <source>Ask the network what it used of this beat</source>
      <translation>询问网络它用了此心搏的哪些部分</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>撤销</translation>
    </message>
    <message>
      <source>Why {label} at {time}?</source>
      <translation>{time} 为何是 {label}？</translation>
    </message>
    <message>
      <source>Solid: this beat.</source>
      <translation>实线：此心搏。</translation>
    </message>
    <message>
      <source>Dashed: mean of {n} N beats.</source>
      <translation>虚线：{n} 个 N 心搏的平均。</translation>
    </message>
    <message>
      <source>Violet: what the network used.</source>
      <translation>紫色：网络所用之处。</translation>
    </message>
    <message>
      <source>The map that was made did not pass its check.</source>
      <translation>所得的图未通过检验。</translation>
    </message>
    <message>
      <source>{label} by vote of {n} beats of like QRS; the network alone said {alone} ({share}).</source>
      <translation>因 {n} 个 QRS 相近的心搏表决而为 {label}；网络单独判为 {alone}（{share}）。</translation>
    </message>
    <message>
      <source>{rhythm}, {time}</source>
      <translation>{rhythm}，{time}</translation>
    </message>
    <message>
      <source>Lasts {length}, score {share}.</source>
      <translation>持续 {length}，得分 {share}。</translation>
    </message>
    <message>
      <source>The ribbon under the trace shows what the network used.</source>
      <translation>波形下的色带显示网络所用之处。</translation>
    </message>
    <message>
      <source>Its explanation did not pass its check: no ribbon is drawn.</source>
      <translation>其解释未通过检验：不绘制色带。</translation>
    </message>
    <message>
      <source>accepted, {who}</source>
      <translation>已接受，{who}</translation>
    </message>
    <message>
      <source>rejected, {who}</source>
      <translation>已拒绝，{who}</translation>
    </message>
    <message>
      <source>explanation checked</source>
      <translation>解释已检验</translation>
    </message>
    <message>
      <source>{n} % early</source>
      <translation>提前 {n} %</translation>
    </message>
    <message>
      <source>{n} % late</source>
      <translation>推迟 {n} %</translation>
    </message>
    <message>
      <source>P wave before it</source>
      <translation>其前有 P 波</translation>
    </message>
    <message>
      <source>no P wave before it</source>
      <translation>其前无 P 波</translation>
    </message>
    <message>
      <source>shape like N: {n}</source>
      <translation>与 N 形态相似度：{n}</translation>
    </message>
  </context>
  <context>
    <name>Window</name>
    <message>
      <source>Tools</source>
      <translation>工具</translation>
    </message>
    <message>
      <source>Browser</source>
      <translation>浏览器</translation>
    </message>
    <message>
      <source>Findings</source>
      <translation>发现</translation>
    </message>
    <message>
      <source>Patient</source>
      <translation>患者</translation>
    </message>
    <message>
      <source>Stop (Esc)</source>
      <translation>停止（Esc）</translation>
    </message>
    <message>
      <source>F1 keys</source>
      <translation>F1 按键</translation>
    </message>
  </context>
  <context>
    <name>answer</name>
    <message>
      <source>network</source>
      <translation>网络</translation>
    </message>
    <message>
      <source>explanation weak</source>
      <translation>解释不可靠</translation>
    </message>
  </context>
  <context>
    <name>commands</name>
    <message>
      <source>Open files…</source>
      <translation>打开文件…</translation>
    </message>
    <message>
      <source>Open folder…</source>
      <translation>打开文件夹…</translation>
    </message>
    <message>
      <source>Open the sample patients</source>
      <translation>打开示例患者</translation>
    </message>
    <message>
      <source>Close everything</source>
      <translation>全部关闭</translation>
    </message>
    <message>
      <source>Quit</source>
      <translation>退出</translation>
    </message>
    <message>
      <source>Report…</source>
      <translation>报告…</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>撤销</translation>
    </message>
    <message>
      <source>Do again</source>
      <translation>重做</translation>
    </message>
    <message>
      <source>Window/level</source>
      <translation>窗宽窗位</translation>
    </message>
    <message>
      <source>Zoom</source>
      <translation>缩放</translation>
    </message>
    <message>
      <source>Pan</source>
      <translation>平移</translation>
    </message>
    <message>
      <source>Scroll</source>
      <translation>翻页</translation>
    </message>
    <message>
      <source>Length</source>
      <translation>长度</translation>
    </message>
    <message>
      <source>Delete the last length</source>
      <translation>删除上一条长度</translation>
    </message>
    <message>
      <source>Invert greys</source>
      <translation>灰度反转</translation>
    </message>
    <message>
      <source>Flip</source>
      <translation>左右翻转</translation>
    </message>
    <message>
      <source>Flip vertically</source>
      <translation>上下翻转</translation>
    </message>
    <message>
      <source>Rotate right</source>
      <translation>向右旋转</translation>
    </message>
    <message>
      <source>Rotate left</source>
      <translation>向左旋转</translation>
    </message>
    <message>
      <source>Zoom in</source>
      <translation>放大</translation>
    </message>
    <message>
      <source>Zoom out</source>
      <translation>缩小</translation>
    </message>
    <message>
      <source>Magnifier, while held</source>
      <translation>放大镜（按住）</translation>
    </message>
    <message>
      <source>Fit to the pane</source>
      <translation>适合窗格</translation>
    </message>
    <message>
      <source>One to one pixels</source>
      <translation>原始像素 1:1</translation>
    </message>
    <message>
      <source>Reset the view</source>
      <translation>重置视图</translation>
    </message>
    <message>
      <source>Blank padding</source>
      <translation>遮蔽填充区</translation>
    </message>
    <message>
      <source>Shutter of the file</source>
      <translation>文件的光阑</translation>
    </message>
    <message>
      <source>Overlay planes of the file</source>
      <translation>文件的叠加图层</translation>
    </message>
    <message>
      <source>Key image</source>
      <translation>关键图像</translation>
    </message>
    <message>
      <source>Copy the pane as a picture</source>
      <translation>将窗格复制为图片</translation>
    </message>
    <message>
      <source>Tags of the file…</source>
      <translation>文件标签…</translation>
    </message>
    <message>
      <source>Window preset {n}</source>
      <translation>窗预设 {n}</translation>
    </message>
    <message>
      <source>Automatic window</source>
      <translation>自动窗</translation>
    </message>
    <message>
      <source>Window of the file</source>
      <translation>文件自带的窗</translation>
    </message>
    <message>
      <source>Next image</source>
      <translation>下一幅</translation>
    </message>
    <message>
      <source>Previous image</source>
      <translation>上一幅</translation>
    </message>
    <message>
      <source>Ten images on</source>
      <translation>向后十幅</translation>
    </message>
    <message>
      <source>Ten images back</source>
      <translation>向前十幅</translation>
    </message>
    <message>
      <source>First image</source>
      <translation>第一幅</translation>
    </message>
    <message>
      <source>Last image</source>
      <translation>最后一幅</translation>
    </message>
    <message>
      <source>Cine on or off</source>
      <translation>电影播放开/关</translation>
    </message>
    <message>
      <source>Cine faster</source>
      <translation>播放加快</translation>
    </message>
    <message>
      <source>Cine slower</source>
      <translation>播放减慢</translation>
    </message>
    <message>
      <source>Cine in a loop</source>
      <translation>循环播放</translation>
    </message>
    <message>
      <source>Next series</source>
      <translation>下一序列</translation>
    </message>
    <message>
      <source>Previous series</source>
      <translation>上一序列</translation>
    </message>
    <message>
      <source>Move in time</source>
      <translation>沿时间移动</translation>
    </message>
    <message>
      <source>Caliper</source>
      <translation>分规</translation>
    </message>
    <message>
      <source>Two cursors</source>
      <translation>双光标</translation>
    </message>
    <message>
      <source>March the caliper out</source>
      <translation>分规等距延伸</translation>
    </message>
    <message>
      <source>Delete caliper and cursors</source>
      <translation>删除分规和光标</translation>
    </message>
    <message>
      <source>Next page</source>
      <translation>下一页</translation>
    </message>
    <message>
      <source>Previous page</source>
      <translation>上一页</translation>
    </message>
    <message>
      <source>A tenth of a page on</source>
      <translation>前进十分之一页</translation>
    </message>
    <message>
      <source>A tenth of a page back</source>
      <translation>后退十分之一页</translation>
    </message>
    <message>
      <source>Start of the record</source>
      <translation>记录开头</translation>
    </message>
    <message>
      <source>End of the record</source>
      <translation>记录末尾</translation>
    </message>
    <message>
      <source>More gain</source>
      <translation>增大增益</translation>
    </message>
    <message>
      <source>Less gain</source>
      <translation>减小增益</translation>
    </message>
    <message>
      <source>Faster paper</source>
      <translation>加快走纸</translation>
    </message>
    <message>
      <source>Slower paper</source>
      <translation>减慢走纸</translation>
    </message>
    <message>
      <source>Fitted to the pane</source>
      <translation>适合窗格</translation>
    </message>
    <message>
      <source>Display filter 0.5–40 Hz or none</source>
      <translation>显示滤波 0.5–40 Hz 或无</translation>
    </message>
    <message>
      <source>Paper or dark</source>
      <translation>纸张或深色</translation>
    </message>
    <message>
      <source>Columns at the same moment</source>
      <translation>各列同一时刻</translation>
    </message>
    <message>
      <source>Marks of the networks</source>
      <translation>网络的标记</translation>
    </message>
    <message>
      <source>Bounds of P, QRS and T</source>
      <translation>P、QRS、T 的界限</translation>
    </message>
    <message>
      <source>Why this beat is called so</source>
      <translation>此心搏为何如此判定</translation>
    </message>
    <message>
      <source>Accept the event</source>
      <translation>接受事件</translation>
    </message>
    <message>
      <source>Reject the event</source>
      <translation>拒绝事件</translation>
    </message>
    <message>
      <source>Call the beat {n}</source>
      <translation>将心搏改为 {n}</translation>
    </message>
    <message>
      <source>State rate, unit and leads…</source>
      <translation>填写采样率、单位和导联…</translation>
    </message>
    <message>
      <source>Save as PDF at true scale…</source>
      <translation>按真实比例另存为 PDF…</translation>
    </message>
    <message>
      <source>Export marks…</source>
      <translation>导出标记…</translation>
    </message>
    <message>
      <source>Export the part between the cursors…</source>
      <translation>导出光标之间的片段…</translation>
    </message>
    <message>
      <source>Calibrate this screen…</source>
      <translation>校准此屏幕…</translation>
    </message>
    <message>
      <source>3×4 with rhythm strip</source>
      <translation>3×4 加节律条</translation>
    </message>
    <message>
      <source>3×4</source>
      <translation>3×4</translation>
    </message>
    <message>
      <source>6×2</source>
      <translation>6×2</translation>
    </message>
    <message>
      <source>12×1</source>
      <translation>12×1</translation>
    </message>
    <message>
      <source>Cabrera order</source>
      <translation>Cabrera 顺序</translation>
    </message>
    <message>
      <source>Each lead in a row</source>
      <translation>每导联一行</translation>
    </message>
    <message>
      <source>Holter</source>
      <translation>Holter（动态心电图）</translation>
    </message>
    <message>
      <source>Analyse the active pane</source>
      <translation>分析当前窗格</translation>
    </message>
    <message>
      <source>Analyse everything of the patient</source>
      <translation>分析该患者的全部资料</translation>
    </message>
    <message>
      <source>Accept the finding</source>
      <translation>接受所见</translation>
    </message>
    <message>
      <source>Reject the finding</source>
      <translation>拒绝所见</translation>
    </message>
    <message>
      <source>Call the finding otherwise…</source>
      <translation>更改所见名称…</translation>
    </message>
    <message>
      <source>Heat on or off</source>
      <translation>显示或隐藏热图</translation>
    </message>
    <message>
      <source>Next opacity of the heat</source>
      <translation>切换热图不透明度</translation>
    </message>
    <message>
      <source>Next cut-off of the heat</source>
      <translation>切换热图下限</translation>
    </message>
    <message>
      <source>Next finding</source>
      <translation>下一个发现</translation>
    </message>
    <message>
      <source>Previous finding</source>
      <translation>上一个发现</translation>
    </message>
    <message>
      <source>New note</source>
      <translation>新建病历</translation>
    </message>
    <message>
      <source>New note from the clipboard</source>
      <translation>从剪贴板新建病历</translation>
    </message>
    <message>
      <source>Edit the note</source>
      <translation>编辑病历</translation>
    </message>
    <message>
      <source>Sign the note…</source>
      <translation>签署病历…</translation>
    </message>
    <message>
      <source>Addendum to the signed note</source>
      <translation>为已签署病历添加补充</translation>
    </message>
    <message>
      <source>Find in the note</source>
      <translation>在病历中查找</translation>
    </message>
    <message>
      <source>Words that decided</source>
      <translation>起决定作用的词</translation>
    </message>
    <message>
      <source>Findings named in the text</source>
      <translation>文中所见</translation>
    </message>
    <message>
      <source>What tells who the patient is</source>
      <translation>标出患者身份信息</translation>
    </message>
    <message>
      <source>Words of the next network</source>
      <translation>下一个网络的词</translation>
    </message>
    <message>
      <source>Lexicon of findings and cues…</source>
      <translation>所见与提示词词表…</translation>
    </message>
    <message>
      <source>Corner text: all, less, none</source>
      <translation>角落文字：全部、较少、无</translation>
    </message>
    <message>
      <source>Next pane</source>
      <translation>下一窗格</translation>
    </message>
    <message>
      <source>Previous pane</source>
      <translation>上一窗格</translation>
    </message>
    <message>
      <source>One pane</source>
      <translation>一个窗格</translation>
    </message>
    <message>
      <source>Two panes side by side</source>
      <translation>并排两个窗格</translation>
    </message>
    <message>
      <source>Two panes and one below across</source>
      <translation>两个窗格，下方一个通栏</translation>
    </message>
    <message>
      <source>Four panes</source>
      <translation>四个窗格</translation>
    </message>
    <message>
      <source>Six panes</source>
      <translation>六个窗格</translation>
    </message>
    <message>
      <source>Rows and columns of panes…</source>
      <translation>窗格行列…</translation>
    </message>
    <message>
      <source>Full screen</source>
      <translation>全屏</translation>
    </message>
    <message>
      <source>Search the browser</source>
      <translation>在浏览器中搜索</translation>
    </message>
    <message>
      <source>Preferences…</source>
      <translation>首选项…</translation>
    </message>
    <message>
      <source>Audit list…</source>
      <translation>审计列表…</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>按键</translation>
    </message>
    <message>
      <source>Find a command</source>
      <translation>查找命令</translation>
    </message>
    <message>
      <source>Stop, or back to window/level</source>
      <translation>停止，或回到窗宽窗位</translation>
    </message>
    <message>
      <source>Files</source>
      <translation>文件</translation>
    </message>
    <message>
      <source>Tools</source>
      <translation>工具</translation>
    </message>
    <message>
      <source>Image</source>
      <translation>图像</translation>
    </message>
    <message>
      <source>Window presets</source>
      <translation>窗预设</translation>
    </message>
    <message>
      <source>Images and series</source>
      <translation>图像与序列</translation>
    </message>
    <message>
      <source>ECG tools</source>
      <translation>心电图工具</translation>
    </message>
    <message>
      <source>ECG</source>
      <translation>心电图</translation>
    </message>
    <message>
      <source>ECG layouts</source>
      <translation>心电图布局</translation>
    </message>
    <message>
      <source>Notes</source>
      <translation>病历</translation>
    </message>
    <message>
      <source>Networks</source>
      <translation>网络</translation>
    </message>
    <message>
      <source>Screen</source>
      <translation>屏幕</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>帮助</translation>
    </message>
  </context>
  <context>
    <name>corners</name>
    <message>
      <source>Picture</source>
      <translation>图片</translation>
    </message>
    <message>
      <source>image {k} / {n}</source>
      <translation>图像 {k} / {n}</translation>
    </message>
    <message>
      <source>image {k} of {n} so far</source>
      <translation>图像 {k}，目前共 {n}</translation>
    </message>
    <message>
      <source>cell {rows} × {columns} px</source>
      <translation>单元 {rows} × {columns} 像素</translation>
    </message>
    <message>
      <source>lossy {how}</source>
      <translation>有损 {how}</translation>
    </message>
    <message>
      <source>no geometry, no identity</source>
      <translation>无几何信息，无身份信息</translation>
    </message>
    <message>
      <source>no geometry</source>
      <translation>无几何信息</translation>
    </message>
    <message>
      <source>gantry tilt {n}°</source>
      <translation>机架倾斜 {n}°</translation>
    </message>
    <message>
      <source>uneven slices</source>
      <translation>层距不均</translation>
    </message>
    <message>
      <source>zoom {n} %</source>
      <translation>缩放 {n} %</translation>
    </message>
    <message>
      <source> at the detector</source>
      <translation>（探测器平面）</translation>
    </message>
    <message>
      <source> magnification-corrected</source>
      <translation>（已校正放大率）</translation>
    </message>
    <message>
      <source> calibrated</source>
      <translation>（已校准）</translation>
    </message>
    <message>
      <source> on the scanned film</source>
      <translation>（扫描胶片）</translation>
    </message>
    <message>
      <source>place {n} mm</source>
      <translation>位置 {n} mm</translation>
    </message>
    <message>
      <source>No region of the image supports the score.</source>
      <translation>图像中没有区域支持该评分。</translation>
    </message>
    <message>
      <source>Covering the marked area changes the answer no more than covering any other ({deletion} against {random}). No heat is drawn.</source>
      <translation>遮盖标出的区域对答案的影响并不大于遮盖其他区域（{deletion} 对 {random}）。不绘制热图。</translation>
    </message>
  </context>
  <context>
    <name>ecg</name>
    <message>
      <source>unfiltered</source>
      <translation>未滤波</translation>
    </message>
    <message>
      <source>high-pass {hz} Hz</source>
      <translation>高通 {hz} Hz</translation>
    </message>
    <message>
      <source>low-pass {hz} Hz</source>
      <translation>低通 {hz} Hz</translation>
    </message>
    <message>
      <source>mains {hz} Hz</source>
      <translation>工频 {hz} Hz</translation>
    </message>
    <message>
      <source>shown {filters}</source>
      <translation>显示滤波 {filters}</translation>
    </message>
    <message>
      <source>unfiltered at this zoom</source>
      <translation>此缩放下未滤波</translation>
    </message>
    <message>
      <source>columns consecutive</source>
      <translation>各列依次相接</translation>
    </message>
    <message>
      <source>columns simultaneous</source>
      <translation>各列同时</translation>
    </message>
    <message>
      <source>networks read the unfiltered signal</source>
      <translation>网络读取未滤波信号</translation>
    </message>
    <message>
      <source>to scale, {n} px/mm</source>
      <translation>按真实比例，{n} px/mm</translation>
    </message>
    <message>
      <source>not to scale</source>
      <translation>非真实比例</translation>
    </message>
    <message>
      <source>{lead} only: too small for {n} leads</source>
      <translation>仅 {lead}：窗格放不下 {n} 导联</translation>
    </message>
    <message>
      <source>{layout}: no room for {wished}</source>
      <translation>{layout}：{wished} 放不下</translation>
    </message>
    <message>
      <source>not shown: {leads}</source>
      <translation>未显示：{leads}</translation>
    </message>
    <message>
      <source>1 lead, {length}, {rate} Hz</source>
      <translation>1 导联，{length}，{rate} Hz</translation>
    </message>
    <message>
      <source>{n} leads, {length}, {rate} Hz</source>
      <translation>{n} 导联，{length}，{rate} Hz</translation>
    </message>
    <message>
      <source>UNCALIBRATED, amplitude assumed: {leads}</source>
      <translation>未定标，幅度为假定值：{leads}</translation>
    </message>
    <message>
      <source>gap {length}</source>
      <translation>间断 {length}</translation>
    </message>
    <message>
      <source>These samples cannot be read.</source>
      <translation>无法读取这些采样。</translation>
    </message>
    <message>
      <source>normal rhythm</source>
      <translation>正常节律</translation>
    </message>
    <message>
      <source>atrial fibrillation</source>
      <translation>心房颤动</translation>
    </message>
    <message>
      <source>other rhythm</source>
      <translation>其他节律</translation>
    </message>
    <message>
      <source>too noisy</source>
      <translation>噪声过大</translation>
    </message>
    <message>
      <source>normal</source>
      <translation>正常</translation>
    </message>
    <message>
      <source>supraventricular ectopic</source>
      <translation>室上性异位</translation>
    </message>
    <message>
      <source>ventricular ectopic</source>
      <translation>室性异位</translation>
    </message>
    <message>
      <source>fusion</source>
      <translation>融合</translation>
    </message>
    <message>
      <source>not classified</source>
      <translation>未分类</translation>
    </message>
    <message>
      <source>Heart rate</source>
      <translation>心率</translation>
    </message>
    <message>
      <source>Slowest 8 beats</source>
      <translation>最慢 8 搏</translation>
    </message>
    <message>
      <source>Fastest 8 beats</source>
      <translation>最快 8 搏</translation>
    </message>
    <message>
      <source>Longest RR</source>
      <translation>最长 RR</translation>
    </message>
    <message>
      <source>Normal intervals</source>
      <translation>正常间期</translation>
    </message>
    <message>
      <source>Mean NN</source>
      <translation>平均 NN</translation>
    </message>
    <message>
      <source>AF burden</source>
      <translation>房颤负荷</translation>
    </message>
    <message>
      <source>Time read</source>
      <translation>已读时长</translation>
    </message>
    <message>
      <source>Time not read</source>
      <translation>未读时长</translation>
    </message>
    <message>
      <source>Axis</source>
      <translation>电轴</translation>
    </message>
    <message>
      <source>QRS axis</source>
      <translation>QRS 电轴</translation>
    </message>
    <message>
      <source>P axis</source>
      <translation>P 电轴</translation>
    </message>
    <message>
      <source>T axis</source>
      <translation>T 电轴</translation>
    </message>
    <message>
      <source>reading {n} %</source>
      <translation>已读取 {n} %</translation>
    </message>
    <message>
      <source>Beats are not marked yet: Ctrl+Return asks the networks.</source>
      <translation>尚未标记心搏：按 Ctrl+Return 请网络分析。</translation>
    </message>
    <message>
      <source>approx. {value}</source>
      <translation>约 {value}</translation>
    </message>
    <message>
      <source>gap</source>
      <translation>间断</translation>
    </message>
    <message>
      <source>stacked</source>
      <translation>逐导联</translation>
    </message>
    <message>
      <source>RR intervals</source>
      <translation>RR 间期</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>自动</translation>
    </message>
    <message>
      <source>Networks say</source>
      <translation>网络结果</translation>
    </message>
    <message>
      <source>From the device</source>
      <translation>来自设备</translation>
    </message>
    <message>
      <source>{line}, accepted by {who}</source>
      <translation>{line}，{who} 已接受</translation>
    </message>
    <message>
      <source>to scale</source>
      <translation>按真实比例</translation>
    </message>
    <message>
      <source>line at {value}</source>
      <translation>基线在 {value}</translation>
    </message>
    <message>
      <source>Mean beat of each class and how many belong to it; a click lists them.</source>
      <translation>各类的平均心搏及其数量；单击可列出。</translation>
    </message>
  </context>
  <context>
    <name>findings</name>
    <message>
      <source>ECG, {n} leads</source>
      <translation>心电图，{n} 导联</translation>
    </message>
    <message>
      <source>ECG, 1 lead</source>
      <translation>心电图，1 导联</translation>
    </message>
    <message>
      <source>Note</source>
      <translation>病历</translation>
    </message>
    <message>
      <source>checked</source>
      <translation>已自检</translation>
    </message>
    <message>
      <source>check running…</source>
      <translation>正在检验…</translation>
    </message>
    <message>
      <source>caution</source>
      <translation>注意</translation>
    </message>
    <message>
      <source>accepted {when}, {who}</source>
      <translation>已接受 {when}，{who}</translation>
    </message>
    <message>
      <source>rejected {when}, {who}</source>
      <translation>已拒绝 {when}，{who}</translation>
    </message>
    <message>
      <source>No region of the image supports the score.</source>
      <translation>图像中没有区域支持该评分。</translation>
    </message>
    <message>
      <source>{method}: G shows what influenced the score; one cell is {rows} × {columns} pixels.</source>
      <translation>{method}：按 G 显示影响评分的内容；每个单元为 {rows} × {columns} 像素。</translation>
    </message>
    <message>
      <source>{n} of {of} beats ({share} %).</source>
      <translation>{of} 个心搏中有 {n} 个（{share} %）。</translation>
    </message>
    <message>
      <source>First from {start} to {end}.</source>
      <translation>首次出现于 {start} 至 {end}。</translation>
    </message>
    <message>
      <source>{method} on lead {lead}.</source>
      <translation>{method}，导联 {lead}。</translation>
    </message>
    <message>
      <source>Words: {words}.</source>
      <translation>依据词语：{words}。</translation>
    </message>
    <message>
      <source>Integrated gradients do not add up here: no comparison.</source>
      <translation>积分梯度在此不能收敛，未作比较。</translation>
    </message>
    <message>
      <source>Integrated gradients rank the words alike: {r}.</source>
      <translation>积分梯度对词的排序一致程度：{r}。</translation>
    </message>
  </context>
  <context>
    <name>identity</name>
    <message>
      <source>No name</source>
      <translation>无姓名</translation>
    </message>
    <message>
      <source>No identity</source>
      <translation>无身份信息</translation>
    </message>
    <message>
      <source>born {date}</source>
      <translation>出生 {date}</translation>
    </message>
    <message>
      <source>{n} months</source>
      <translation>{n} 个月</translation>
    </message>
  </context>
  <context>
    <name>note</name>
    <message>
      <source>+</source>
      <translation>有</translation>
    </message>
    <message>
      <source>present</source>
      <translation>存在</translation>
    </message>
    <message>
      <source>N</source>
      <translation>否</translation>
    </message>
    <message>
      <source>absent</source>
      <translation>否定</translation>
    </message>
    <message>
      <source>?</source>
      <translation>疑</translation>
    </message>
    <message>
      <source>uncertain</source>
      <translation>不确定</translation>
    </message>
    <message>
      <source>P</source>
      <translation>既</translation>
    </message>
    <message>
      <source>past</source>
      <translation>既往</translation>
    </message>
    <message>
      <source>O</source>
      <translation>他</translation>
    </message>
    <message>
      <source>other person</source>
      <translation>他人</translation>
    </message>
    <message>
      <source>H</source>
      <translation>设</translation>
    </message>
    <message>
      <source>hypothetical</source>
      <translation>假设</translation>
    </message>
    <message>
      <source>left</source>
      <translation>左</translation>
    </message>
    <message>
      <source>right</source>
      <translation>右</translation>
    </message>
    <message>
      <source>bilateral</source>
      <translation>双侧</translation>
    </message>
    <message>
      <source>name</source>
      <translation>姓名</translation>
    </message>
    <message>
      <source>date</source>
      <translation>日期</translation>
    </message>
    <message>
      <source>ID</source>
      <translation>编号</translation>
    </message>
    <message>
      <source>phone</source>
      <translation>电话</translation>
    </message>
    <message>
      <source>mail</source>
      <translation>邮箱</translation>
    </message>
    <message>
      <source>address</source>
      <translation>地址</translation>
    </message>
    <message>
      <source>age</source>
      <translation>年龄</translation>
    </message>
    <message>
      <source>signed by {who}</source>
      <translation>{who} 已签名</translation>
    </message>
    <message>
      <source>saved</source>
      <translation>已保存</translation>
    </message>
    <message>
      <source>as in the file</source>
      <translation>与文件一致</translation>
    </message>
    <message>
      <source>English</source>
      <translation>英文</translation>
    </message>
    <message>
      <source>Chinese</source>
      <translation>中文</translation>
    </message>
    <message>
      <source>language unknown</source>
      <translation>语言未知</translation>
    </message>
    <message>
      <source>nothing found</source>
      <translation>未发现</translation>
    </message>
    <message>
      <source>measured: {size}</source>
      <translation>测量值：{size}</translation>
    </message>
    <message>
      <source>cue: {cue}</source>
      <translation>提示词：{cue}</translation>
    </message>
    <message>
      <source>rule: {rule}</source>
      <translation>规则：{rule}</translation>
    </message>
    <message>
      <source>scope: {scope}</source>
      <translation>作用范围：{scope}</translation>
    </message>
    <message>
      <source>a long list: check it</source>
      <translation>列表较长，请核对</translation>
    </message>
  </context>
  <context>
    <name>painter</name>
    <message>
      <source>automatic</source>
      <translation>自动</translation>
    </message>
    <message>
      <source>soft-tissue</source>
      <translation>软组织</translation>
    </message>
    <message>
      <source>lung</source>
      <translation>肺</translation>
    </message>
    <message>
      <source>bone</source>
      <translation>骨</translation>
    </message>
    <message>
      <source>brain</source>
      <translation>脑</translation>
    </message>
    <message>
      <source>liver</source>
      <translation>肝</translation>
    </message>
    <message>
      <source>mediastinum</source>
      <translation>纵隔</translation>
    </message>
    <message>
      <source>shows what influenced the score, not where disease is</source>
      <translation>显示影响评分的内容，而非病变位置</translation>
    </message>
    <message>
      <source>table of the file</source>
      <translation>文件自带查找表</translation>
    </message>
    <message>
      <source>set by hand</source>
      <translation>手动</translation>
    </message>
    <message>
      <source>file</source>
      <translation>文件</translation>
    </message>
  </context>
  <context>
    <name>research</name>
    <message>
      <source>Research use only – not for diagnosis</source>
      <translation>仅供研究，不用于诊断</translation>
    </message>
  </context>
  <context>
    <name>states</name>
    <message>
      <source>stated</source>
      <translation>肯定</translation>
    </message>
    <message>
      <source>negated</source>
      <translation>否定</translation>
    </message>
    <message>
      <source>uncertain</source>
      <translation>不确定</translation>
    </message>
    <message>
      <source>past</source>
      <translation>既往</translation>
    </message>
    <message>
      <source>of another person</source>
      <translation>他人</translation>
    </message>
    <message>
      <source>hypothetical</source>
      <translation>假设</translation>
    </message>
    <message>
      <source>left</source>
      <translation>左</translation>
    </message>
    <message>
      <source>right</source>
      <translation>右</translation>
    </message>
    <message>
      <source>both sides</source>
      <translation>双侧</translation>
    </message>
  </context>
  <context>
    <name>strip</name>
    <message>
      <source>{model} does not read this</source>
      <translation>{model} 不适用于此</translation>
    </message>
    <message>
      <source>{model} failed</source>
      <translation>{model} 失败</translation>
    </message>
  </context>
</TS>
