"""The trace view: a page in the browser and a JSON API with one record for each invocation.

The other processes send what they know of an invocation in the background; this one puts it together. Of the
project's other folders it uses `trace_checks`, the rule about other sites in `invoke_api.other_sites`, and
from `invoke_api.view_sender` how often it is told.
"""
