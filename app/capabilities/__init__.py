"""What the endpoints and the events ask for: plain functions of plain values, without Flask.

A module has the name of the endpoint module that calls it. What only one function needs is imported
in it, because start-up is every tester's time.
"""
