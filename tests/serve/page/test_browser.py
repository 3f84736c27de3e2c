"""The page in a real browser: Debian's Chromium, headless."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pitchline.serve.app import build
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.service import Service
from pitchline.serve.settings import read_settings
from pitchline.serve.tables import Tables
from tests.serve.page import markup
from tests.serve.page.told import REFUSED, curve
from tests.serve.test_api_process import free_port
from tests.serve.world import Standing

CHROMIUM = shutil.which("chromium")
# Set where a browser must be there, so that its absence is no quiet skip.
REQUIRED = "PITCHLINE_CI"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATHS = ("/", "/?team=arsenal", "/?date=2031-01-01", "/?team=Arsnal")
DESKTOP, PHONE = (1280, 900), (375, 812)
WIDTHS = (320, 375, 600, 768, 880, 881, 1024, 1280, 1920)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.fixture(scope="module")
def origin(told_project: Path) -> Iterator[str]:
    """The address of a service with everything to tell."""
    champion = Standing(curve())
    champion.refused = [REFUSED]
    tables = Tables(told_project, 60)
    service = Service(read_settings({}), champion, tables, read_names(told_project), Measures())
    port = free_port()
    told = uvicorn.Config(build(service), port=port, log_level="critical", lifespan="on")
    server = uvicorn.Server(told)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end, "not ready within a minute"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    if CHROMIUM is None:
        reason = "chromium is not installed: apt-get install chromium"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


Opened = tuple[Page, list[str], list[str]]
Opening = Callable[..., Any]


@pytest.fixture
def opened(browser: Browser, origin: str) -> Opening:
    """Opens a path: the page, what the console told, what was asked for."""

    @contextmanager
    def open_(path: str, size: tuple[int, int] = DESKTOP, **context: Any) -> Iterator[Opened]:
        made = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context)
        page = made.new_page()
        console: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{origin}{path}")
        yield page, console, asked
        made.close()

    return open_


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_asked_of_anyone_and_the_console_is_silent(
    opened: Opening, origin: str, path: str
) -> None:
    with opened(path) as (page, console, asked):
        # Chromium itself tells of a status of 400 and more; else nothing is to be said.
        assert [line for line in console if "404 (Not Found)" not in line] == []
        assert [url for url in asked if not url.startswith("data:")] == [f"{origin}{path}"]
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("path", PATHS)
def test_chromium_has_nothing_to_mend(opened: Opening, path: str) -> None:
    with opened(path) as (page, _, _):
        sent = page.request.get(page.url, headers={"Accept": "text/html"}).text()
        tags = page.evaluate("[...document.querySelectorAll('*')].map(e => e.tagName)")
        assert [tag.lower() for tag in tags] == [
            "html",
            *(e.tag for e in markup.read(sent).every()),
        ]


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_no_violation_in_light_and_dark_and_on_a_phone(
    opened: Opening, path: str
) -> None:
    with opened(path) as (page, _, _):
        page.evaluate(OPEN_ALL)
        for width, height in (DESKTOP, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()


def test_the_colours_follow_the_scheme(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            red = int(colour.removeprefix("rgb(").split(",")[0])
            assert (red > 200) == (scheme == "light")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_wider_than_the_screen(opened: Opening, path: str) -> None:
    with opened(path) as (page, _, _):
        page.evaluate(OPEN_ALL)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            beyond = page.evaluate(
                """[...document.querySelectorAll('main *')].filter(each => {
                    const box = each.getBoundingClientRect();
                    return box.width > 1 && box.height > 1 && box.right > innerWidth + 1;
                }).map(each => each.outerHTML.slice(0, 80))"""
            )
            assert beyond == [], width


def test_without_scripts_it_is_the_same(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        # Playwright can't ask a page without scripts, so both are compared as pictures of text.
        with_scripts = page.locator("main").inner_text()
    with opened("/", java_script_enabled=False) as (page, _, _):
        assert page.locator("main").inner_text() == with_scripts
        assert page.locator("#fixtures tbody tr").count() > 3
        page.locator("summary").first.click()
        assert page.locator("details").first.get_attribute("open") is not None


def test_the_form_and_its_empty_fields_choose(opened: Opening) -> None:
    with opened("/", java_script_enabled=False) as (page, console, _):
        page.get_by_label("Team").fill("Leeds")
        page.get_by_role("button", name="Show").click()
        assert "team=Leeds" in page.url
        assert page.get_by_role("heading", name="Leeds").is_visible()
        page.get_by_role("link", name="Show all").click()
        assert page.get_by_role("heading", name="Next fixtures").is_visible()
        assert console == []


def test_every_link_and_field_is_reached_by_keyboard_and_shows_it(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        focusable = "a[href], button, input:not([type=hidden]), summary"
        wanted = page.locator(focusable).count()
        reached: dict[int, None] = {}
        for _ in range(3 * wanted):
            page.keyboard.press("Tab")
            place, outline = page.evaluate(
                f"""() => {{
                    const all = [...document.querySelectorAll('{focusable}')];
                    const at = document.activeElement;
                    return [all.indexOf(at), getComputedStyle(at).outlineStyle];
                }}"""
            )
            if place in reached and len(reached) >= wanted:
                break
            if place >= 0:
                assert outline != "none", page.evaluate("document.activeElement.outerHTML")
                reached[place] = None
        # What is folded away is reached once it is open.
        assert next(iter(reached)) == 0
        assert list(reached) == sorted(reached)
        folded = page.locator("details:not([open]) a").count()
        assert len(reached) == wanted - folded


def test_the_skip_link_comes_first_and_leads_to_the_fixtures(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the fixtures"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_links_on_a_phone_are_large_enough_or_stand_in_text(opened: Opening) -> None:
    with opened("/", PHONE) as (page, _, _):
        small = page.evaluate(
            """[...document.querySelectorAll('nav a, button, input:not([type=hidden]), summary')]
                .filter(each => each.getBoundingClientRect().height < 24)
                .map(each => each.outerHTML)"""
        )
        assert small == []


def test_it_prints_what_is_folded_and_no_form(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        page.emulate_media(media="print")
        assert not page.locator("form").is_visible()
        assert page.locator("details table").first.is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF-")


def test_a_name_from_outside_runs_nothing(opened: Opening) -> None:
    with opened("/") as (page, _, _):
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        assert page.locator("script").count() == 0
        assert page.get_by_text("<script>alert('x')</script>").count() > 0
        assert dialogs == []
