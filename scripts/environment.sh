# Makes .venv, for run.sh and test.sh: sourced, from the repository's root, in strict mode.
#
# make_environment REQUIREMENTS  installs what the file asks for into .venv, and the emulator into
#                                .venv/bin. Does nothing when that was done before, so that what a
#                                person installs by hand (a tracer's checkout) stays.
# make_drivers ARGUMENT...       installs what services need beside it, where these arguments have --with.
# Setting: PYTHON, the interpreter to make .venv with.

# Resolves the requirements in less than half the time of the pip that Python 3.11 brings.
readonly PIP=pip==26.3

# Ctrl-C ends the script, whatever the program that runs just then makes of it, and without words of bash's.
trap 'exit 130' INT

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The first interpreter that runs, is new enough and can make an environment.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.13 python3 python3.12 python3.11 python3.10}; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "no Python from 3.10 on with the venv module (tried: ${PYTHON:-python3.13, python3, python3.12, python3.11, python3.10}); on Debian: apt-get install python3-venv; or set PYTHON"
}

make_environment() {
    local requirements=$1 stamp wanted
    [[ $(uname -s) == Linux ]] || fail "this needs Linux, because the emulator is a Linux program; this is $(uname -s)"
    stamp=.venv/installed-$requirements
    wanted=$(cat requirements*.txt ./*/requirements.txt constraints.txt scripts/fetch_emulator.py | sha256sum)
    # An environment is of no use when its interpreter has gone, e.g. by an upgrade.
    if ! .venv/bin/python -c '' 2>/dev/null || [[ $(cat "$stamp" 2>/dev/null) != "$wanted" ]]; then
        [[ -w . && (! -e .venv || -w .venv) ]] ||
            fail "$PWD cannot be written to, and .venv is made in it; copy the folder to where you may write"
        install "$requirements"
        printf '%s\n' "$wanted" >"$stamp"
    fi
    # Lambda's file system is read-only, so a cold start never compiles there. It should not here either.
    .venv/bin/python -m compileall -q app traced_handler.py invoke_api lambda_proxy extension trace_agent trace_checks trace_view comparison event_sources scripts >/dev/null 2>&1 || true
}

# The services' clients, and what plays AWS and Kafka: where the script's arguments have --with.
make_drivers() {
    [[ "$* " != *--with[=\ ]* || "$* " == *"--with internal-server "* ]] || make_environment requirements-drivers.txt
}

# debugpy, beside the packages and not among them, when it is first asked for.
make_debugger() {
    local log=.venv/install-debugger.log
    ! cmp -s requirements-debugger.txt .venv/debugger/requirements || return 0
    echo "installing the debugger into .venv/debugger" >&2
    rm -rf .venv/debugger
    .venv/bin/python -m pip install --disable-pip-version-check --target .venv/debugger -r requirements-debugger.txt \
        >"$log" 2>&1 || { rm -rf .venv/debugger; fail "pip could not install the debugger; all it said is in $log"; }
    cp requirements-debugger.txt .venv/debugger/requirements
}

# A dot for each package that pip looks at.
show_progress() {
    local line
    while IFS= read -r line; do
        [[ $line != Collecting* ]] || printf . >&2
    done
    printf '\n' >&2
}

pip_install() {
    .venv/bin/python -m pip install --disable-pip-version-check "$@"
}

install() {
    local requirements=$1 own python said log=.venv/install.log
    # Two scripts at once must not install into one half-made environment.
    exec 9>.venv.lock
    flock 9 2>/dev/null || true
    if ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        echo "making .venv with $("$python" -V)" >&2
        rm -rf .venv
        said=$("$python" -m venv .venv 2>&1) ||
            fail "$python cannot make a virtual environment: $(tail -n 1 <<<"$said")"
    fi
    echo "installing $requirements into .venv (the first time takes a minute)" >&2
    own=$(.venv/bin/python -m pip list --disable-pip-version-check --editable 2>/dev/null | tail -n +3)
    [[ -z $own ]] || echo "note: this puts the pinned versions back over what you installed by hand: $own; --tracer keeps yours apart" >&2
    if ! { pip_install "$PIP" && pip_install --no-compile -r "$requirements"; } 2>&1 | tee "$log" | show_progress; then
        fail "pip could not install $requirements ($(grep -m 1 ^ERROR "$log")): is the network there? All it said is in $log"
    fi
    # On all cores, where pip would use one. Some packages carry files that are not meant to be compiled.
    .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
    .venv/bin/python scripts/fetch_emulator.py .venv/bin/aws-lambda-rie >&2 || exit 1
    exec 9>&-
}
