// OpenCV itself: opencv.js of any version from 4.10 on, however it is delivered.
import { PredictError } from "./errors.js";

/** Fetch a file as bytes; `progress` gets the bytes so far, and of how many (0: not known). */
export async function fetchBytes(url, progress = () => {}) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new PredictError(`${url} cannot be fetched (${response?.status ?? "no answer"}).`);
  }
  // A compressed answer has another length than what comes out of it.
  const { headers } = response;
  const total = headers.has("content-encoding") ? 0 : Number(headers.get("content-length"));
  const parts = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
    progress((loaded += value.length), total);
  }
}

/** Return OpenCV once its WebAssembly runs: it may be a module, a promise of one, or a function. */
export async function whenReady(opencv) {
  let cv = typeof opencv === "function" ? opencv() : opencv;
  if (cv instanceof Promise) cv = await cv;
  if (!cv.Mat) {
    await new Promise((resolve, reject) => {
      cv.onRuntimeInitialized = () => resolve();
      cv.onAbort = (why) => reject(new PredictError(`OpenCV does not start: ${why}.`));
    });
  }
  delete cv.then; // in version 4 it resolves to itself, and `await` would never end
  return cv;
}

/** Return the version of OpenCV, and whether it was built with SIMD and threads. */
export function describe(cv) {
  const build = cv.getBuildInformation(), [, version] = /OpenCV (\d\S*)/.exec(build);
  const [major, minor] = version.split(".").map(Number), simd = /msimd128/.test(build);
  const threads = /USE_PTHREADS=1|Parallel framework: +(?!none)\S/.test(build);
  return { version, major, minor, simd, threads };
}
