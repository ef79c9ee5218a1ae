// Ask OpenCV for more memory than WebAssembly has: `node ask_too_much.mjs OPENCV PROGRAM`.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [opencv, program] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(program, name)));
const [{ explain }, { whenReady }] = await Promise.all([load("errors.js"), load("runtime.js")]);
const cv = await whenReady(createRequire(import.meta.url)(opencv));
try {
  for (let i = 0; i < 8; i++) new cv.Mat(9000, 9000, cv.CV_32FC3); // almost 1 GB each
} catch (error) {
  const { name, message } = explain(cv, error, "to run the model");
  console.log(`${name}: ${message}`);
}
