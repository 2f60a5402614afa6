"""Given: how the depot was served until today. One process, eight threads: eight visitors at a time."""

workers = 1
threads = 8
control_socket_disable = True
