#!/usr/bin/env bash
# The dev image's command: trace agent with its view and lambda proxy around the function.
#
# The function is what PID 1 becomes, so that `docker stop` ends it in order; the others end with it.
set -euo pipefail

main() {
    export DD_SERVICE=${DD_SERVICE-weblog} DD_APPSEC_ENABLED=${DD_APPSEC_ENABLED-true}
    /opt/dev/bin/python -I -m trace_agent --host 0.0.0.0 &
    LAMBDA_PROXY_HOST=0.0.0.0 /opt/lambda_proxy/bin/python -I -m lambda_proxy &
    say_when_ready &
    exec ./entrypoint.sh
}

say_when_ready() {
    answers http://127.0.0.1:8126/info
    answers http://127.0.0.1:7777/healthcheck
    answers http://127.0.0.1:8080/2015-03-31/functions/function/invocations --data '{"healthcheck": true}'
    echo "ready: lambda proxy ($LAMBDA_EVENT_TYPE) http://localhost:7777, trace view http://localhost:8128; try: curl localhost:7777/waf"
}

answers() {
    curl --silent --output /dev/null --retry 120 --retry-connrefused --retry-delay 1 "$@"
}

main "$@"
