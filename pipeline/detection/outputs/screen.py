"""How large the screen is."""

import ctypes
import sys

# Fits on every screen that is sold.
USUAL = (1280, 720)


def screen_size():
    """Return the width and height of the screen in pixels; of one that does not tell, USUAL."""
    try:
        size = {"linux": _x11, "win32": _windows, "darwin": _macos}[sys.platform]()
    except (KeyError, OSError, AttributeError, ValueError):
        return USUAL
    return size if min(size) > 0 else USUAL


def _x11():
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return USUAL
    size = x11.XDisplayWidth(display, 0), x11.XDisplayHeight(display, 0)
    x11.XCloseDisplay(display)
    return size


def _windows():
    metrics = ctypes.windll.user32.GetSystemMetrics
    return metrics(0), metrics(1)


def _macos():
    graphics = ctypes.CDLL("/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics")
    graphics.CGDisplayPixelsWide.restype = graphics.CGDisplayPixelsHigh.restype = ctypes.c_size_t
    display = graphics.CGMainDisplayID()
    return graphics.CGDisplayPixelsWide(display), graphics.CGDisplayPixelsHigh(display)
