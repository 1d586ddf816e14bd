"""What a sane trace is: every invocation leaves exactly one whole trace that fits its event.

Nothing here starts a process or imports another folder of this project. The trace view, the tests and
the command `python -m trace_checks` use it.
"""
