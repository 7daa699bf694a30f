# One command: dist\medviewer from a clean environment, then its own checks. See README.md beside it. Not tried on Windows yet.
param([string]$Work = (Join-Path $env:TEMP "medviewer-bundle"), [string]$Python = "py")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

$env_ = Join-Path $Work "env"
if (-not (Test-Path (Join-Path $env_ "Scripts\python.exe"))) { & $Python -3.11 -m venv $env_ }
$py = Join-Path $env_ "Scripts\python.exe"
& $py -m pip install --quiet --upgrade "pip>=25.1"
& $py -m pip install --quiet -c constraints.txt . pyinstaller==6.22.3
& $py -m pip uninstall --quiet --yes medviewer
& $py -m PyInstaller --noconfirm --log-level WARN --distpath (Join-Path $Work "dist") --workpath (Join-Path $Work "build") packaging\medviewer.spec

$bundle = Join-Path $Work "dist\medviewer"
$omp = Get-ChildItem $bundle -Recurse -Include "libiomp*.dll", "vcomp*.dll", "libgomp*.dll" | Select-Object -ExpandProperty Name -Unique
if (@($omp | Where-Object { $_ -notlike "vcomp*" }).Count -gt 1) { throw "more than one OpenMP library: $omp" }
if (Get-ChildItem $bundle -Recurse -Filter "*_libjpeg*") { throw "the GPL decoder is inside" }

$out = Join-Path $Work "check"
Remove-Item $out -Recurse -Force -ErrorAction SilentlyContinue
New-Item -ItemType Directory $out | Out-Null
$env:PATH = ""
$env:QT_QPA_PLATFORM = "offscreen"
$exe = Join-Path $bundle "medviewer.exe"
$profile_ = Join-Path $out "profile"
foreach ($arguments in @(
        @("sample", "--out", "$out\sample"),
        @("selfcheck", "--json", "$out\selfcheck.json"),
        @("render", "$out\sample\child\chest.dcm", "--out", "$out\pane.png"),
        @("infer", "$out\sample\child\chest.dcm", "--json", "$out\infer.json"))) {
    & $exe @arguments --profile $profile_
    if ($LASTEXITCODE -ne 0) { throw "$($arguments[0]) failed with $LASTEXITCODE" }
}
"bundle: $bundle, selfcheck, render and infer pass without Python"
