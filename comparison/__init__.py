"""What changes between two tracers: sends the same work to a function with each, and reports the differences.

`./compare.sh` runs `python -m comparison`. It uses `trace_checks` (what a record is and how two of them
differ), `scripts.tracer` (an environment for a tracer) and the front doors of `lambda_proxy`.
"""
