// Answer golden cases in Node: `node run_cases.mjs OPENCV JOBS`, a record of JSON per line.
//
// OPENCV is the folder of an opencv.js package, and JOBS a file: [{program, bundle, samples}], where a
// sample is {input: {rgba: file, width, height} | {array: file}}, all paths absolute.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { answersOf, asJson } from "./answers.mjs";

const [opencv, jobs] = process.argv.slice(2);
const cv = createRequire(import.meta.url)(opencv);
const read = async (path) => new Uint8Array(await readFile(path));
for (const { program, bundle, samples } of JSON.parse(await readFile(jobs, "utf8"))) {
  const module = await import(pathToFileURL(join(program, "predictor.js")));
  const record = await answersOf(module, cv, (name) => read(join(bundle, name)), samples, read);
  console.log(asJson(record));
}
