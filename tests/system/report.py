"""The page of a report in a browser: nothing is cut off or pushed out of
sight on a phone, a desk and paper, in light and dark, of no tickets and of
very many, and nothing is asked of anybody. ND_SHOTS names a directory for
pictures of what was seen."""

import os
import re
import subprocess
import tempfile
import unittest

import browser
from world import build_dir

SIZES = ((320, 640, True), (360, 740, True), (800, 1000, False),
         (1280, 900, False))
FIXTURES = ("twenty", "empty", "huge")
SHOTS = os.environ.get("ND_SHOTS")

# Elements that reach out of the window or out of their parent, and texts
# that are cut off: by the first words of each. What is hidden for the eye
# and kept for a reader's voice is not looked at.
WRONG = """(() => {
  const bad = [], edge = document.documentElement.clientWidth;
  for (const e of document.querySelectorAll('body *')) {
    const r = e.getBoundingClientRect();
    if (!r.width || e.closest('.by thead') && edge < 960) continue;
    const up = e.parentElement.getBoundingClientRect();
    if (r.left < 0 || r.right > edge + .5 || r.right > up.right + .5 ||
        e.scrollWidth > e.clientWidth + 1 && e.clientWidth &&
        getComputedStyle(e).display != 'inline')
      bad.push(e.tagName + ' ' + e.textContent.slice(0, 30));
  }
  return bad.slice(0, 5);
})()"""
# Ink on its ground: the contrast of WCAG 2, of each element with text.
FAINT = """(() => {
  const num = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => num(c).slice(0, 3).map(v => v / 255).map(
    v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce(
    (sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor, n = num(c);
    if (n.length < 4 || n[3]) return c; } return 'rgb(255,255,255)'; };
  const bad = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
      continue;
    const a = light(getComputedStyle(e).color), b = light(ground(e));
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5)
      bad.add(e.tagName + ' ' + e.textContent.slice(0, 30));
  }
  return [...bad].slice(0, 5);
})()"""


@unittest.skipUnless(browser.PROGRAM, "no chromium")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="nymdesk-report-")
        cls.paths = {}
        for name in FIXTURES:
            cls.paths[name] = os.path.join(cls.dir.name, name + ".html")
            with open(cls.paths[name], "wb") as file:
                subprocess.run([os.path.join(build_dir(), "report-show"), name,
                                "html"], stdout=file, check=True)
        cls.browser = browser.Browser().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__(None, None, None)
        cls.dir.cleanup()

    def shot(self, *words):
        if SHOTS:
            self.browser.shot(os.path.join(
                SHOTS, "-".join(map(str, words)) + ".png"))

    def test_fits_every_window(self):
        for name in FIXTURES:
            self.browser.open(self.paths[name])
            self.browser.eval("document.querySelectorAll('details').forEach("
                              "(d, i) => { d.open = i == 0 })")
            for width, height, mobile in SIZES:
                self.browser.media("light")
                self.browser.size(width, height, mobile)
                with self.subTest(page=name, width=width):
                    self.assertEqual(self.browser.eval(
                        "[innerWidth, document.documentElement.scrollWidth]"),
                        [width, width])
                    self.assertEqual(self.browser.eval(WRONG), [])
                    self.shot(name, width)

    def test_is_readable_in_light_and_dark(self):
        self.browser.open(self.paths["twenty"])
        self.browser.size(360, 740, True)
        grounds = []
        for scheme in ("light", "dark"):
            self.browser.media(scheme)
            grounds.append(self.browser.eval(
                "getComputedStyle(document.body).backgroundColor"))
            self.assertEqual(self.browser.eval(FAINT), [], scheme)
            self.shot("twenty", scheme)
        self.assertNotEqual(*grounds)

    def test_prints_everything_dark_on_light(self):
        self.browser.open(self.paths["huge"])
        self.browser.media("dark", "print")
        self.browser.size(720, 1000)
        self.assertEqual(self.browser.eval(
            "getComputedStyle(document.body).backgroundColor"),
            "rgb(255, 255, 255)")
        self.assertEqual(self.browser.eval(FAINT), [])
        self.assertEqual(self.browser.eval(WRONG), [])
        # Rows that are folded on the screen are there on paper.
        self.assertEqual(self.browser.eval(
            "[...document.querySelectorAll('tbody tr')].filter("
            "e => !e.checkVisibility()).length"), 0)
        self.shot("huge", "print")
        self.browser.media("light")

    def test_shows_every_chart_and_number(self):
        self.browser.open(self.paths["twenty"])
        self.browser.size(1280, 900)
        self.assertEqual(self.browser.eval(
            "[...document.querySelectorAll('svg')].filter(s => {"
            " const r = s.getBoundingClientRect();"
            " return r.width < 20 || r.height < 4; }).length"), 0)
        # The bar of 17 in time, 1 late and 1 that runs.
        self.assertEqual(self.browser.eval(
            "[...document.querySelector('.card svg').children].map("
            "r => [r.className.baseVal, r.width.baseVal.value])"),
            [["r", 1000], ["g", 894], ["l", 52], ["w", 54]])
        self.assertEqual(self.browser.eval(
            "[...document.querySelectorAll('.by tbody td, .bars td,"
            " dd')].filter(e => getComputedStyle(e).textAlign != 'right')"
            ".length"), 0)
        heads = self.browser.eval(
            "[...document.querySelectorAll('h2, h3')].map(e => e.innerText)")
        self.assertEqual(heads[:6], [
            "Acknowledged in time", "First reply in time", "Decision in time",
            "Closed at first level", "Open now, by age", "Open tickets"])
        self.assertEqual(
            [head for head in heads if re.match("By ", head)],
            ["By queue", "By level", "By agent", "By category",
             "By language"])

    def test_asks_nobody_for_anything(self):
        for name in FIXTURES:
            self.browser.open(self.paths[name])
            self.assertEqual(self.browser.requests,
                             ["file://" + self.paths[name]])
