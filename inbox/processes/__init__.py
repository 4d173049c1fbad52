"""Everything that starts, watches and stops processes: embedded servers and the Procfile's.

Nothing in this package needs Django, so `manage.py` can use it before settings are loaded.
"""
