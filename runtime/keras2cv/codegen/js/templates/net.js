// The net: an array for each input in, each output of each sample out, under Keras' names and in
// Keras' layout.
import { sizeOf } from "./bundle.js";
import { PredictError, explain } from "./errors.js";
import { rint } from "./rounding.js";
import { describe } from "./runtime.js";
import { addTail, namesMade } from "./tail.js"; //@only tail

const CLASSIC = 1, MODERN = 2; // the engines of OpenCV 5; before, there is the classic one alone

//@begin ranks
// opencv.js makes no array of more than two axes. So a net of one Reshape does: an ONNX file.
const varint = (n) => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
const field = (number, value) =>
  typeof value === "number"
    ? [number * 8, ...varint(value)]
    : [number * 8 + 2, ...varint(value.length), ...value];
const string = (number, text) => field(number, [...new TextEncoder().encode(text)]);

function reshapingNet(shape) {
  const tensor = (name, sizes) => {
    const axes = sizes.flatMap((size) => field(1, field(1, size)));
    return [...string(1, name), ...field(2, field(1, [...field(1, 1), ...field(2, axes)]))];
  };
  const node = [...string(1, "x"), ...string(1, "shape"), ...string(2, "y"), ...string(4, "Reshape")];
  const sizes = [...field(1, shape.length), ...field(2, 7), ...shape.flatMap((size) => field(7, size))];
  const graph = [
    ...field(1, node), ...string(2, "graph"), ...field(5, [...sizes, ...string(8, "shape")]),
    ...field(11, tensor("x", [1, sizeOf(shape)])), ...field(12, tensor("y", shape)),
  ];
  const opset = [...string(1, ""), ...field(2, 11)];
  return Uint8Array.from([...field(1, 6), ...field(7, graph), ...field(8, opset)]);
}

function makeMat(cv, shape) {
  if (shape.length === 2) return new cv.Mat(shape[0], shape[1], cv.CV_32F);
  const net = cv.readNetFromONNX1(reshapingNet(shape));
  const flat = new cv.Mat(1, sizeOf(shape), cv.CV_32F);
  net.setInput(flat, "x");
  const made = net.forward("y"), mat = made.clone();
  for (const one of [made, flat, net]) one.delete();
  return mat;
}

//@end
//@begin !ranks
/** opencv.js makes an array of four axes of a picture alone. */
function makeMat(cv, shape) {
  if (shape.length === 2) return new cv.Mat(shape[0], shape[1], cv.CV_32F);
  const [batch, channels, height, width] = shape;
  if (batch !== 1 || !width || ![1, 3].includes(channels)) {
    throw new PredictError(`This program makes no input of shape [${shape}]. Generate it again.`);
  }
  const picture = new cv.Mat(height, width, channels === 1 ? cv.CV_32FC1 : cv.CV_32FC3);
  const mat = cv.blobFromImage(picture);
  picture.delete();
  return mat;
}

//@end
//@begin moved
/** (N, ..., C) -> (N, C, ...), or back; `shape` is Keras'. */
function moveChannels(values, shape, isBack) {
  const channels = shape.at(-1), pixels = sizeOf(shape.slice(1, -1)), moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const channel = i % channels, pixel = Math.floor(i / channels) % pixels;
    const first = i - (i % (channels * pixels)), other = first + channel * pixels + pixel;
    if (isBack) moved[i] = values[other];
    else moved[other] = values[i];
  }
  return moved;
}

//@end
function checkRunnable(manifest, { version, major, minor }) {
  const [oldestMajor, oldestMinor] = manifest.oldest.split(".").map(Number);
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new PredictError(`The bundle needs OpenCV ${manifest.oldest} or newer, and this is ${version}. ` +
      `Load a newer one, or export the model with --opencv ${version}.`);
  }
  if (manifest.engine === "new" && major < 5) {
    throw new PredictError("The bundle was verified with OpenCV 5's new engine only, and this is OpenCV " +
      `${version}. Load OpenCV 5, or export the model with --opencv ${version}.`);
  }
}

export class Net {
  /** Load the checked bytes of a net. */
  constructor(cv, manifest, bytes) {
    this.cv = cv;
    this.manifest = manifest;
    this.build = describe(cv);
    checkRunnable(manifest, this.build);
    try {
      this.net = this.#load(bytes);
      this.mats = manifest.inputs.map((input) => makeMat(cv, input.netShape));
    } catch (error) {
      throw explain(cv, error, "to load the model");
    }
  }

  delete() {
    for (const one of [this.net, ...this.mats]) one.delete();
  }

  /** Run at most a batch of samples, each an array per input; return each sample's outputs. */
  run(samples) {
    try {
      this.manifest.inputs.forEach((input, i) => this.#fill(i, input, samples.map((sample) => sample[i])));
      const arrays = this.#forward();
      addTail(arrays, this.manifest, (spec, i) => this.#cut(arrays, spec, i)); //@only tail
      return samples.map((_, i) => this.manifest.outputs.map((spec) => this.#cut(arrays, spec, i)));
    } catch (error) {
      throw explain(this.cv, error, "to run the model");
    }
  }

  // A bundle that was verified with both engines goes to the new one, and to the classic one if
  // that refuses it.
  #load(bytes) {
    const { cv, manifest, build } = this;
    const engines = { any: [MODERN, CLASSIC], new: [MODERN], classic: [CLASSIC] }[manifest.engine];
    const path = `/${manifest.file}`;
    cv.FS_createDataFile("/", manifest.file, bytes, true, false, true);
    let refusal = null;
    try {
      for (const engine of build.major < 5 ? [CLASSIC] : engines) {
        if (engine === CLASSIC && !manifest.fusion) continue;
        try {
          const net = build.major < 5 ? cv.readNet(path) : cv.readNet(path, "", "", engine);
          this.isModern = engine === MODERN;
          return net;
        } catch (error) {
          refusal ??= error;
        }
      }
    } finally {
      cv.FS_unlink(path);
    }
    throw refusal ?? new PredictError("The bundle was verified without layer fusion, which opencv.js " +
      "always has with OpenCV's classic engine. Export the model with --opencv 5.0, and load OpenCV 5.");
  }

  #fill(index, input, arrays) {
    const size = sizeOf(input.netShape) / this.manifest.batch, { data32F } = this.mats[index];
    for (let i = 0; i < this.manifest.batch; i++) { // the last sample fills what is missing
      const values = arrays[Math.min(i, arrays.length - 1)];
      if (values.length !== size) {
        throw new PredictError(`${input.name} takes ${size} numbers for a sample, got ${values.length}.`);
      }
      //@begin inputs clips
      //@begin moved
      const shape = [1, ...input.kerasShape.slice(1)]; // a picture comes as the net takes it
      const isReady = !input.isFirst || input.isPicture;
      data32F.set(isReady ? values : moveChannels(values, shape, false), i * size);
      //@end
      data32F.set(values, i * size); //@only !moved
      //@end
      data32F.set(values, i * size); //@only !inputs !clips
    }
    this.net.setInput(this.mats[index], input.netName);
  }

  #forward() {
    const { cv, net } = this, found = new Map();
    if (!this.isModern) {
      for (const spec of this.#wanted()) found.set(spec.netName, this.#take(net.forward(spec.netName)));
      return found;
    }
    const names = net.getUnconnectedOutLayersNames(), mats = new cv.MatVector(); // it gives all or nothing
    net.forward2(mats, names);
    for (let i = 0; i < names.size(); i++) found.set(names.get(i), this.#take(mats.get(i)));
    for (const one of [mats, names]) one.delete();
    return found;
  }

  /** The net's own outputs. */
  #wanted() {
    return this.manifest.outputs; //@only !tail
    const made = namesMade(this.manifest.steps); //@only tail
    return [...this.manifest.outputs.filter((spec) => !made.has(spec.netName)), ...this.manifest.heads]; //@only tail
  }

  #take(mat) {
    if (mat.depth() !== this.cv.CV_32F) mat.convertTo(mat, this.cv.CV_32F);
    const whole = mat.isContinuous() ? mat : mat.clone();
    const values = whole.data32F.slice();
    if (whole !== mat) whole.delete();
    mat.delete();
    return values;
  }

  /** Return sample `index` of an output, in Keras' layout. */
  #cut(arrays, spec, index) {
    const { name, dtype } = spec, array = arrays.get(spec.netName);
    const shape = spec.batched ? spec.kerasShape.slice(1) : spec.kerasShape;
    if (array?.length !== sizeOf(spec.netShape)) {
      throw new PredictError(`OpenCV ${this.build.version} gives output ${spec.name} another shape than ` +
        "the manifest says. Export the bundle for this OpenCV, with --opencv.");
    }
    const size = sizeOf(shape), first = spec.batched ? index * size : 0;
    let values = array.slice(first, first + size); //@only moved
    const values = array.slice(first, first + size); //@only !moved
    if (spec.isFirst) throw new PredictError(`This program moves no axes of ${name}. Generate it again.`); //@only !moved
    if (spec.isFirst) values = moveChannels(values, spec.batched ? [1, ...shape] : shape, true); //@only moved
    if (dtype !== "float32") values.forEach((value, i) => (values[i] = asDtype(value, dtype)));
    return { name, dtype, shape, values };
  }
}

export function findOutput(sample, name) {
  const found = sample.find((tensor) => tensor.name === name);
  if (found) return found;
  throw new PredictError(`manifest.json: the task reads ${name}, which is not an output. ` +
    "Export the bundle again.");
}

//@begin nested
/** The values as nested lists, from dimension `axis` and `first` on. */
export function nested({ shape, values, dtype }, axis = 0, first = 0) {
  if (axis === shape.length) return dtype === "bool" ? values[first] !== 0 : values[first];
  const step = sizeOf(shape.slice(axis + 1));
  const tensor = { shape, values, dtype };
  return Array.from({ length: shape[axis] }, (_, i) => nested(tensor, axis + 1, first + i * step));
}

//@end
function asDtype(value, dtype) {
  if (dtype === "bool") return Number(value !== 0);
  return dtype.includes("int") ? rint(value) + 0 : value; // no -0
}
