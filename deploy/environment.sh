#!/bin/sh
# Make .venv/ with everything in uv.lock, from nothing but a Python 3.11 to 3.13; quick when done.
set -eu
cd "$(dirname "$0")/.."

say() { echo "$*" >&2; }
fail() { say "Error: $*"; exit 1; }

in_range='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

# A name on PATH may be a shim without a Python behind it, so each candidate has to answer.
# 3.13 comes last: the wheel that brings a Redis ends at 3.12.
find_python() {
  for candidate in ${PYTHON:-} python3 python3.12 python3.11 python3.13 python; do
    if "$candidate" -c "$in_range" 2>/dev/null; then echo "$candidate"; return; fi
  done
}

working_uv() { uv --version >/dev/null 2>&1; }

make_environment() {
  python=$(find_python)
  [ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed; $(python3 --version 2>/dev/null || echo 'no python3') is what PATH has."
  say "Making .venv with $("$python" --version)"
  rm -rf .venv
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv .venv || fail "$python cannot make an environment in $PWD/.venv."
  elif working_uv; then
    uv venv --quiet --seed --python "$python" .venv
  else
    fail "$python lacks the module venv: install it (on Debian or Ubuntu: apt-get install python3-venv)."
  fi
}

# Programs in an environment hold its path, so one that was moved or copied is made anew.
is_usable() {
  grep -qF "$PWD/.venv" .venv/bin/activate 2>/dev/null && .venv/bin/python -c "$in_range" 2>/dev/null
}

is_current() {
  [ -e .venv/.synced ] && ! [ pyproject.toml -nt .venv/.synced ] && ! [ uv.lock -nt .venv/.synced ]
}

install_packages() {
  uv=uv
  if ! working_uv; then
    uv=.venv/bin/uv
    if ! "$uv" --version >/dev/null 2>&1; then
      .venv/bin/python -m pip install --quiet --disable-pip-version-check uv ||
        fail "pip cannot install uv: check the network, or pip's configuration."
    fi
  fi
  VIRTUAL_ENV="$PWD/.venv" "$uv" sync --active --locked --all-extras --all-groups --compile-bytecode --quiet && return
  say "uv cannot use the index of the lock; trying pip with the same versions."
  "$uv" export --locked --all-extras --all-groups --no-emit-project --quiet \
    --output-file .venv/requirements.txt >/dev/null || fail "uv.lock does not fit pyproject.toml: run \`uv lock\`."
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r .venv/requirements.txt ||
    fail "the packages of uv.lock cannot be installed: check the network, or pip's configuration."
}

is_usable || make_environment
if ! is_current; then
  install_packages
  touch .venv/.synced
fi
