// Open pages in a headless browser at three widths, light and dark, and let axe-core examine them.
//
//     node pages.mjs [--browser /usr/bin/chromium] [--pictures FOLDER] PAGE.html...
//
// Ends with 1 if axe finds a violation, or if a page is wider than the window.
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDTHS = [390, 768, 1280];
const SCHEMES = ["light", "dark"];
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
  "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browser: { type: "string", default: "/usr/bin/chromium" }, pictures: { type: "string" } },
});

async function problemsOf(page, label) {
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  const problems = found.map(({ id, nodes }) =>
    `${label}: ${id}, ${nodes.length} times, as in ${nodes[0].html.slice(0, 160)}`);
  const spill = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (spill > 1) problems.push(`${label}: ${spill} pixels wider than the window`);
  return problems;
}

async function examine(browser, file) {
  const problems = [];
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const page = await browser.newPage();
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.goto(`file://${resolve(file)}`, { waitUntil: "load", timeout: 120000 });
      const name = `${basename(dirname(resolve(file)))}-${basename(file, ".html")}`;
      if (values.pictures) {
        mkdirSync(values.pictures, { recursive: true });
        await page.screenshot({ path: join(values.pictures, `${name}-${width}-${scheme}.png`) });
      }
      problems.push(...await problemsOf(page, `${file} at ${width}, ${scheme}`));
      await page.close();
    }
  }
  return problems;
}

const profile = mkdtempSync(join(tmpdir(), "pages-"));
const browser = await puppeteer.launch({
  executablePath: values.browser, args: FLAGS, userDataDir: profile, protocolTimeout: 300000,
});
const problems = [];
try {
  for (const file of positionals) {
    const found = await examine(browser, file);
    found.forEach((problem) => console.log(problem));
    problems.push(...found);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(`${positionals.length} pages, ${WIDTHS.length * SCHEMES.length} views each: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
