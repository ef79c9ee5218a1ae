// Arrays from .npy files, as numpy.save writes them.
import { PredictError } from "./errors.js";

const TYPES = {
  f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array,
  i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
};

async function read(file) {
  const bytes = new Uint8Array(await file.arrayBuffer()), name = file.name ?? "The array";
  const isLong = bytes[6] >= 2, view = new DataView(bytes.buffer), at = isLong ? 12 : 10;
  if (bytes.length < at || String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") {
    throw new PredictError(`${name} is no .npy file. Write it with numpy.save.`);
  }
  const start = at + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(at, start));
  const type = TYPES[/'descr': *'[<|](\w\d)'/.exec(header)?.[1]];
  const listed = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (!type || listed === undefined || /'fortran_order': *True/.test(header)) {
    throw new PredictError(`${name} holds no plain numbers in C order. Convert them to float32.`);
  }
  const shape = listed.split(",").filter((size) => size.trim()).map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const data = bytes.slice(start, start + count * type.BYTES_PER_ELEMENT);
  if (data.length < count * type.BYTES_PER_ELEMENT) {
    throw new PredictError(`${name} is cut off. Copy it again.`);
  }
  return { values: new type(data.buffer), shape };
}
//@begin inputs

/** Return the numbers of a file (a Blob) as float32, in C order. */
export const readNpy = async (file) => Float32Array.from((await read(file)).values);
//@end
//@begin bands

/** Return a picture (H, W) or (H, W, C) of 8 or 16 bits that an .npy file (a Blob) holds. */
export async function readPicture(file) {
  const { values: data, shape: [height, width, channels = 1, ...others] } = await read(file);
  if (width && !others.length && (data instanceof Uint8Array || data instanceof Uint16Array)) {
    return { data, width, height, channels };
  }
  throw new PredictError(`${file.name ?? "The array"} must hold one picture (H, W, C) of uint8 or uint16.`);
}
//@end
