"""Draw the page's picture in README.md anew from the built project (`make pictures`).

It needs Chromium (Debian: ``apt-get install chromium``).
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "page.png"
WIDTH, HEIGHT = 1280, 1000
COLOURS = 128
READY_SECONDS = 60
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--font-render-hinting=none",
)  # fmt: skip


@contextmanager
def serving() -> Iterator[str]:
    """The service of the project; yields its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "pitchline", "serve", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"PITCHLINE_ENV": "dev", "PITCHLINE_SERVE_ACCESS_LOG": "false"},
    )
    try:
        until = time.monotonic() + READY_SECONDS
        while not answers(f"http://127.0.0.1:{port}/v1/health"):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit("The service does not answer. Build the project first: make run")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    """Whether there is an answer."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - this machine's own service
            return True
    except OSError:
        return False


def picture(address: str, chromium: str) -> bytes:
    """The top of the page as PNG, in few colours, so that it is small."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-GB",
            reduced_motion="reduce",
        )  # fmt: skip
        page.goto(address)
        taken = page.screenshot(animations="disabled", caret="hide")
        browser.close()
    image = Image.open(io.BytesIO(taken)).convert("RGB")
    written = io.BytesIO()
    few = image.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(written, "PNG", optimize=True)
    return written.getvalue()


def main() -> None:
    """Write the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    with serving() as address:
        PICTURE.write_bytes(picture(address, chromium))


if __name__ == "__main__":
    main()
