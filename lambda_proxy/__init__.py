"""Stands in front of a Lambda function as AWS's HTTP front doors and its Invoke API do.

Nothing here imports the function, and the function imports nothing from here: they meet
over HTTP, in the events and results that AWS defines.
"""
