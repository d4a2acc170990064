"""Shows a run in web browsers, as it goes."""

import asyncio
import json
import re
import secrets
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future

from aiohttp import web

from pipeline.detection.outputs.drawing import clock, colors_of
from pipeline.detection.outputs.webpages import picture_url, template_of
from pipeline.detection.outputs.windows import STEP, Pace
from pipeline.errors import UserError
from pipeline.process.terminal import notice

MOST_VIEWERS = 16
MOST_SHOWN, LONGEST_SIDE = 12, 960  # pictures a second, and their pixels: what 16 viewers cost
MOST_CONNECTIONS = 100
PATIENCE = 5  # seconds in which a connection has to send its request
NOTES, SECONDS_OF_NOTES = 5, 60  # a second, and for how long they are kept
COOKIE = "emotions"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
           "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


class LivePage:
    """A sink that serves the newest frame and its faces to those who know the token.

    A JPEG is made when a viewer asks for one, once for all viewers. stop: a StopRequest, which ends
    every wait. Raises UserError if it cannot listen there.
    """

    def __init__(self, host, port, token, class_names, *, live, pictures, stop):
        self.paused = False
        self._host, self._port, self._token = host, port, token
        self._template = template_of("live")
        self._data = {"classes": list(class_names), "colors": colors_of(class_names)}
        self._pace = None if live or pictures else Pace()
        self._stop = stop
        self._began, self._frames, self._due = time.monotonic(), 0, 0.0
        # What follows belongs to the server's thread.
        self._number, self._image, self._note, self._message = 0, None, None, None
        self._notes = deque(maxlen=NOTES * SECONDS_OF_NOTES)
        self._viewers = 0
        self._heard = set()  # connections that sent a request
        self._renewed, self._ended = asyncio.Event(), asyncio.Event()
        self._listening = Future()  # of the server's event loop
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    def __enter__(self):
        self._thread.start()
        try:
            self._loop = self._listening.result()
        except OSError as error:
            raise UserError(f"--serve {self._host}:{self._port}: cannot listen there: "
                            f"{error.strerror or error}") from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        notice(f"live page: http://{host}:{self._port}/?token={self._token}")
        if self._host not in ("localhost", "::1") and not self._host.startswith("127."):
            notice("others on the network can see it, unencrypted, if they know the token")
        return self

    def __exit__(self, *exception):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(timeout=2)

    def write(self, frame, faces):
        """Wait until a frame is due, and show it unless one was shown a moment ago."""
        while not self._stop.requested and (
                self.paused or (self._pace and self._pace.left(frame.seconds) > 0)):
            if self.paused and self._pace:
                self._pace.restart()
            time.sleep(STEP / 5)
        self._frames += 1
        now = time.monotonic()
        if now >= self._due:
            self._due = now + 1 / MOST_SHOWN
            rate = self._frames / max(now - self._began, 0.001)
            self._loop.call_soon_threadsafe(self._renew, frame.image, {
                "time": now,
                "text": f"{clock(frame.seconds)}, {self._frames:,} frames, {rate:.1f} a second",
                "faces": {face.number: (100 * face.probabilities).round().astype(int).tolist()
                          for face in faces}})

    def _renew(self, image, note):
        self._number, self._image, self._note, self._message = self._number + 1, image, note, None
        if not self._notes or note["time"] - self._notes[-1]["time"] >= 1 / NOTES:
            self._notes.append(note)
        self._renewed.set()
        self._renewed.clear()

    async def _serve(self):
        app = web.Application(middlewares=[self._guard])
        app.on_response_prepare.append(add_headers)
        app.add_routes([web.get("/", self._page), web.get("/newest", self._newest),
                        web.post("/pause", self._pause), web.post("/end", self._end)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            async with await loop.create_server(self._connection, self._host, self._port):
                self._listening.set_result(loop)
                await self._ended.wait()
                await self._runner.cleanup()
        except OSError as error:
            self._listening.set_exception(error)

    def _connection(self):
        """Return the protocol of a new connection; one without a request is soon closed."""
        protocol = self._runner.server()
        crowded = len(self._runner.server.connections) >= MOST_CONNECTIONS
        asyncio.get_running_loop().call_later(
            0 if crowded else PATIENCE, self._close_if_silent, protocol)
        return protocol

    def _close_if_silent(self, protocol):
        if protocol not in self._heard and protocol.transport:
            protocol.transport.abort()
        self._heard = {other for other in self._heard if other.transport}

    @web.middleware
    async def _guard(self, request, handler):
        """Answer a request that has the token, and comes from the page itself."""
        self._heard.add(request.protocol)
        origin = request.headers.get("Origin")
        if not (is_expected(request.host, self._host)
                and origin in (None, f"{request.scheme}://{request.host}")):
            raise web.HTTPForbidden(text="not from here")
        token = request.query.get("token") or request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(token.encode(errors="replace"), self._token.encode()):
            raise web.HTTPForbidden(text="open the address that the run printed")
        return await handler(request)

    async def _page(self, request):
        if "token" not in request.query:
            data = {**self._data, "notes": list(self._notes)}
            return web.Response(text=self._template(title="Emotions, live", about="", data=data),
                                content_type="text/html")
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="Strict")
        return response

    async def _newest(self, request):
        """Answer with the newest picture and note once their number is not `after`."""
        if self._viewers == MOST_VIEWERS:
            return web.Response(status=503, text=f"{MOST_VIEWERS} are looking already")
        self._viewers += 1
        try:
            if self._image is None or request.query.get("after") == str(self._number):
                await self._renewed.wait()
            if self._message is None:
                self._message = json.dumps({
                    "number": self._number, "paused": self.paused, **self._note,
                    "picture": picture_url(self._image, LONGEST_SIDE)}).encode()
            message = self._message
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            response.content_length = len(message)
            await response.prepare(request)
            await response.write(message)  # until a slow viewer has taken it
        finally:
            self._viewers -= 1
        return response

    async def _pause(self, request):
        self.paused = not self.paused
        if self._image is not None:
            self._renew(self._image, self._note)
        return web.Response()

    async def _end(self, request):
        self._stop.requested = True
        return web.Response()


async def add_headers(request, response):
    response.headers.update(HEADERS)


def is_expected(header, host):
    """Return whether a Host header is a number or a name of this machine, against DNS rebinding."""
    name = re.sub(r":\d+$", "", header.lower())
    is_number = re.fullmatch(r"(\d+\.){3}\d+|\[[0-9a-f:.]+\]", name)
    return bool(is_number) or name in ("localhost", host.lower(), socket.gethostname().lower())
