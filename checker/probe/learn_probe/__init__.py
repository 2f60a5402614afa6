"""What runs inside the learner's server: wraps the app, tells the checker what happens, and changes nothing.

Standard library only; never imports `course` or `checker`. Each module binds what it uses (time, sockets, threads)
when it is imported, before the learner's code is, so that a monkeypatch of theirs changes nothing here.
"""
