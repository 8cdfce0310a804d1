"""Write the README's screenshots of the pages: `python tools/page_screenshots.py`.

Needs `clinweave setup`, chromium and Playwright (extra `test`). The answers are those of the databases alone; the
letter is the made-up one of the page Note.
"""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

from clinweave.knowledge_base import KnowledgeBase
from clinweave.service import ChatHandler, ServiceState, make_app

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WAIT = 180_000.0  # milliseconds; the first differential compiles the annotations
QUESTION = "Is ectopia lentis a feature of Marfan syndrome?"


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of the pages over the knowledge base at home."""
    base = KnowledgeBase(model="none", audience="clinician", collections=("graph",))
    state = ServiceState.create(ChatHandler(base, name="clinweave", retrievers=("graph", "text")))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(state), log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    state.close()


def ask(page: Page) -> None:
    page.goto("/")
    page.fill("#question", QUESTION)
    page.click("#ask button")
    page.locator("article.answer").wait_for()
    page.locator("article a.mark").first.click()
    page.locator("#panel-body *").first.wait_for()


def note(page: Page) -> None:
    page.goto("/note?example=yes")
    page.click("#note-read")
    page.locator("#part-differential ol.ranks").wait_for()
    page.evaluate("document.querySelector('#result').scrollIntoView()")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 860})
        context.set_default_timeout(WAIT)
        for take in (ask, note):
            page = context.new_page()
            take(page)
            page.wait_for_timeout(300)
            target = IMAGES / f"page-{take.__name__}.png"
            page.screenshot(path=str(target))
            print(f"{target}: {target.stat().st_size:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
