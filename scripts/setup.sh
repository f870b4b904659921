#!/bin/sh
# Creates .venv with everything from requirements.lock (hashes checked) and the `jicai` command in it.
# Idempotent: does nothing when the stamp is newer than the lock and the project file.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.ready
if [ -e "$stamp" ] && [ "$stamp" -nt requirements.lock ] && [ "$stamp" -nt pyproject.toml ]; then
    exit 0
fi
python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "需要 Python 3.11+ (python3 not found)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "需要 Python 3.11+,现为 $("$python" --version) (Python 3.11 or newer is needed; set PYTHON=…)" >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian splits venv from python3
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    else
        echo "缺少 venv 模块: apt-get install python3-venv (the venv module is missing)" >&2
        exit 1
    fi
fi
echo "正在安装依赖到 .venv (installing dependencies, about a minute) …"
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch "$stamp"
