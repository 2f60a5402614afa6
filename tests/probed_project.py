"""A small Django project with every way to stop a loop, and every innocent look-alike."""

from __future__ import annotations

SETTINGS = """
from pathlib import Path

SECRET_KEY = "for the test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent / "db.sqlite3"}}
"""

ASGI = """
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
from django.core.asgi import get_asgi_application

application = get_asgi_application()
"""

URLS = """
from django.urls import path

from site_ import views

urlpatterns = [path(f"{name}/", getattr(views, name)) for name in views.NAMES]
"""

# Two calls deep, in the project's own modules: this is the line to be named.
SLOW = """
import time


def price(seconds):
    return look_up(seconds)


def look_up(seconds):
    time.sleep(seconds)  # here


def polled(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)  # polls


def compute(count):
    total = 0
    for number in range(count):
        total += number * number  # computes
    return total
"""

VIEWS = """
import asyncio
import json
import pathlib
import sqlite3
import subprocess
import socket
import threading
import time
import urllib.request

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from site_ import slow

NAMES = []


def view(function):
    NAMES.append(function.__name__)
    return function


def answer(request=None):
    return HttpResponse("ok")


@view
async def hello(request):
    return answer()

# --- these stop the loop ---

@view
async def sleeps(request):
    slow.price(float(request.GET.get("s", 1)))
    return answer()

@view
async def polls(request):
    slow.polled(1)
    return answer()

@view
async def computes(request):
    slow.compute(12_000_000)
    return answer()

@view
async def big_json(request):
    # Each call keeps the GIL. The watchdog gets it between two of them now and then, so there are many.
    for _ in range(30):
        json.loads(json.dumps(list(range(500_000))))  # json
    return answer()

@view
async def asks(request):
    await asyncio.sleep(0)
    urllib.request.urlopen(request.GET["url"]).read()  # asks
    return answer()

@view
async def locks(request):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=1)  # locks
    return answer()

@view
async def awaits_result(request):
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, time.sleep, 1)
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(time.sleep, 1).result()  # waits for a thread
    return answer()

@view
async def in_a_task(request):
    async def work():
        await asyncio.sleep(0)
        time.sleep(1)  # in a task
    await asyncio.create_task(work())
    return answer()

@view
async def bare_call(request):
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.5)
    loop.call_soon(done.set)
    await done.wait()
    return answer()

@view
async def in_a_callback(request):
    done = asyncio.Event()
    def later():
        time.sleep(1)  # in a callback
        done.set()
    asyncio.get_running_loop().call_soon(later)
    await done.wait()
    return answer()

# --- these are too short for the watchdog, but ask the system ---

@view
async def reads_a_file(request):
    pathlib.Path(__file__).read_text()  # reads
    return answer()

@view
async def opens_a_database(request):
    sqlite3.connect(":memory:").close()  # opens
    return answer()

@view
async def connects(request):
    socket.create_connection(("127.0.0.1", int(request.GET["port"]))).close()  # connects
    return answer()

@view
async def looks_up(request):
    socket.getaddrinfo("localhost", 80)  # looks up
    return answer()

@view
async def starts_a_child(request):
    subprocess.run(["true"])  # starts
    return answer()

# --- and these are innocent ---

@view
async def waits_well(request):
    await asyncio.sleep(0.3)
    return answer()

@view
async def sleeps_in_a_thread(request):
    await sync_to_async(time.sleep)(0.3)
    return answer()

@view
async def sleeps_in_another_thread(request):
    await sync_to_async(time.sleep, thread_sensitive=False)(0.3)
    return answer()

@view
async def computes_in_a_thread(request):
    await asyncio.to_thread(slow.compute, 6_000_000)
    return answer()

@view
async def json_in_a_thread(request):
    await asyncio.to_thread(lambda: json.loads(json.dumps(list(range(1_500_000)))))
    return answer()

@view
async def connects_well(request):
    _, writer = await asyncio.open_connection("127.0.0.1", int(request.GET["port"]))
    writer.close()
    return answer()

@view
async def starts_a_child_well(request):
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()
    return answer()

def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

@view
async def asks_the_database(request):
    await sync_to_async(ask)()
    return answer()

@view
async def many_short_steps(request):
    for _ in range(300):
        slow.compute(10_000)
        await asyncio.sleep(0)
    return answer()

@view
async def many_tasks(request):
    async def work():
        await asyncio.sleep(0)
        slow.compute(20_000)
    await asyncio.gather(*(work() for _ in range(200)))
    return answer()

@view
def sync_view(request):
    time.sleep(0.3)
    return answer()

@view
def sync_view_that_computes(request):
    slow.compute(6_000_000)
    return answer()

# --- errors and odd responses ---

@view
async def fails(request):
    raise ValueError("no such report")  # fails

@view
def fails_too(request):
    return {}["report"]  # fails too

@view
def exits(request):
    raise SystemExit(3)  # exits

@view
def file(request):
    return FileResponse(open(__file__, "rb"))

@view
def streams(request):
    def chunks():
        yield "one "
        urllib.request.urlopen(request.GET["url"]).read()
        yield "two"
    return StreamingHttpResponse(chunks())

@view
def streams_badly(request):
    def chunks():
        yield "one "
        raise ValueError("half-way")  # half-way
    return StreamingHttpResponse(chunks())
"""

FILES = {
    "site_/__init__.py": "",
    "site_/settings.py": SETTINGS,
    "site_/asgi.py": ASGI,
    "site_/wsgi.py": ASGI.replace("asgi", "wsgi"),
    "site_/urls.py": URLS,
    "site_/views.py": VIEWS,
    "site_/slow.py": SLOW,
}

GUILTY = {
    "sleeps": ("site_/slow.py", "# here", "waiting"),
    "polls": ("site_/slow.py", "# polls", "waiting"),
    "computes": ("site_/slow.py", "# computes", "computing"),
    "big_json": ("site_/views.py", "# json", "computing"),
    "asks": ("site_/views.py", "# asks", "waiting"),
    "locks": ("site_/views.py", "# locks", "waiting"),
    "awaits_result": ("site_/views.py", "# waits for a thread", "waiting"),
    "in_a_task": ("site_/views.py", "# in a task", "waiting"),
    "in_a_callback": ("site_/views.py", "# in a callback", "waiting"),
}
SHORT = {
    "reads_a_file": ("open", "# reads"),
    "opens_a_database": ("sqlite3.connect", "# opens"),
    "connects": ("socket.connect", "# connects"),
    "looks_up": ("socket.getaddrinfo", "# looks up"),
    "starts_a_child": ("subprocess.Popen", "# starts"),
}
INNOCENT = (
    "hello",
    "waits_well",
    "sleeps_in_a_thread",
    "sleeps_in_another_thread",
    "computes_in_a_thread",
    "json_in_a_thread",
    "connects_well",
    "starts_a_child_well",
    "asks_the_database",
    "many_short_steps",
    "many_tasks",
    "sync_view",
    "sync_view_that_computes",
)
