// A bundle's model on opencv.js: `const model = await load(cv, "cat.cv")`, `model.predict(picture)`.
import { findAnswer, readTask } from "./answer.js";
import { readBundle } from "./bundle.js";
import { PredictError } from "./errors.js";
import { prepare } from "./fit.js"; //@only !arrays !clips
import { prepare, prepareClip } from "./fit.js"; //@only clips
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
    //@begin !clips
    return [prepare(this.#net.cv, pictureOf(sample), this.manifest.rules)]; //@only !depth !alpha !bands
    return [prepare(this.#net.cv, pictureOf(sample, this.manifest.rules), this.manifest.rules)]; //@only depth alpha bands
    //@end
    return [arrayOf(this.#net.cv, sample, this.manifest.rules)]; //@only clips
  }
  //@end
  //@begin inputs
  #arrays(sample) {
    return this.manifest.inputs.map(({ name }) => {
      const value = sample?.[name];
      //@begin photo
      const rules = this.manifest.pictures.find(({ input }) => input === name); //@only pictures
      if (rules && !value) throw new PredictError(`There is no picture for the input ${name}.`); //@only pictures
      const rules = name === this.manifest.rules.input && this.manifest.rules; //@only !pictures
      if (rules) return prepare(this.#net.cv, pictureOf(value, rules), rules); //@only !clips
      if (rules) return arrayOf(this.#net.cv, value, rules); //@only clips
      //@end
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
    const { rules } = this.manifest; //@only !identity
    //@begin !clips
    const where = place(sample, rules); //@only pixels !inputs
    const where = place(sample[rules.input], rules); //@only placed
    //@end
    //@begin clips
    const where = place(sample.at(-1), rules); // an answer is drawn on the last frame  //@only !inputs
    const where = place([sample[rules.input]].flat().at(-1), rules); //@only placed
    //@end
    const where = placeArray(this.manifest.inputs.find((input) => input.isFirst).netShape); //@only identity
    return findAnswer(outputs, this.#task, where);
  }
  //@end
}
//@begin !arrays

//@begin !depth !alpha !bands
function pictureOf(value) {
  const { data, width, height } = value ?? {};
  if (width * height > 0 && data?.length === 4 * width * height && data.BYTES_PER_ELEMENT === 1) return value;
  throw new PredictError("A picture must be an ImageData, such as decode() of decode.js returns.");
}
//@end
//@begin depth alpha bands
/** A picture of gray, of RGBA, or of as many channels as the model takes, of 8 or 16 bits. */
function pictureOf(value, { input, color, channels }) {
  const { data, width, height, channels: given = 4 } = value ?? {};
  const wanted = color === "CHANNELS" ? channels : 4;
  const isGray = given === 1 && ["GRAY", "RGB", "BGR"].includes(color);
  const isWhole = width > 0 && height > 0 && data?.length === given * width * height;
  if (isWhole && (isGray || given === wanted) && [1, 2].includes(data.BYTES_PER_ELEMENT)) return value;
  throw new PredictError(`A picture for ${input} must be {data, width, height, channels} with ${wanted} ` +
    `channels of 8 or 16 bits, got ${isWhole ? `${given} channels` : "none"}.`);
}
//@end
//@begin clips

function arrayOf(cv, value, rules) {
  if (!rules.clip) return prepare(cv, pictureOf(value, rules), rules);
  if (!Array.isArray(value)) throw new PredictError(`A clip for ${rules.input} must be a list of frames.`);
  return prepareClip(cv, value.map((frame) => pictureOf(frame, rules)), rules);
}
//@end
//@end

/** Load a bundle: a folder's URL, or a function from a file's name to a promise of its bytes. */
export async function load(opencv, bundle, progress) {
  const { manifest, bytes } = await readBundle(bundle, progress);
  return new Predictor(await whenReady(opencv), manifest, bytes);
}
