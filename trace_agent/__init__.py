"""Takes traces and metrics in place of the Datadog extension, and shows them in a browser.

Datadog's own test agent does the work; this package starts it, gives metrics a listener, and refuses what
a browser sends on behalf of another web site. The rule for that is `invoke_api.other_sites`; it tells the
access log of traces with `invoke_api.access_log`. No other module of another folder is used here.
"""
