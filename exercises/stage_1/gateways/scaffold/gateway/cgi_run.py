"""The first door: one request through CGI, answered by this process, which then ends.

A web server starts `python -m gateway.cgi_run` for each request. The request comes as environment variables and, when
it has a body, on stdin; the answer goes to stdout.
"""


def main() -> None:
    """Serve `shop.wsgi.application` this one request."""
    # Your work.


if __name__ == "__main__":
    main()
