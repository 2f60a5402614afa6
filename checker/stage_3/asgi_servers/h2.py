"""Whether a server speaks HTTP/2 without TLS, to a client that begins with it ("prior knowledge", RFC 9113, 3.3)."""

from __future__ import annotations

from checker.harness.calibration import slowness
from checker.stage_3.asgi_servers.trials import BOOT_S, Trial


def speaks_http2(trial: Trial) -> bool:
    """Whether the app's page comes over HTTP/2. Where it does not, the connection is closed or answered in HTTP/1."""
    import httpx  # takes a while, which the first check would wait for

    patience_s = BOOT_S * slowness()  # who does not speak it says so at once: nobody is given up on a busy machine
    with httpx.Client(http1=False, http2=True, trust_env=False, timeout=patience_s) as client:
        try:
            answer = client.get(f"{trial.site.url}/")
        except httpx.HTTPError:
            return False
    return answer.http_version == "HTTP/2" and answer.status_code == 200
