"""Clients of databases, brokers and AWS services: one module each, imported when it is first used.

Drivers are optional (`requirements-drivers.txt`): a module here gets its driver from
`app.clients.packages`, so that an endpoint without its driver answers 501 with the package's name.
"""
