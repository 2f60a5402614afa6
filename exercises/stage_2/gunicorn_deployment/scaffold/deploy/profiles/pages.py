"""The pages service.

"One process, for the machine is small. /hello/ is answered while seven reports wait for the supplier. A browser's next
request comes on the same connection. A report takes twenty seconds at most, and gets them at a stop."
"""

worker_class = "gthread"
workers = 1
