"""A display that is nowhere seen, and what is on it."""

import ctypes
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

CLIENT_MESSAGE = 33  # X11's number of such an event

needs_display = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")),
    reason="no Xvfb and xdotool, by which windows are tested")


class VirtualDisplay:
    """An X display of its own: its name, its windows' places and its screen."""

    def __init__(self, name, framebuffer):
        self.name = name
        self._framebuffer = framebuffer

    def tool(self, *arguments):
        return subprocess.run(["xdotool", *map(str, arguments)], env={"DISPLAY": self.name},
                              capture_output=True, text=True).stdout

    def window(self, title, seconds=150):
        """Return a window's id once it is there and shown."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.tool("search", "--onlyvisible", "--name", f"^{title}$").split()
            if found:
                return found[-1]
            time.sleep(0.1)
        raise TimeoutError(f"no window {title}")

    def box(self, title):
        """Return x, y, width, height of a window."""
        lines = self.tool("getwindowgeometry", "--shell", self.window(title)).splitlines()
        values = dict(line.split("=") for line in lines)
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def press(self, title, key):
        self.tool("key", "--window", self.window(title), key)

    def close(self, title):
        """Do what a window's close button does."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        protocols, delete = (x11.XInternAtom(display, name, 0)
                             for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        window = int(self.window(title))
        event = (ctypes.c_long * 24)(CLIENT_MESSAGE, 0, 0, 0, window, protocols, 32, delete)
        x11.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
        x11.XCloseDisplay(display)

    def screen(self):
        """Return what is on the screen, (height, width, 3) uint8 BGR."""
        content = self._framebuffer.read_bytes()
        header = np.frombuffer(content[:100], dtype=">u4")
        start = int(header[0]) + 12 * int(header[19])
        width, height, stride = int(header[4]), int(header[5]), int(header[12])
        rows = np.frombuffer(content[start:start + stride * height], np.uint8)
        return rows.reshape(height, stride)[:, :4 * width].reshape(height, width, 4)[..., :3]


@contextmanager
def virtual_display(folder, size):
    """Yield a VirtualDisplay of this width and height."""
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size[0]}x{size[1]}x24", "-fbdir", folder,
         "-nolisten", "tcp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield VirtualDisplay(f":{process.stdout.readline().strip()}", folder / "Xvfb_screen0")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
