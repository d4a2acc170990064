"""Shows a run in web browsers, as it goes."""

import asyncio
import ipaddress
import json
import secrets
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from urllib.parse import urlsplit

import cv2
from aiohttp import web

from pipeline.detection.outputs.drawing import colors_of
from pipeline.detection.outputs.webpages import QUALITY, template_of
from pipeline.detection.outputs.windows import LONGEST_LAG, STEP
from pipeline.errors import UserError
from pipeline.terminal import notice

MOST_VIEWERS = 16
MOST_SHOWN = 15  # frames a second: more for 16 viewers cost the analysis its time
MOST_CONNECTIONS = 100
PATIENCE = 5  # seconds in which a connection has to send its request
NOTES, SECONDS_OF_NOTES = 5, 60  # a second, and for how long they are kept
COOKIE = "emotions"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
           "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


class LivePage:
    """A sink that serves the newest frame and its faces on `host` and `port`, to 16 viewers.

    A file plays at its own pace. A JPEG is made when a viewer asks for one, at most 15 a second.
    The buttons of the page pause, and set `closed`. token: what a viewer has to know. stop: a
    StopRequest, which ends every wait. Raises UserError if it cannot listen there.
    """

    def __init__(self, host, port, token, class_names, *, live, pictures, stop):
        self.closed = self.paused = False
        self._host, self._port, self._token = host, port, token
        self._class_names = class_names
        self._at_own_pace = not live and not pictures
        self._stop = stop
        self._start = None  # monotonic time of the file's second 0
        self._began = time.monotonic()
        self._frames = 0
        self._frame, self._number, self._due = None, 0, 0.0  # the one that is shown
        self._encoded = (0, b"")  # number of a frame, and its JPEG
        self._notes = deque(maxlen=NOTES * SECONDS_OF_NOTES)
        self._waiting = set()  # futures of viewers, until there is a newer frame
        self._heard = set()  # connections that sent a request
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError as error:
            self._end_loop()
            raise UserError(f"--serve {self._host}:{self._port}: cannot listen there: "
                            f"{error.strerror or error}") from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        notice(f"live page: http://{host}:{self._port}/?token={self._token}")
        if not is_this_machine(self._host):
            notice("others on the network can see it, unencrypted, if they know the token")
        return self

    def __exit__(self, *exception):
        self.closed = True
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=2)
        self._end_loop()

    def write(self, frame, faces):
        """Wait until a frame is due, and show it."""
        while self._wait(frame.seconds):
            time.sleep(STEP / 5)
        self._frames += 1
        now = time.monotonic() - self._began
        if now >= self._due:
            self._due = now + 1 / MOST_SHOWN
            self._frame, self._number = frame.image, self._number + 1
            if self._waiting:
                self._loop.call_soon_threadsafe(self._wake)
        if not self._notes or now - self._notes[-1]["time"] >= 1 / NOTES:
            self._notes.append({
                "time": now, "seconds": frame.seconds, "frames": self._frames,
                "rate": round(self._frames / max(now, 0.001), 1),
                "faces": {face.number: [round(100 * float(share)) for share in face.probabilities]
                          for face in faces}})

    def _wait(self, seconds):
        """Return whether it is too early for a frame."""
        now = time.monotonic()
        if self._start is None or self.paused or now - self._start - seconds > LONGEST_LAG:
            self._start = now - seconds
        if self.closed or self._stop.requested:
            return False
        return self.paused or (self._at_own_pace and self._start + seconds > now)

    def _wake(self):
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _end_loop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    async def _listen(self):
        @web.middleware
        async def guard(request, handler):
            return await self._guard(request, handler)

        app = web.Application(middlewares=[guard])
        app.add_routes([web.get("/", self._page), web.get("/frame", self._newest),
                        web.get("/notes", self._state), web.post("/pause", self._pause),
                        web.post("/end", self._end)])
        self._page_text = template_of("live")(
            title="Emotions, live", about="", data={
                "classes": list(self._class_names), "colors": colors_of(self._class_names)})
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._server = await self._loop.create_server(self._connection, self._host, self._port)

    async def _close(self):
        self._server.close()
        await self._runner.cleanup()

    def _connection(self):
        """Return the protocol of a new connection; one without a request is soon closed."""
        protocol = self._runner.server()
        crowded = len(self._runner.server.connections) >= MOST_CONNECTIONS
        self._loop.call_later(0 if crowded else PATIENCE, self._close_if_silent, protocol)
        return protocol

    def _close_if_silent(self, protocol):
        if protocol not in self._heard and protocol.transport:
            protocol.transport.abort()
        self._heard = {other for other in self._heard if other.transport}

    async def _guard(self, request, handler):
        """Answer a request that has the token, and comes from the page itself."""
        self._heard.add(request.protocol)
        origin = request.headers.get("Origin")
        if not (is_expected(request.host, self._host)
                and origin in (None, f"{request.scheme}://{request.host}")):
            raise web.HTTPForbidden(text="not from here", headers=HEADERS)
        token = request.query.get("token") or request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(token.encode(errors="replace"), self._token.encode()):
            raise web.HTTPForbidden(text="open the address that the run printed", headers=HEADERS)
        response = await handler(request)
        response.headers.update(HEADERS)
        return response

    async def _page(self, request):
        if "token" not in request.query:
            return web.Response(text=self._page_text, content_type="text/html")
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="Strict")
        return response

    async def _newest(self, request):
        """Answer with the first frame whose number is not `after`, as a JPEG."""
        if len(self._waiting) >= MOST_VIEWERS:
            return web.Response(status=503, text=f"{MOST_VIEWERS} are looking already")
        future = self._loop.create_future()
        self._waiting.add(future)
        try:
            if request.query.get("after") == str(self._number) or self._frame is None:
                await future
            response = web.StreamResponse(headers={"X-Number": str(self._number),
                                                   "Content-Type": "image/jpeg"})
            response.headers.update(HEADERS)
            content = self._jpeg()
            response.content_length = len(content)
            await response.prepare(request)
            await response.write(content)  # until a slow viewer has taken it
        finally:
            self._waiting.discard(future)
        return response

    def _jpeg(self):
        number, image = self._number, self._frame
        if self._encoded[0] != number:
            jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
            self._encoded = number, jpeg.tobytes()
        return self._encoded[1]

    async def _state(self, request):
        return web.Response(text=json.dumps({"paused": self.paused, "notes": list(self._notes)}),
                            content_type="application/json")

    async def _pause(self, request):
        self.paused = not self.paused
        return web.Response()

    async def _end(self, request):
        self.closed = True
        return web.Response()


def is_this_machine(host):
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_expected(header, host):
    """Return whether a Host header is a number, or a name of this machine.

    A page of strangers can let its own name lead here (DNS rebinding), but no number.
    """
    name = ""
    try:
        name = urlsplit(f"//{header}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        return name in ("localhost", host.lower(), socket.gethostname().lower())
    return True
