"""A small WebDriver client (W3C), enough to look at one page in headless Chromium."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def find_programs():
    """Chromium and its driver, or None where either is missing."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


class Browser:
    """One headless window, without a network. Use it in a `with`."""

    def __init__(self, width=1280, height=900, dark=False, downloads=None, extra=()):
        programs = find_programs()
        if programs is None:
            raise RuntimeError("chromium and chromedriver are needed")
        chromium, driver = programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
            # no name is resolved: a page that asks the network for something fails
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={width},{height}", *extra,
        ]
        if dark:
            arguments.append("--force-dark-mode")
            arguments.append("--blink-settings=preferredColorScheme=0")
        options = {"binary": chromium, "args": arguments}
        if downloads is not None:
            options["prefs"] = {"download.default_directory": str(downloads)}
        capabilities = {
            "timeouts": {"script": 110000},  # [ms], for machines that do much else
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        self.session = ""
        try:
            self._wait_for_driver()
            answer = self._call("POST", "/session",
                                {"capabilities": {"alwaysMatch": capabilities}})
            self.session = f"/session/{answer['sessionId']}"
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _wait_for_driver(self):
        for _ in range(200):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:600]) from None

    def close(self):
        """Ends the window and the driver."""
        if self.session:
            try:
                self._call("DELETE", self.session)
            except (RuntimeError, OSError):
                pass
        self.process.terminate()
        self.process.wait()

    def open(self, url):
        """Loads an address and waits until it is loaded."""
        self._call("POST", self.session + "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs the body of a function, whose `return` is the result."""
        return self._call("POST", self.session + "/execute/sync",
                          {"script": script, "args": list(arguments)})

    def wait(self, script, seconds=60.0):
        """Waits until an expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(f"return {script}")
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never became true: {script}")

    def keys(self, actions):
        """Presses and releases keys: [("down", "a"), ("pause", 0.2), ("up", "a")]."""
        steps = [
            {"type": "pause", "duration": int(1000 * value)} if kind == "pause"
            else {"type": "keyDown" if kind == "down" else "keyUp", "value": value}
            for kind, value in actions
        ]
        self._call("POST", self.session + "/actions",
                   {"actions": [{"type": "key", "id": "keyboard", "actions": steps}]})

    def pointer(self, kind, selector, actions):
        """Moves a "mouse" or "touch" that begins in the middle of an element: [("down",),
        ("move", x, y), ("pause", 0.2), ("up",)], in pixels from there."""
        found = self._call("POST", self.session + "/element",
                           {"using": "css selector", "value": selector})
        steps = []
        for name, *values in actions:
            if name == "move":
                steps.append({"type": "pointerMove", "origin": found, "x": values[0],
                              "y": values[1], "duration": 100})
            elif name == "pause":
                steps.append({"type": "pause", "duration": int(1000 * values[0])})
            else:
                steps.append({"type": "pointer" + name.capitalize(), "button": 0})
        self._call("POST", self.session + "/actions",
                   {"actions": [{"type": "pointer", "id": kind, "actions": steps,
                                 "parameters": {"pointerType": kind}}]})

    def upload(self, selector, path):
        """Chooses a file in an input element."""
        found = self._call("POST", self.session + "/element",
                           {"using": "css selector", "value": selector})
        self._call("POST", f"{self.session}/element/{found[ELEMENT]}/value", {"text": str(path)})

    def command(self, name, parameters):
        """A command of Chromium's developer tools."""
        return self._call("POST", self.session + "/goog/cdp/execute",
                          {"cmd": name, "params": parameters})

    def logs(self, kind):
        """Entries of the console ("browser") or of the network ("performance") since the last."""
        return self._call("POST", self.session + "/se/log", {"type": kind})

    def screenshot(self, path, whole=False):
        """Writes a PNG of the window, or of the whole page."""
        value = self.command("Page.captureScreenshot",
                             {"format": "png", "captureBeyondViewport": whole})["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(value))
