"""Three doors to one WSGI app: CGI, a WSGI server, and an adapter to ASGI; and the choice between the interfaces."""
