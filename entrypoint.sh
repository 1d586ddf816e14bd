#!/usr/bin/env bash
# Starts the Lambda function, everywhere: in a container, in AWS and by hand.
#
#   entrypoint.sh            brings the function up (also as `entrypoint.sh ./app.sh`)
#   entrypoint.sh COMMAND    runs any other command, untouched
#
# Under AWS Lambda (AWS_LAMBDA_RUNTIME_API is set) the function alone; elsewhere under the Runtime
# Interface Emulator, with socat from the relay port to the trace agent where socat is installed.
set -euo pipefail

RUNTIME_CLIENT=(python -m awslambdaric traced_handler.handler)

# In the image the Invoke API has an environment of its own, so that the function cannot import it.
INVOKE_API_PYTHON=/opt/invoke_api/bin/python

# Where debugpy may be: in the dev image, or where run.sh has put it.
DEBUGGERS=(/opt/debugger .venv/debugger)

main() {
    case ${1-} in
        "" | ./app.sh) start_function ;;
        --help | -h) show_help ;;
        *) exec "$@" ;;
    esac
}

show_help() {
    cat <<'EOF'
Usage: entrypoint.sh [COMMAND...]

Without a command (or with ./app.sh) starts the Lambda function; runs any other command untouched.

Settings:
  AWS_LAMBDA_RUNTIME_API       set by AWS: run the function alone, against that Runtime API
  DD_LAMBDA_HANDLER            the handler that datadog_lambda wraps (app.handler.lambda_handler)
  DD_APPSEC_RULES              a file with rules for AppSec, e.g. docs/blocking-rules.json (the tracer's own)
  LAMBDA_TASK_ROOT             the folder with the handler, where the function runs (this one)
  AWS_LAMBDA_FUNCTION_TIMEOUT  seconds that an invocation may take (300)
  LISTEN_HOST                  the address to listen on (127.0.0.1; in the image 0.0.0.0)
  RIE_PORT                     the Invoke API's port (8080)
  EMULATOR_PORT                the emulator's own port, on loopback, behind the Invoke API (8081)
  RUNTIME_API_PORT             the emulator's port for the function itself, on loopback (9001)
  AGENT_PORT                   the trace agent's port on loopback (8126)
  AGENT_RELAY_PORT             socat's port, passed on to the trace agent (8127)
  DOGSTATSD_PORT               the UDP port to which datadog_lambda sends metrics (8125)
  DEBUGGER_PORT                where the function listens for a debugger (none; not in the image for the suite)
  DEBUGGER_WAIT                true: the function starts when a debugger has come (false)
  AWS_LAMBDA_FUNCTION_NAME     the function's name in spans (test_function)
  DD_SERVICE, DD_APPSEC_ENABLED, DD_TRACE_FLASK_ENABLED, DD_TRACE_MANAGED_SERVICES and every other DD_*
                               for the tracer and datadog_lambda, passed on as they are

Where the endpoints find what they call:
  INTERNAL_SERVER_URL          the HTTP mirror and Stripe (http://internal_server:8089)
  OPENAI_BASE_URL              OpenAI (INTERNAL_SERVER_URL and /v1)
  POSTGRES_URL, MYSQL_URL, MSSQL_URL, MONGODB_URL, CASSANDRA_URL, KAFKA_URL, RABBITMQ_URL
                               databases and brokers; the README has their defaults
  SYSTEM_TESTS_AWS_URL         AWS's services (where AWS's SDK finds them)
EOF
}

start_function() {
    # The app is imported from the folder that holds it.
    cd "$(dirname "${BASH_SOURCE[0]}")"
    if [[ -n ${AWS_LAMBDA_RUNTIME_API-} ]]; then
        check_function
        note_broken_rules
        run_in_task_root
        exec "${RUNTIME_CLIENT[@]}"
    fi
    read_settings
    note_broken_rules
    [[ -z ${DEBUGGER_PORT-} ]] || listen_for_debugger
    run_in_task_root
    command -v aws-lambda-rie >/dev/null || fail "aws-lambda-rie is not on the PATH"
    relay_to_agent
    start_emulator
}

# datadog_lambda would only say it with a traceback, at the first invocation.
check_function() {
    export DD_LAMBDA_HANDLER=${DD_LAMBDA_HANDLER:-app.handler.lambda_handler}
    [[ $DD_LAMBDA_HANDLER == *?.?* ]] ||
        fail "DD_LAMBDA_HANDLER must be module.function, it is '$DD_LAMBDA_HANDLER'"
    [[ -z ${LAMBDA_TASK_ROOT-} || -d $LAMBDA_TASK_ROOT ]] ||
        fail "LAMBDA_TASK_ROOT must be a folder, it is '$LAMBDA_TASK_ROOT'"
    # The tracer would only say it with a traceback.
    [[ -z ${DD_APPSEC_RULES-} || -f $DD_APPSEC_RULES && -r $DD_APPSEC_RULES ]] ||
        fail "DD_APPSEC_RULES must be a file that can be read, it is '$DD_APPSEC_RULES'"
}

# Writes what is wrong with the rules and fails, if anything is.
check_rules() {
    [[ -z ${DD_APPSEC_RULES-} ]] || python -I app/rules_file.py "$DD_APPSEC_RULES"
}

# The function answers without them too, and a test may want just that.
note_broken_rules() {
    local problem
    problem=$(check_rules) ||
        printf 'note: %s. The function starts all the same; the tracer takes what it can.\n' "$problem" >&2
}

# For scripts/run.py: whoever starts all this by hand wants to see the rules at work.
refuse_broken_rules() {
    local problem
    problem=$(check_rules) || fail "$problem"
}

# As in Lambda, the function's folder is the first on its path and the one it works in.
run_in_task_root() {
    local root=${LAMBDA_TASK_ROOT:-$PWD}
    [[ ! $root -ef $PWD ]] || return 0
    export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
    RUNTIME_CLIENT=(env "--chdir=$root" "${RUNTIME_CLIENT[@]}")
}

# Everything that is configured where the emulator runs, with its default. scripts/run.py calls this too.
read_settings() {
    check_function
    local timeout=300
    if [[ -n ${DEBUGGER_PORT-} ]]; then
        check_number DEBUGGER_PORT "" 65535
        # At a breakpoint nobody is in a hurry.
        timeout=900000
    fi
    DEBUGGER_WAIT=${DEBUGGER_WAIT:-false}
    [[ $DEBUGGER_WAIT == true || $DEBUGGER_WAIT == false ]] ||
        fail "DEBUGGER_WAIT must be true or false, it is '$DEBUGGER_WAIT'"
    [[ $DEBUGGER_WAIT == false || -n ${DEBUGGER_PORT-} ]] || fail "DEBUGGER_WAIT is true, so DEBUGGER_PORT must be set"
    check_number AWS_LAMBDA_FUNCTION_TIMEOUT "$timeout" 900000
    export AWS_LAMBDA_FUNCTION_TIMEOUT
    check_number RIE_PORT 8080 65535
    check_number EMULATOR_PORT 8081 65535
    check_number RUNTIME_API_PORT 9001 65535
    check_number AGENT_PORT 8126 65535
    check_number AGENT_RELAY_PORT 8127 65535
}

# check_number NAME DEFAULT MOST: the emulator panics on what is not a number.
check_number() {
    local value=${!1:-$2}
    [[ $value =~ ^[1-9][0-9]{0,8}$ && $value -le $3 ]] || fail "$1 must be a number from 1 to $3, it is '$value'"
    printf -v "$1" '%s' "$value"
}

# The function starts at the first invocation, and so does the debugger's port.
listen_for_debugger() {
    local folder debugger="" wait=()
    for folder in "${DEBUGGERS[@]}"; do
        [[ ! -d $folder ]] || debugger=$(realpath "$folder")
    done
    [[ -n $debugger ]] || fail "DEBUGGER_PORT is set, but there is no debugger; the dev image has one"
    [[ $DEBUGGER_WAIT == false ]] || wait=(--wait-for-client)
    export PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$debugger
    RUNTIME_CLIENT=(
        python -X frozen_modules=off -m debugpy --listen "${LISTEN_HOST:-127.0.0.1}:$DEBUGGER_PORT" "${wait[@]}"
        "${RUNTIME_CLIENT[@]:1}"
    )
}

# A proxy in another container records traces and sends them back to this port. The agent itself listens on
# loopback only.
relay_to_agent() {
    command -v socat >/dev/null || return 0
    # It ends with this process, also when that is killed; else it would keep the port.
    local ends_with_us=(setpriv --pdeathsig TERM)
    command -v setpriv >/dev/null || ends_with_us=()
    "${ends_with_us[@]}" socat "TCP-LISTEN:$AGENT_RELAY_PORT,bind=${LISTEN_HOST:-127.0.0.1},fork,reuseaddr" "TCP:127.0.0.1:$AGENT_PORT" &
}

# The emulator dies when two invocations overlap, and sometimes by itself. So the Invoke API takes the port
# that everybody knows: it queues the invocations and starts the emulator again.
start_emulator() {
    local launcher=(python -m invoke_api)
    if [[ -x $INVOKE_API_PYTHON ]]; then
        # An init, which adopts what socat and the function leave behind; -s where it is not PID 1.
        launcher=(tini -s -- "$INVOKE_API_PYTHON" -I -m invoke_api)
        export SUPERVISE_EXTENSION=1
    fi
    export EMULATOR_HOST=127.0.0.1 EMULATOR_PORT
    exec "${launcher[@]}" --host "${LISTEN_HOST:-127.0.0.1}" --port "$RIE_PORT" -- \
        aws-lambda-rie \
        --runtime-interface-emulator-address "127.0.0.1:$EMULATOR_PORT" \
        --runtime-api-address "127.0.0.1:$RUNTIME_API_PORT" \
        "${RUNTIME_CLIENT[@]}"
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Sourced, it only defines the functions.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main "$@"
fi
