"""Your work: the depot's views. For a WSGI server they are right."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from depot import archive, exports, printer_sdk, tenant, upstream
from depot.models import Part
from depot.offers import offer

MANUAL = Path(__file__).with_name("manual.txt")
PIECE_BYTES = 65_536
EVENTS = 3


def ping(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("pong\n", content_type="text/plain")


def whoami(request: HttpRequest) -> HttpResponse:
    """Whom this request is served for."""
    return HttpResponse(f"{tenant.current()}\n", content_type="text/plain")


def visit(request: HttpRequest) -> JsonResponse:
    """What the server knows of the visitor."""
    environ = request.environ
    return JsonResponse(
        {
            "from": environ["REMOTE_ADDR"],
            "path": environ["PATH_INFO"],
            "query": environ["QUERY_STRING"],
            "agent": environ.get("HTTP_USER_AGENT", ""),
        }
    )


@require_GET
def parts(request: HttpRequest) -> JsonResponse:
    """The parts whose name contains `?q=`."""
    found = Part.objects.filter(name__icontains=request.GET.get("q", "")).order_by("name")
    return JsonResponse({"parts": [{"name": part.name, "stock": part.stock} for part in found]})


@login_required
@require_GET
def rates(request: HttpRequest, part: str) -> JsonResponse:
    """What five suppliers ask for this part."""
    try:
        asked = {name: upstream.fetch(f"{part}-{name}") for name in upstream.SUPPLIERS}
    except upstream.UpstreamDown as down:
        return JsonResponse({"error": str(down)}, status=502)
    return JsonResponse(offer(part, asked))


@require_GET
def events(request: HttpRequest, part: str) -> StreamingHttpResponse:
    """What becomes of this part, as server-sent events."""

    def stream() -> Iterator[str]:
        for number in range(1, EVENTS + 1):
            yield f"data: {upstream.fetch(f'{part}-{number}')}\n\n"

    return StreamingHttpResponse(stream(), content_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def digest(request: HttpRequest, text: str) -> HttpResponse:
    """A slow hash, of `?rounds=`."""
    rounds = int(request.GET.get("rounds", "1000"))
    return HttpResponse(hashlib.pbkdf2_hmac("sha256", text.encode(), b"depot", rounds).hex(), content_type="text/plain")


def label(request: HttpRequest, number: int) -> HttpResponse:
    """One label, as the printer makes it."""
    return HttpResponse(printer_sdk.render(number), content_type="text/plain")


def manual(request: HttpRequest) -> FileResponse:
    """The manual, to be kept."""
    return FileResponse(MANUAL.open("rb"), as_attachment=True)


@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """A drawing, of any size: how many bytes came, and their hash."""
    body, size, hashed = request.environ["wsgi.input"], 0, hashlib.sha256()
    while piece := body.read(PIECE_BYTES):
        size += len(piece)
        hashed.update(piece)
    return JsonResponse({"bytes": size, "sha256": hashed.hexdigest()})


@login_required
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, name: str) -> JsonResponse:
    """POST begins an export, GET tells how far it is."""
    if request.method == "POST":
        exports.start(name)
        return JsonResponse({"export": name, "state": "running"}, status=202)
    state = exports.state(name)
    told = {"export": name, "state": state, "text": archive.read(name)}
    return JsonResponse(told, status=404 if state == "unknown" else 200)
