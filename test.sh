#!/usr/bin/env bash
# Runs every check and every test, in stages: the quick ones first.
set -euo pipefail
export STARTED_IN=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

# Where it is set, every worker would rewrite the assertions of all tests anew, in every stage.
unset PYTHONDONTWRITEBYTECODE

main() {
    local tracers=() python=.venv/bin/python
    # One worker more than there are cores, because tests also wait; more than four would start too many
    # functions. These are shared within a worker, so the tests of a file stay together. tests/conftest.py
    # says which files begin first.
    local workers=$(($(nproc) + 1))
    local parallel=(-n $((workers < 4 ? workers : 4)) --dist loadfile --no-loadscope-reorder)
    case ${1-} in
        --help | -h) show_help && exit ;;
    esac
    while [[ ${1-} == --tracer ]]; do
        [[ -n ${2-} ]] || fail "--tracer needs a checkout, a file or a requirement; ./run.sh --help tells more"
        tracers+=("$2")
        shift 2
    done
    make_environment requirements-dev.txt
    if ((${#tracers[@]})); then
        python=$(.venv/bin/python -m scripts.tracer "${tracers[@]}")/bin/python || exit 1
    fi
    install_packages
    if (($#)); then
        exec "$python" -m pytest "$@"
    fi
    stage "linting" .venv/bin/ruff check .
    stage "formatting" .venv/bin/ruff format --check .
    stage "typing" .venv/bin/mypy app traced_handler.py invoke_api lambda_proxy extension trace_agent trace_checks trace_view comparison event_sources scripts benchmarks tests
    stage "functions, Flask client, handler" "$python" -m pytest "${parallel[@]}" -m "not emulator and not docker and not services"
    processes_stage "emulator, trace agent, browser, databases, brokers" "${parallel[@]}" -m "(emulator or services) and not docker"
    # More than there are cores: a container's test waits most of the time.
    processes_stage "containers" -n 3 --dist loadgroup -m docker tests/image
}

show_help() {
    cat <<'EOF'
Usage: ./test.sh [--tracer TRACER]... [PYTEST ARGUMENTS]

Without arguments: runs linters, type checker and all tests, and stops at the first stage that fails.
With arguments: runs pytest alone, with these arguments, e.g. ./test.sh tests/app -k cookies
With --tracer: runs the tests with this tracer, as ./run.sh --tracer does; tests of containers take the
image's own.

Stages: linting, formatting, typing; plain functions, the Flask test client and the handler called
with events; the real emulator with a real trace agent, browser, databases, brokers and AWS services;
real containers.

As root on Debian or Ubuntu it installs the servers and the browser (scripts/install-services.sh,
scripts/install-browser.sh). What is missing is skipped, and the end of the output says so; so are the
containers where no Docker engine answers or can be started.

In the stages with real processes, what fails is run once more by itself, and has to pass then.
Setting: PYTHON, the interpreter to make .venv with.
EOF
}

# What cannot be installed here is skipped by its tests, which say so.
install_packages() {
    [[ $EUID == 0 ]] && command -v apt-get >/dev/null || return 0
    local script
    for script in install-services install-browser; do
        scripts/$script.sh >.venv/$script.log 2>&1 ||
            echo "note: scripts/$script.sh failed; what it said is in .venv/$script.log" >&2
    done
}

# Tests of many real processes at once: what fails is run a second time, by itself, and fails if it fails
# again. The output has both runs, so a test that is not steady can be seen. The interpreter is main's.
processes_stage() {
    stage "$1" "$python" -m pytest "${@:2}" ||
        stage "$1: once more, what failed" "$python" -m pytest "${@:2}" --last-failed
}

stage() {
    printf '\n== %s\n' "$1"
    "${@:2}"
}

main "$@"
