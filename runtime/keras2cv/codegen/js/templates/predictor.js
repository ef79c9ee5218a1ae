// A bundle's model on opencv.js: `const model = await load(cv, "cat.cv")`, `model.predict(picture)`.
import { findAnswer, readTask } from "./answer.js";
import { readBundle } from "./bundle.js";
import { PredictError } from "./errors.js";
import { prepare } from "./fit.js"; //@only !arrays
import { Net } from "./net.js";
import { place } from "./placement.js"; //@only pixels !arrays
import { placeArray } from "./placement.js"; //@only identity
import { whenReady } from "./runtime.js";

export { toLine } from "./answer.js";
export { maskPixels } from "./masks.js"; //@only masks
export { PredictError };

class Predictor {
  #net;
  #task;

  constructor(cv, manifest, bytes) {
    this.manifest = manifest;
    this.#task = readTask(manifest.task);
    this.#net = new Net(cv, manifest, bytes);
    this.build = this.#net.build;
    this.warning = manifest.verified ? null : "The bundle is unverified: nobody compared it with TensorFlow.";
  }

  /** Return the answer for one sample. */
  predict(sample) {
    return this.predictAll([sample])[0];
  }

  /** Return an answer for each sample; the net runs as many at a time as it takes. */
  predictAll(samples) {
    const answers = [], { batch } = this.manifest;
    for (let first = 0; first < samples.length; first += batch) {
      const some = samples.slice(first, first + batch), arrays = some.map((sample) => this.#arrays(sample));
      const outputs = this.#net.run(arrays);
      answers.push(...some.map((sample, i) => this.#answer(outputs[i], sample)));
    }
    return answers;
  }

  /** Give the memory back: WebAssembly does not do so by itself. */
  delete() {
    this.#net.delete();
  }

  // What the net takes, an array for each input.
  //@begin !inputs
  #arrays(sample) {
    return [prepare(this.#net.cv, pictureOf(sample), this.manifest.rules)];
  }
  //@end
  //@begin inputs
  #arrays(sample) {
    return this.manifest.inputs.map(({ name }) => {
      const value = sample?.[name];
      const { rules } = this.manifest; //@only photo
      if (name === rules.input) return prepare(this.#net.cv, pictureOf(value), rules); //@only photo
      if (Array.isArray(value) || ArrayBuffer.isView(value)) return Float32Array.from(value);
      throw new PredictError(`There is no array of numbers for the input ${name}.`);
    });
  }
  //@end

  //@begin !pixels
  #answer(outputs) {
    return findAnswer(outputs, this.#task);
  }
  //@end
  //@begin pixels
  #answer(outputs, sample) { //@only !identity
  #answer(outputs) { //@only identity
    const where = place(pictureOf(sample), this.manifest.rules); //@only pixels !inputs
    const where = place(pictureOf(sample[this.manifest.rules.input]), this.manifest.rules); //@only placed
    const where = placeArray(this.manifest.inputs.find((input) => input.isFirst).netShape); //@only identity
    return findAnswer(outputs, this.#task, where);
  }
  //@end
}
//@begin !arrays

function pictureOf(value) {
  const { data, width, height } = value ?? {};
  if (width > 0 && height > 0 && data?.length === 4 * width * height) return value;
  throw new PredictError("A picture must be an ImageData, such as decode() of decode.js returns.");
}
//@end

/** Load a bundle: a folder's URL, or a function from a file's name to a promise of its bytes. */
export async function load(opencv, bundle, progress) {
  const { manifest, bytes } = await readBundle(bundle, progress);
  return new Predictor(await whenReady(opencv), manifest, bytes);
}
