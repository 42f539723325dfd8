"""A headless Chromium, driven over a pipe (Chrome DevTools Protocol): no
port, no request to anywhere, a profile that goes away."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile

PATIENCE = 60  # s, for one word of it
PROGRAM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-dev-shm-usage", "--disable-extensions", "--disable-sync",
         "--disable-breakpad", "--no-proxy-server",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
         "--remote-debugging-pipe")


class Browser:
    """Of one page. Ends with the with statement."""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="nymdesk-browser-")
        to_it, self.write_fd = os.pipe()
        self.read_fd, from_it = os.pipe()
        # The protocol's descriptors are 3 and 4.
        command = 'exec "$@" 3<&%d 4>&%d' % (to_it, from_it)
        self.process = subprocess.Popen(
            ["bash", "-c", command, "sh", PROGRAM, *FLAGS,
             "--user-data-dir=" + self.home, "about:blank"],
            pass_fds=(to_it, from_it), start_new_session=True,
            env=dict(os.environ, HOME=self.home),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.buffer = b""
        self.calls = 0
        self.session = None
        self.requests = []
        try:
            self.attach()
        except Exception:
            self.__exit__()
            raise
        return self

    def attach(self):
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call(
            "Target.attachToTarget", targetId=target["targetId"],
            flatten=True)["sessionId"]
        for domain in ("Page", "Network"):
            self.call(domain + ".enable")

    def __exit__(self, *_):
        os.close(self.write_fd)
        os.close(self.read_fd)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_fd], [], [], PATIENCE)
            data = os.read(self.read_fd, 1 << 16) if ready else b""
            if not data:
                raise EOFError("the browser has ended, or says nothing")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def call(self, method, **params):
        self.calls += 1
        message = {"id": self.calls, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_fd, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.calls:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return answer["result"]
            self.event(answer)

    def event(self, event):
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])

    def wait(self, method):
        while True:
            event = self.receive()
            self.event(event)
            if event.get("method") == method:
                return

    def open(self, path):
        self.requests = []
        self.call("Page.navigate", url="file://" + path)
        self.wait("Page.loadEventFired")

    def size(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=mobile)

    def media(self, scheme, medium=""):
        self.call("Emulation.setEmulatedMedia", media=medium, features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def eval(self, code):
        answer = self.call("Runtime.evaluate", expression=code,
                           returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def shot(self, path):
        data = self.call("Page.captureScreenshot")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
