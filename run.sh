#!/usr/bin/env bash
# Brings up the whole system on this machine: makes .venv, then runs scripts/run.py, which starts the rest.
# Everything listens on loopback; nothing needs Docker, AWS or Datadog.
set -euo pipefail
# Paths on the command line are meant from here.
export STARTED_IN=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

# `python -m scripts.run`, but Ctrl-C ends it without a traceback while it imports.
START='
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
import sys
from scripts.run import main
sys.exit(main(sys.argv[1:]))
'

main() {
    case ${1-} in
        --help | -h) show_help && exit ;;
    esac
    make_environment requirements-run.txt
    [[ -z ${DEBUGGER_PORT-} ]] || make_debugger
    find_own_handler
    find_own_rules
    make_drivers "$@"
    # The function runs as `python`, under `aws-lambda-rie`.
    export PATH=$PWD/.venv/bin:$PATH
    exec .venv/bin/python -c "$START" "$@"
}

# A handler of the user's own is looked for in the folder that they are in. One whose package is there and
# whose module is not is a mistake, which can be told only where it was looked for.
find_own_handler() {
    local module=${DD_LAMBDA_HANDLER-} package
    module=$(tr . / <<<"${module%.*}")
    package=${module%%/*}
    [[ -z ${LAMBDA_TASK_ROOT-} && -n $module ]] || return 0
    if [[ -f $STARTED_IN/$module.py || -f $STARTED_IN/$module/__init__.py ]] ||
        [[ ! -e $package && (-d $STARTED_IN/$package || -f $STARTED_IN/$package.py) ]]; then
        export LAMBDA_TASK_ROOT=$STARTED_IN
    fi
}

# So are rules.
find_own_rules() {
    local folder
    for folder in "$PWD" "$STARTED_IN"; do
        if [[ ${DD_APPSEC_RULES-} == [!/]* && -f $folder/$DD_APPSEC_RULES ]]; then
            export DD_APPSEC_RULES=$folder/$DD_APPSEC_RULES
        fi
    done
}

# Works before anything is installed.
show_help() {
    local python
    python=$(find_python)
    "$python" -m scripts.run --help
}

main "$@"
