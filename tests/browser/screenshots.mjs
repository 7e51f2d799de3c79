// Draws the pictures of the README from a report that `khien demo --out FOLDER/` wrote: what a reader sees first, nothing
// retouched. Clocks and the run's number are the demo's own.
//
//   KHIEN_NODE_MODULES=target/browser/node_modules node tests/browser/screenshots.mjs REPORT/ REPORT_EN/ docs/img
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.env.KHIEN_NODE_MODULES;
const require = createRequire(modules ? resolve(modules, "x.js") : import.meta.url);
const puppeteer = require("puppeteer-core");

const [vietnamese, english, into] = process.argv.slice(2);
if (!into) throw new Error("usage: screenshots.mjs REPORT/ REPORT_EN/ INTO");
mkdirSync(into, { recursive: true });
const UNIT = "don-vi/phuong-tay-mau.html";
const PICTURES = [
  ["tinh.png", vietnamese, "index.html", 1280, 860, "light"],
  ["don-vi.png", vietnamese, UNIT, 1280, 860, "light"],
  ["dien-thoai.png", vietnamese, UNIT, 375, 812, "light"],
  ["unit-dark.png", english, UNIT, 1280, 860, "dark"],
];

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"],
});
for (const [name, folder, page, width, height, theme] of PICTURES) {
  const tab = await browser.newPage();
  await tab.setViewport({ width, height, isMobile: width < 500, hasTouch: width < 500 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await tab.goto(pathToFileURL(resolve(folder, page)).href, { waitUntil: "load" });
  await tab.evaluate(() => document.fonts.ready);
  await tab.screenshot({ path: join(into, name) });
  await tab.close();
}
await browser.close();
