// The model in a worker, as the page sees it.
import { PredictError } from "./errors.js";

export class WorkerPredictor {
  #worker = new Worker(new URL("worker.js", import.meta.url));
  #waiting = new Map();
  #last = 0;

  /** Load OpenCV and a bundle, both by URL; `onProgress` gets {what, loaded, total} in bytes. */
  static async load(opencv, bundle, onProgress = () => {}) {
    const one = new WorkerPredictor();
    one.#worker.onmessage = ({ data }) => (data.progress ? onProgress(data.progress) : one.#settle(data));
    one.#worker.onerror = (event) => one.#fail(event.message ?? "it ended");
    const absolute = (url) => new URL(url, document.baseURI).href;
    Object.assign(one, await one.#call("load", { opencv: absolute(opencv), bundle: absolute(bundle) }));
    return one;
  }

  /** Return {answer, line, picture, milliseconds} for a sample, whose pictures may be files. */
  predict(sample) {
    return this.#call("predict", { sample });
  }

  terminate() {
    this.#worker.terminate();
  }

  #call(call, values) {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, ...values });
    });
  }

  #settle({ id, result, problem }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (problem === undefined) resolve(result);
    else reject(new PredictError(problem));
  }

  #fail(why) {
    for (const { reject } of this.#waiting.values()) {
      reject(new PredictError(`The model's worker failed: ${why}. Reload the page.`));
    }
    this.#waiting.clear();
  }
}
