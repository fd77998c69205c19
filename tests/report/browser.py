"""A headless Chromium for tests, spoken to over its DevTools protocol on two pipes; no port is opened."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # as root there is no other way
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # WebGL without a GPU.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0
"""Seconds for an answer; a browser that needs more is stuck."""


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are out of the way of the descriptors 3 and 4."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high


class Browser:
    """One page of a Chromium.

    Attributes:
        errors: what the page's console and the browser's log complained about.
        requests: every address asked for, in order.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._number, self._rest = 0, b""
        self._early: str | None = None
        ours_in, self._out = _pipe()
        self._in, ours_out = _pipe()
        # Chromium reads from descriptor 3 and writes to 4; a shell puts them there.
        script = f'exec "$@" 3<&{ours_in} 4>&{ours_out}'
        command = [PROGRAM, *FLAGS, *flags, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, "browser", *command],
            pass_fds=(ours_in, ours_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours_in)
        os.close(ours_out)
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def size(self, width: int, height: int) -> None:
        """Of the window, in the page's pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def before(self, script: str | None) -> None:
        """What runs in pages opened from now on before their own scripts; None for nothing."""
        if self._early is not None:
            self._call("Page.removeScriptToEvaluateOnNewDocument", identifier=self._early)
        self._early = None
        if script is not None:
            self._early = self._call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]

    def forget(self) -> None:
        """Drop the messages and requests of pages seen so far."""
        self.errors.clear()
        self.requests.clear()

    def open(self, path: Path, fragment: str = "") -> str:
        """Open a file, wait until it says that it is ready, and return what it says."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=path.resolve().as_uri() + fragment)
        return self.wait("document.documentElement && document.documentElement.dataset.ready")

    def wait(self, expression: str):
        """The value of an expression, once it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.value(expression)):
            assert time.monotonic() < end, (expression, self.errors)
            time.sleep(0.05)
        return value

    def value(self, expression: str):
        """Of a JavaScript expression, or of the promise that it gives."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def drawn(self) -> None:
        """Wait until what was asked for is on the screen."""
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def click(self, x: float, y: float) -> None:
        """The left button, at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def move(self, x: float, y: float, *, held: bool = False) -> None:
        """The pointer, to a place of the window."""
        button = {"button": "left", "buttons": 1} if held else {}
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, **button)

    def drag(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """With the left button, from one place of the window to another."""
        place = {"button": "left", "clickCount": 1}
        self._call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, **place)
        self.move((x + to_x) / 2, (y + to_y) / 2, held=True)
        self.move(to_x, to_y, held=True)
        self._call("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, y=to_y, **place)

    def double_click(self, x: float, y: float) -> None:
        """The left button, at a place of the window."""
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)

    def wheel(self, x: float, y: float, down: float) -> None:
        """Turned by so many pixels at a place of the window."""
        self._call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=down)

    def fingers(self, *steps: list[tuple[float, float]]) -> None:
        """On the glass, from step to step at these places, and then away."""
        for kind, places in zip(["touchStart", *["touchMove"] * (len(steps) - 1)], steps, strict=True):
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            self._call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        self._call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, key: str) -> None:
        """A key, on what has the focus."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """What is seen, or the whole page, as PNG."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _call(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _receive(self) -> dict:
        while b"\0" not in self._rest:
            assert select.select([self._in], [], [], PATIENCE)[0], "the browser does not answer"
            read = os.read(self._in, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        line, self._rest = self._rest.split(b"\0", 1)
        return json.loads(line)

    def _note(self, event: dict) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.errors.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.errors.append(str(parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                self.errors.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
