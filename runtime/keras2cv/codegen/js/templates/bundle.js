// What a bundle says about itself: manifest.json, and the file of its net. Nothing is believed
// before it is checked.
import { PredictError } from "./errors.js";
import { fetchBytes } from "./runtime.js";

const KIND = "@kind@";
const KEYS = "schema status model inputs outputs task engine source evidence weights tuned chosen_scores";

/** A value of the manifest that knows where it lies, so that an error can say so. */
export class Entry {
  constructor(value, path = "") {
    this.value = value;
    this.path = path;
  }

  expect(right, wanted) {
    if (right) return this.value;
    throw new PredictError(`manifest.json: ${this.path} must be ${wanted}. Export the bundle again.`);
  }

  has(key) {
    return this.value !== null && typeof this.value === "object" && Object.hasOwn(this.value, key);
  }

  at(key) {
    const path = this.path ? `${this.path}.${key}` : key;
    if (this.has(key)) return new Entry(this.value[key], path);
    throw new PredictError(`manifest.json: ${path} is missing. Export the bundle again.`);
  }

  /** Refuse a key that is none of these: it changes what the others mean. */
  expectKeys(known) {
    const other = Object.keys(this.value ?? {}).find((key) => !known.split(" ").includes(key));
    if (!other) return;
    throw new PredictError(`manifest.json: ${`${this.path}.${other}`.replace(/^\./, "")} is unknown to ` +
      "this program. Generate it again with the keras2cv that made the bundle.");
  }

  text(choices = null) {
    this.expect(typeof this.value === "string", "a string");
    return this.expect(choices === null || choices.includes(this.value), `one of ${choices}`);
  }

  number() {
    return this.expect(Number.isFinite(this.value), "a number");
  }

  integer(least = -(2 ** 31)) {
    this.expect(Number.isInteger(this.value) && Math.abs(this.value) < 2 ** 31, "an integer");
    return this.expect(this.value >= least, `${least} or more`);
  }

  flag() {
    return this.expect(this.value === 0 || this.value === 1, "0 or 1") === 1;
  }

  list(length = null) {
    this.expect(Array.isArray(this.value), "a list");
    this.expect(length === null || this.value.length === length, `a list of ${length}`);
    return this.value.map((item, i) => new Entry(item, `${this.path}[${i}]`));
  }

  /** The values of a list, each read by the method of that name. */
  each(method, length = null) {
    return this.list(length).map((item) => item[method]());
  }
}

export const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

function readTensor(entry, batched, batch) {
  const shapeOf = (key) => entry.at(key).list().map((size) => size.integer(1));
  const kerasShape = shapeOf("keras_shape"), netShape = shapeOf("net_shape");
  const layout = entry.at("layout").text(["same", "NCW", "NCHW", "NCDHW"]);
  const isFirst = layout !== "same"; // the net has the channels before the other axes
  const expected = isFirst ? [kerasShape[0], kerasShape.at(-1), ...kerasShape.slice(1, -1)] : kerasShape;
  entry.at("net_shape").expect(String(expected) === String(netShape), `[${expected}]`);
  entry.at("keras_shape").expect(!batched || kerasShape[0] === batch, "a shape that begins with the batch");
  const [name, netName, dtype] = ["name", "net_name", "dtype"].map((key) => entry.at(key).text());
  return { name, netName, dtype, kerasShape, netShape, isFirst, batched };
}

const readOutputs = (entry, batch) =>
  entry.list().map((output) => readTensor(output, output.at("batched").flag(), batch));

//@begin !arrays
const CHANNELS = { GRAY: 1, RGB: 3, BGR: 3 }; //@only !alpha !bands
const CHANNELS = { GRAY: 1, RGB: 3, BGR: 3, RGBA: 4, BGRA: 4 }; //@only alpha bands

/** blob = (pixel - mean) * scale / std, per channel, in the order of `color`. */
function readPreprocessing(entry, inputs) {
  entry.expectKeys("input color size resize interpolation mean scale std source pad transpose"); //@only !depth !clips
  entry.expectKeys("input color size resize interpolation mean scale std source pad transpose depth"); //@only depth !clips
  entry.expectKeys("input color size resize interpolation mean scale std source pad transpose clip depth"); //@only clips
  const color = entry.at("color").text(Object.keys(CHANNELS)), channels = CHANNELS[color]; //@only !bands
  const color = entry.at("color").text([...Object.keys(CHANNELS), "CHANNELS"]); //@only bands
  const channels = CHANNELS[color] ?? entry.at("mean").list().length; //@only bands
  const [width, height] = entry.at("size").list(2).map((side) => side.integer(1));
  const resize = entry.at("resize").text(), transpose = entry.has("transpose");
  const hasBars = resize === "letterbox" || resize === "pad";
  const name = entry.at("input").text(), input = inputs.find((tensor) => tensor.name === name);
  entry.at("input").expect(input, "one of the inputs");
  //@begin clips
  const sides = transpose ? [width, height] : [height, width];
  const clip = entry.has("clip") ? readClip(entry.at("clip")) : null;
  input.isPicture = !clip;
  const own = clip ? input.kerasShape : input.netShape;
  const shape = clip ? [own[0], clip.window, ...sides, channels] : [own[0], channels, ...sides];
  entry.at("size").expect(String(shape) === String(own), "the size of the net's input");
  //@end
  //@begin !clips
  const shape = [input.netShape[0], channels, ...(transpose ? [width, height] : [height, width])];
  entry.at("size").expect(String(shape) === String(input.netShape), "the size of the net's input");
  input.isPicture = true; //@only moved
  //@end
  const bits = entry.has("depth") ? entry.at("depth").integer() : 8; //@only depth
  entry.at("size").expect(bits === 8 || bits === 16, "of 8 or 16 bits"); //@only depth
  return { input: name, color, channels, width, height, resize, transpose,
    clip, //@only clips
    bits, //@only depth
    interpolation: entry.at("interpolation").text(),
    mean: entry.at("mean").each("number", channels), scale: entry.at("scale").number(),
    deviation: entry.at("std").each("number", channels), pad: hasBars ? entry.at("pad").integer(0) : 0 };
}

//@begin clips
/** Each of the `window` frames of a clip comes `stride` frames after the one before. */
function readClip(entry) {
  entry.expectKeys("window stride hop");
  const [window, stride, hop] = ["window", "stride", "hop"].map((key) => entry.at(key).integer(1));
  return { window, stride, hop, span: (window - 1) * stride + 1 };
}

//@end
//@end
/** Return what the text of manifest.json says; the bundle's task must be `KIND`. */
export function readManifest(text) {
  let root;
  try {
    root = new Entry(JSON.parse(text));
  } catch {
    throw new PredictError("manifest.json is not JSON. Copy the bundle again.");
  }
  const schema = root.at("schema").integer();
  if (schema !== 1) {
    throw new PredictError(`manifest.json: schema is ${schema}, this program reads 1. ` +
      "Generate the program again with the keras2cv that made the bundle.");
  }
  const task = root.at("task"), kind = task.at("kind").text();
  if (kind !== KIND) {
    throw new PredictError(`The bundle's task is ${kind}, this program is for ${KIND}. ` +
      "Generate one with `keras2cv codegen BUNDLE --lang js`.");
  }
  //@begin tail
  root.expectKeys(`${KEYS} forms tail preprocessing more_pictures`); //@only pictures
  root.expectKeys(`${KEYS} forms tail preprocessing`); //@only !arrays !pictures
  root.expectKeys(`${KEYS} forms tail`); //@only arrays
  //@end
  //@begin !tail
  root.expectKeys(`${KEYS} forms preprocessing more_pictures`); //@only pictures
  root.expectKeys(`${KEYS} forms preprocessing`); //@only !arrays !pictures
  root.expectKeys(`${KEYS} forms`); //@only arrays
  //@end
  task.expectKeys("kind output scores labels class_scores @kind@");
  const model = root.at("model"), engine = root.at("engine"), batch = model.at("batch").integer(1);
  const inputs = root.at("inputs").list().map((input) => readTensor(input, true, batch));
  root.at("inputs").expect(inputs.length === 1, "one image; this program fills no other inputs"); //@only !inputs
  //@begin pictures
  const pictures = [root.at("preprocessing"), ...root.at("more_pictures").list()].map((entry) =>
    readPreprocessing(entry, inputs));
  //@end
  return {
    verified: root.at("status").text() === "verified",
    file: model.at("file").text(["model.onnx", "model.pb"]),
    bytes: Number(model.at("bytes").text()),
    sha256: model.at("sha256").text(),
    oldest: model.at("opencv").text(),
    engine: engine.at("name").text(["any", "new", "classic"]),
    fusion: engine.at("fusion").flag(),
    batch, inputs, task,
    outputs: readOutputs(root.at("outputs"), batch),
    heads: readOutputs(root.at("tail").at("heads"), batch), //@only tail
    steps: root.at("tail").at("steps"), //@only tail
    rules: readPreprocessing(root.at("preprocessing"), inputs), //@only !arrays !pictures
    pictures, //@only pictures
    rules: pictures[0], //@only pictures
  };
}

async function checkWhole(manifest, data) {
  const { file } = manifest, again = "Copy the bundle again, or export it again.";
  if (data.length !== manifest.bytes) {
    throw new PredictError(`${file} has ${data.length} bytes, its manifest says ${manifest.bytes}. ${again}`);
  }
  if (!globalThis.crypto?.subtle) {
    throw new PredictError("The bundle cannot be checked here. Open the page from https:// or localhost.");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== manifest.sha256) {
    throw new PredictError(`${file} is not the file that was verified: its sha256 is ` +
      `${found.slice(0, 12)}..., its manifest says ${manifest.sha256.slice(0, 12)}.... ${again}`);
  }
}

/** Return the manifest and the checked bytes of a bundle: a folder's URL, or a function that gives
 * the bytes of a file by its name. */
export async function readBundle(bundle, progress) {
  const fetched = (name, progress) => fetchBytes(`${bundle}/${name}`, progress);
  const read = typeof bundle === "function" ? bundle : fetched;
  const text = await read("manifest.json").catch((error) => {
    throw new PredictError("This is not a bundle: it has no manifest.json. Give a folder made by " +
      `\`keras2cv export\`. ${error.message}`);
  });
  const manifest = readManifest(new TextDecoder().decode(text));
  const bytes = await read(manifest.file, progress).catch((error) => {
    throw new PredictError(`${manifest.file} is missing. Copy the bundle again. ${error.message}`);
  });
  await checkWhole(manifest, bytes);
  return { manifest, bytes };
}
