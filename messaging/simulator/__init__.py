"""A Cloud API that behaves, and misbehaves on demand: for the demo and for tests.

One asyncio process without Django models or a database. `app.create_app` builds it,
`running.running_simulator` runs it beside a test, `manage.py simulate` runs it for people.
"""
