// Arrays from .npy files, as numpy.save writes them.
import { PredictError } from "./errors.js";

const TYPES = {
  f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array,
  i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
};

/** Return the numbers of a file (a Blob) as float32, in C order. */
export async function readNpy(file) {
  const bytes = new Uint8Array(await file.arrayBuffer()), name = file.name ?? "The array";
  const isLong = bytes[6] >= 2, view = new DataView(bytes.buffer), at = isLong ? 12 : 10;
  if (bytes.length < at || String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") {
    throw new PredictError(`${name} is no .npy file. Write it with numpy.save.`);
  }
  const start = at + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(at, start));
  const type = TYPES[/'descr': *'[<|](\w\d)'/.exec(header)?.[1]];
  const shape = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (!type || shape === undefined || /'fortran_order': *True/.test(header)) {
    throw new PredictError(`${name} holds no plain numbers in C order. Convert them to float32.`);
  }
  const sizes = shape.split(",").filter((size) => size.trim());
  const count = sizes.reduce((product, size) => product * Number(size), 1);
  const data = bytes.slice(start, start + count * type.BYTES_PER_ELEMENT);
  if (data.length < count * type.BYTES_PER_ELEMENT) {
    throw new PredictError(`${name} is cut off. Copy it again.`);
  }
  return Float32Array.from(new type(data.buffer));
}
