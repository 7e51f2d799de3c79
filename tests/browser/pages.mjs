// Opens pages from the disk in Chromium: axe-core finds nothing (WCAG 2 A and AA, best practice), nothing is wider than
// the window, nothing is asked of a network, nothing is said on the console; tabs, folds and links work without a mouse.
//
// Pages after --also are looked at once on a phone and once, dark, on a desktop.
//
//   node pages.mjs [--shots FOLDER] PAGE.html… [--also PAGE.html…]
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.env.KHIEN_NODE_MODULES;
const require = createRequire(modules ? resolve(modules, "x.js") : import.meta.url);
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const words = process.argv.slice(2);
const shots = words[0] === "--shots" ? words.splice(0, 2)[1] : undefined;
if (shots) mkdirSync(shots, { recursive: true });
const ALL = [375, 1280, 1600].flatMap((width) => ["light", "dark"].map((theme) => [width, theme]));
const BRIEF = [[375, "light"], [1280, "dark"]];
const also = words.indexOf("--also");
const whole = also < 0 ? words : words.slice(0, also);
const brief = also < 0 ? [] : words.slice(also + 1);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"],
});
let passed = 0;
const wrong = [];
const check = (name, holds, detail) => {
  if (holds) passed += 1;
  else wrong.push(`${name}: ${detail}`);
};

async function look(path, settings) {
  const tab = await browser.newPage();
  const said = [];
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("file:") && !url.startsWith("data:")) said.push(`request ${url}`);
  });
  for (const [width, theme] of settings) {
    const name = `${basename(path)} ${width} ${theme}`;
    await tab.setViewport({ width, height: 900, isMobile: width < 500, hasTouch: width < 500 });
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await tab.goto(pathToFileURL(path).href, { waitUntil: "load" });
    await tab.evaluate(() => document.fonts.ready);
    // a phone widens its window to what is in it: the width that was asked for counts
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
    check(name, wide <= width, `${wide} px wide`);
    if (shots) await tab.screenshot({ path: join(shots, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
    // what is folded is read too
    await tab.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
    await tab.evaluate(axe);
    const found = await tab.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
      }),
    );
    const faults = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
    check(name, faults.length === 0, faults.join("\n  "));
    check(name, found.passes.length > 10, "axe looked at nothing");
    check(`${name}, the font`, await tab.evaluate(() => document.fonts.check('600 20px "Be Vietnam Pro"', "Ễ")), "absent");
  }
  for (const width of [360, 768, 1024]) {
    await tab.setViewport({ width, height: 900 });
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
    check(`${basename(path)} ${width}`, wide <= width, `${wide} px wide`);
  }
  await handle(tab, basename(path));
  check(basename(path), said.length === 0, said.slice(0, 5).join("\n  "));
  await tab.close();
}

// keyboard: the first stop skips the head, arrows choose a server; a link to a finding unfolds it; print unfolds all
async function handle(tab, name) {
  await tab.goto(tab.url().split("#")[0], { waitUntil: "load" });
  await tab.keyboard.press("Tab");
  check(name, await tab.evaluate(() => document.activeElement.className === "skip"), "Tab does not reach the skip link first");
  const folded = await tab.$$eval("details.find:not([open])", (all) => all.map((one) => one.id));
  if (folded.length > 0) {
    await tab.evaluate((id) => (location.hash = id), folded.at(-1));
    await new Promise((done) => setTimeout(done, 50));
    check(name, await tab.evaluate((id) => document.getElementById(id).open, folded.at(-1)), `#${folded.at(-1)} stays folded`);
  }
  const opened = await tab.evaluate(() => {
    dispatchEvent(new Event("beforeprint"));
    const open = document.querySelectorAll("details:not([open])").length === 0;
    dispatchEvent(new Event("afterprint"));
    return open;
  });
  check(name, opened, "something stays folded on paper");
  const group = await tab.$("details[open] fieldset.tabs input:checked");
  if (group) {
    await group.focus();
    const shown = () => tab.evaluate(() => {
      const tabs = document.activeElement.closest("fieldset");
      return [...tabs.querySelectorAll(".pane")].findIndex((pane) => getComputedStyle(pane).display !== "none");
    });
    const before = await shown();
    await tab.keyboard.press("ArrowRight");
    check(name, (await shown()) !== before && before >= 0, "an arrow key chooses no other server");
  }
}

try {
  for (const path of whole) await look(resolve(path), ALL);
  for (const path of brief) await look(resolve(path), BRIEF);
} finally {
  await browser.close();
}
for (const one of wrong) console.error(one);
console.log(`${passed} passed, ${wrong.length} failed`);
process.exitCode = wrong.length > 0 || passed === 0 ? 1 : 0;
