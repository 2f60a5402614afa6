"""How gunicorn serves the box office. Started in this folder, gunicorn reads this file by itself."""

bind = "127.0.0.1:8000"
workers = 1
reload = True  # a saved file is served at once
timeout = 0  # the debugger may take its time
errorlog = "gunicorn.log"
