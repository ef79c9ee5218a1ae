// Errors that say what is wrong and what to do.

/** Something is wrong with the bundle, a picture, the camera or the memory. */
export class PredictError extends Error {
  name = "PredictError";
}

const NO_MEMORY = /insufficient memory|failed to allocate|fit to "size_t"|out of memory|OOM|enlarge memory/i;

/** What OpenCV has thrown, in words: a number is the address of a C++ exception. */
function messageOf(cv, error) {
  if (typeof error !== "number") return String(error?.message ?? error);
  try {
    return cv.exceptionFromPtr(error).msg;
  } catch {
    return "a C++ exception of another library";
  }
}

/** Return an error of OpenCV as a PredictError; `doing` is what it was asked for. */
export function explain(cv, error, doing) {
  if (error instanceof PredictError) return error;
  const text = messageOf(cv, error).replace(/\s+/g, " ").trim();
  if (error instanceof RangeError || NO_MEMORY.test(text)) {
    return new PredictError(`There is no memory ${doing}: a page has 2 or 4 GB for WebAssembly. ` +
      "Use a smaller model, and reload the page.");
  }
  return new PredictError(`OpenCV fails ${doing}: ${text}. Run \`keras2cv selftest\` on the bundle, or ` +
    "take another OpenCV.");
}
