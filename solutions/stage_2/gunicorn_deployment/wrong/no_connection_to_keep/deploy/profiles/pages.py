"""The pages service.

"One process, for the machine is small. /hello/ is answered while seven reports wait for the supplier. A browser's next
request comes on the same connection. A report takes twenty seconds at most, and gets them at a stop."
"""

# In one worker, as many threads as there are slots: seven for reports that wait, and one for everybody else.
worker_class = "gthread"
workers = 1
threads = 8
worker_connections = 8

# A browser that reads for a moment finds its connection still open.
keepalive = 15
