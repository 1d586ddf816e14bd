"""Stands in for the Datadog Lambda extension where its image cannot be had.

The trace agent is Datadog's own test agent, which also shows the traces in the browser; metrics,
which it does not take, get a listener of ours.
"""
