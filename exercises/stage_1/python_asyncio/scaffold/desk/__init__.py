"""The price desk: fetches prices from slow upstreams, tells each one as it comes, and says what is missing."""
