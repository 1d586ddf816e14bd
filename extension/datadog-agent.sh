#!/bin/sh
# /opt/extensions/datadog-agent in the image: starts the Datadog extension, which lies in /opt/datadog.
#
# In AWS Lambda it is nothing but that. Under the emulator, which lets a broken extension fail every
# invocation, a supervisor stands between the two. The entrypoint says which of them it is.
extension=/opt/datadog/extensions/datadog-agent
if [ -n "${SUPERVISE_EXTENSION:-}" ]; then
    exec /opt/lambda_proxy/bin/python -I -S /opt/datadog/supervisor.py "$extension"
fi
exec "$extension"
