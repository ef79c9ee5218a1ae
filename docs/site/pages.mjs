// Open pages of the site in a headless browser at three widths, light, dark and as printed, and let
// axe-core examine them.
//
//     node pages.mjs [--browser /usr/bin/chromium] [--pictures FOLDER] PAGE.html...
//
// Ends with 1 if axe finds a violation, or if a page is wider than the window. The pages of the site
// load scripts and styles from beside them, so a real window per view opens each. The pages that
// `check`, `evaluate` and `bench` write are single files; tests/support/browser.py examines those
// within pytest, where there is no Node.
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDTHS = [390, 768, 1280];
const LOOKS = ["light", "dark", "print"];
const TIMEOUT_MS = 900000; // axe takes minutes for a table of a thousand rows on a busy machine
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
  "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browser: { type: "string", default: "/usr/bin/chromium" }, pictures: { type: "string" } },
});

async function open(browser, file, width, look) {
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.setViewport({ width, height: 900 });
  const scheme = look === "dark" ? "dark" : "light";
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  if (look === "print") await page.emulateMediaType("print");
  await page.goto(`file://${resolve(file)}`, { waitUntil: "load" });
  return page;
}

async function problemsOf(page, label) {
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(
    async () => (await globalThis.axe.run({ resultTypes: ["violations"] })).violations);
  const problems = found.map(({ id, nodes }) =>
    `${label}: ${id}, ${nodes.length} times, as in ${nodes[0].html.slice(0, 160)}`);
  const spill = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (spill > 1) problems.push(`${label}: ${spill} pixels wider than the window`);
  return problems;
}

async function takePicture(page, file, view) {
  mkdirSync(values.pictures, { recursive: true });
  const name = `${basename(dirname(resolve(file)))}-${basename(file, ".html")}-${view}.png`;
  await page.screenshot({ path: join(values.pictures, name) });
}

async function examine(browser, file) {
  const problems = [];
  for (const width of WIDTHS) {
    for (const look of LOOKS) {
      const page = await open(browser, file, width, look);
      if (values.pictures) await takePicture(page, file, `${width}-${look}`);
      problems.push(...await problemsOf(page, `${file} at ${width}, ${look}`));
      await page.close();
    }
  }
  return problems;
}

const profile = mkdtempSync(join(tmpdir(), "pages-"));
const browser = await puppeteer.launch({
  executablePath: values.browser, args: FLAGS, userDataDir: profile, protocolTimeout: TIMEOUT_MS,
});
const problems = [];
try {
  for (const file of positionals) {
    const found = await examine(browser, file);
    console.log(`${file}: ${found.length} problems`);
    found.forEach((problem) => console.log(problem));
    problems.push(...found);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(`${positionals.length} pages, ${WIDTHS.length * LOOKS.length} views each: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
