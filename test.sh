#!/usr/bin/env bash
# Runs every check and every test, in stages: the quick ones first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

main() {
    case ${1-} in
        --help | -h) show_help && exit ;;
    esac
    make_environment requirements-dev.txt
    if (($#)); then
        exec .venv/bin/python -m pytest "$@"
    fi
    stage "linting" .venv/bin/ruff check .
    stage "formatting" .venv/bin/ruff format --check .
    stage "typing" .venv/bin/mypy app invoke_api lambda_proxy extension trace_agent trace_checks scripts benchmarks tests
    stage "functions, Flask client, handler" .venv/bin/python -m pytest -m "not emulator and not docker"
    stage "emulator and trace agent" .venv/bin/python -m pytest -m emulator
    stage "containers" .venv/bin/python -m pytest -m docker
}

show_help() {
    cat <<'EOF'
Usage: ./test.sh [PYTEST ARGUMENTS]

Without arguments: runs linters, type checker and all tests, and stops at the first stage that fails.
With arguments: runs pytest alone, with these arguments, e.g. ./test.sh tests/app -k cookies

Stages: linting, formatting, typing; plain functions, the Flask test client and the handler called
with events; the real emulator with a real trace agent; real containers. Without a Docker engine that
answers or can be started, the tests of containers are skipped, and the end of the output says so.
Setting: PYTHON, the interpreter to make .venv with.
EOF
}

stage() {
    printf '\n== %s\n' "$1"
    "${@:2}"
}

main "$@"
