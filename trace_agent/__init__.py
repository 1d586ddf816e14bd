"""Takes traces and metrics in place of the Datadog extension, and tells the trace view of them.

Datadog's own test agent does the work; this package starts it, gives metrics a listener, and refuses what
a browser sends on behalf of another web site. Of other folders it uses that rule, `invoke_api.other_sites`,
and `invoke_api.view_sender`.
"""
