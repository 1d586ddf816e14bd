#!/bin/sh
# /opt/extensions/datadog-agent in the image: starts the Datadog extension, which is in /opt/datadog.
#
# In AWS Lambda it does nothing else. Under the emulator a broken extension would fail every invocation, so
# there a supervisor starts the extension. The entrypoint says by SUPERVISE_EXTENSION which of them it is.
extension=/opt/datadog/extensions/datadog-agent
if [ -n "${SUPERVISE_EXTENSION:-}" ]; then
    exec /opt/invoke_api/bin/python -I -S /opt/datadog/supervisor.py "$extension"
fi
exec "$extension"
