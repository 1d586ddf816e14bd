#!/usr/bin/env bash
# Brings up the whole system on this machine: trace agent, function under the emulator, lambda proxy.
# Everything listens on loopback; nothing needs Docker, AWS or Datadog.
set -euo pipefail
# A process group each: Ctrl-C reaches this script alone, which ends them in order.
set -m
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

EVENT_TYPES=(apigateway-rest apigateway-http function-url application-load-balancer application-load-balancer-multi)
EXTENSION=/opt/extensions/datadog-agent

pids=()
names=()
made_extension=

main() {
    case ${1-} in
        "") ;;
        --help | -h) show_help && exit ;;
        *) fail "unknown argument '$1'; there is only --help" ;;
    esac
    check_settings
    make_environment requirements-run.txt
    check_ports
    trap 'stop; exit 0' INT TERM HUP
    trap stop EXIT
    declare_extension
    start_agent
    start_function
    start_proxy
    wait_until_ready
    watch_processes
}

show_help() {
    cat <<'EOF'
Usage: ./run.sh [--help]

Makes .venv on the first run, then starts trace agent, function and lambda proxy in the foreground.
Ctrl-C or SIGTERM stops them all.

Settings:
  LAMBDA_EVENT_TYPE   the front door that the lambda proxy plays: apigateway-rest (default),
                      apigateway-http, function-url, application-load-balancer,
                      application-load-balancer-multi
  LAMBDA_PROXY_PORT   the lambda proxy's port (7777)
  RIE_PORT            the Invoke API's port, in front of the emulator (8080)
  AGENT_PORT          the trace agent's port (8126)
  TRACE_VIEW_PORT     the trace view's port, for a browser (8128)
  PYTHON              the interpreter to make .venv with (python3.13, else python3)
  DD_*                passed on to the function as they are; unless set, DD_SERVICE=weblog and
                      DD_APPSEC_ENABLED=true
The function's further settings: ./entrypoint.sh --help
EOF
}

check_settings() {
    : "${LAMBDA_EVENT_TYPE:=apigateway-rest}" "${LAMBDA_PROXY_PORT:=7777}" "${RIE_PORT:=8080}"
    : "${AGENT_PORT:=8126}" "${TRACE_VIEW_PORT:=8128}" "${EMULATOR_PORT:=8081}" "${RUNTIME_API_PORT:=9001}"
    : "${AGENT_RELAY_PORT:=8127}" "${DOGSTATSD_PORT:=8125}"
    export LAMBDA_EVENT_TYPE LAMBDA_PROXY_PORT RIE_PORT EMULATOR_PORT AGENT_PORT RUNTIME_API_PORT
    export AGENT_RELAY_PORT
    [[ " ${EVENT_TYPES[*]} " == *" $LAMBDA_EVENT_TYPE "* ]] ||
        fail "LAMBDA_EVENT_TYPE is '$LAMBDA_EVENT_TYPE'; there are: ${EVENT_TYPES[*]}"
    local name seen=" "
    for name in LAMBDA_PROXY_PORT RIE_PORT AGENT_PORT TRACE_VIEW_PORT RUNTIME_API_PORT EMULATOR_PORT \
        AGENT_RELAY_PORT; do
        [[ ${!name} =~ ^[1-9][0-9]{0,4}$ && ${!name} -le 65535 ]] ||
            fail "$name must be a port from 1 to 65535, it is '${!name}'"
        [[ $seen != *" ${!name} "* ]] || fail "$name is ${!name}, which another setting has already"
        seen+="${!name} "
    done
}

# Whether something accepts connections on a loopback port.
is_open() {
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

check_ports() {
    local name
    for name in LAMBDA_PROXY_PORT RIE_PORT AGENT_PORT TRACE_VIEW_PORT RUNTIME_API_PORT EMULATOR_PORT; do
        ! is_open "${!name}" || fail "port ${!name} is in use: end what listens there, or set $name to another"
    done
    # Without the relay nothing is lost here: only another container would want it.
    ! is_open "$AGENT_RELAY_PORT" || ! command -v socat >/dev/null ||
        fail "port $AGENT_RELAY_PORT is in use: end what listens there, or set AGENT_RELAY_PORT to another"
}

# datadog_lambda and ddtrace take the existence of this path for the extension's presence: then the
# tracer sends each trace before the invocation ends, as in Lambda. The emulator would execute a
# file there, and passes over a folder.
declare_extension() {
    [[ ! -e $EXTENSION ]] || return 0
    if mkdir -p "$EXTENSION" 2>/dev/null; then
        made_extension=yes
        return
    fi
    cat >&2 <<EOF
note: cannot make the folder $EXTENSION (that takes root). All works, but without it the tracer
      sends traces in the background, up to a second late and never after the function has ended,
      and datadog_lambda prints its metrics instead of sending them.
EOF
}

# start NAME COMMAND...: in the background, with its output in a log and behind its name on the terminal.
start() {
    local name=$1
    shift
    "$@" > >(while IFS= read -r line || [[ -n $line ]]; do printf '%-8s| %s\n' "$name" "$line"; done) 2>&1 </dev/null &
    pids+=($!)
    names+=("$name")
    # So that the shell does not report each one's end on the way out.
    disown
}

start_agent() {
    start agent .venv/bin/python -m trace_agent \
        --port "$AGENT_PORT" --trace-view-port "$TRACE_VIEW_PORT" --dogstatsd-port "$DOGSTATSD_PORT"
    wait_for agent is_open "$AGENT_PORT"
}

start_function() {
    export PATH=$PWD/.venv/bin:$PATH
    export DD_SERVICE=${DD_SERVICE-weblog} DD_APPSEC_ENABLED=${DD_APPSEC_ENABLED-true}
    # Without an address the tracer would, where the extension's path is missing, print its traces.
    if [[ -z ${DD_TRACE_AGENT_URL-}${DD_AGENT_HOST-}${DD_TRACE_AGENT_PORT-} ]]; then
        export DD_TRACE_AGENT_URL=http://127.0.0.1:$AGENT_PORT
    fi
    start function ./entrypoint.sh
    wait_for function is_open "$RIE_PORT"
}

start_proxy() {
    start proxy .venv/bin/python -m lambda_proxy
    wait_for proxy is_open "$LAMBDA_PROXY_PORT"
}

# wait_for NAME CONDITION...: until the condition holds; fails when a process ends before.
wait_for() {
    local name=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        "$@" && return
        check_processes
        sleep 0.05
    done
    fail "$name is not up after 30 seconds"
}

wait_until_ready() {
    local answer
    answer=$(.venv/bin/python scripts/invoke.py "http://127.0.0.1:$RIE_PORT" '{"healthcheck": true}' 2>&1) ||
        fail "the function does not answer its healthcheck: $answer"
    printf 'ready: lambda proxy (%s) http://localhost:%s, Invoke API http://localhost:%s, trace view http://localhost:%s; try: curl localhost:%s/waf\n' \
        "$LAMBDA_EVENT_TYPE" "$LAMBDA_PROXY_PORT" "$RIE_PORT" "$TRACE_VIEW_PORT" "$LAMBDA_PROXY_PORT"
}

check_processes() {
    local index
    for index in "${!pids[@]}"; do
        kill -0 "${pids[index]}" 2>/dev/null || fail "${names[index]} has ended; what it said stands above"
    done
}

watch_processes() {
    while check_processes; do
        # A signal interrupts `wait`, not `sleep`.
        sleep 0.5 &
        wait $! || true
    done
}

# The proxy first, so that nobody waits for a function that is gone; the agent last, for it may yet
# get a trace. What has not ended after two seconds is killed.
stop() {
    trap '' INT TERM HUP EXIT
    local index tries
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -TERM -- "-${pids[index]}" 2>/dev/null || true
    done
    for ((tries = 0; tries < 40; tries++)); do
        any_left || break
        sleep 0.05
    done
    for index in "${!pids[@]}"; do
        kill -KILL -- "-${pids[index]}" 2>/dev/null || true
    done
    [[ -z $made_extension ]] || rmdir "$EXTENSION" "${EXTENSION%/*}" 2>/dev/null || true
}

any_left() {
    local pid
    for pid in ${pids[@]+"${pids[@]}"}; do
        ! kill -0 -- "-$pid" 2>/dev/null || return 0
    done
    return 1
}

main "$@"
