"""Chromium by its DevTools protocol over two pipes: nothing but Python's own library is needed."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

SWITCHES = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe", "--force-color-profile=srgb",
]


def installed():
    """The program, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """A browser with a profile of its own, and one page in it."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="sip488-page-")
        here_reads, browser_writes = os.pipe()
        browser_reads, here_writes = os.pipe()

        def place():
            # The browser reads from 3 and writes to 4.
            reads, writes = os.dup(browser_reads), os.dup(browser_writes)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [installed(), *SWITCHES, f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=place, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(browser_reads)
        os.close(browser_writes)
        self.reads, self.writes = os.fdopen(here_reads, "rb", 0), os.fdopen(here_writes, "wb", 0)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def message(self):
        while b"\0" not in self.buffer:
            part = self.reads.read(1 << 20)
            if not part:
                raise EOFError("the browser ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        self.writes.write(json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def run(self, script):
        """What an expression is, promises awaited."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in told:
            raise RuntimeError(f"{script}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def wait(self, script, seconds=20):
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.02)

    def size(self, width, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, address):
        """Opens an address; the seconds until the table can be used."""
        self.call("Page.navigate", url="about:blank")
        begin = time.monotonic()
        self.call("Page.navigate", url=address)
        self.wait("document.documentElement?.dataset.ready === 'yes' || document.querySelector('#table') === null && document.readyState === 'complete'")
        return time.monotonic() - begin

    def key(self, key, text=None, code=None):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "Backspace": 8, "ArrowDown": 40}
        number = codes.get(key, 0)
        text = "\r" if key == "Enter" else text
        down = {"key": key, "code": code or key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **down)

    def type(self, text):
        for letter in text:
            self.key(letter, text=letter)

    def picture(self, path):
        # Chromium draws no taller picture.
        width, height = self.run("[innerWidth, Math.min(document.documentElement.scrollHeight, 16000)]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def paper(self, path):
        printed = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(printed["data"]))

    def complaints(self):
        """What was said on the console, broken of the policy, or asked of the network since the last time."""
        self.run("new Promise((done) => setTimeout(done, 50))")
        told, self.events = self.events, []
        wrong = []
        for event in told:
            method, about = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                wrong.append(("exception", about["exceptionDetails"].get("exception", {}).get("description")))
            elif method == "Runtime.consoleAPICalled":
                wrong.append(("console", about["type"]))
            elif method == "Log.entryAdded":
                wrong.append(("log", about["entry"]["text"]))
            elif method == "Audits.issueAdded":
                wrong.append(("issue", about["issue"]["code"]))
            elif method == "Network.requestWillBeSent":
                address = about["request"]["url"]
                if not address.startswith(("file:", "about:", "blob:")):
                    wrong.append(("network", address[:200]))
        return wrong

    def close(self):
        try:
            self.call("Browser.close")
        except (EOFError, RuntimeError, OSError):
            pass
        self.process.wait(timeout=20)
        shutil.rmtree(self.profile, ignore_errors=True)
