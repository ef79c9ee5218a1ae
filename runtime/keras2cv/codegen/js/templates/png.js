// PNG files of 16 bits, of which browsers keep the upper byte alone.
import { PredictError } from "./errors.js";

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 }; // of a colour type
const START = [137, 80, 78, 71, 13, 10, 26, 10];

/** The numbers of the file's rows before they were filtered: PNG specification, section 9. */
function unfilter(bytes, row, step) {
  const rows = bytes.length / (row + 1), result = new Uint8Array(rows * row);
  for (let y = 0; y < rows; y++) {
    const filter = bytes[y * (row + 1)], from = y * (row + 1) + 1, to = y * row;
    for (let i = 0; i < row; i++) {
      const left = i < step ? 0 : result[to + i - step], up = y ? result[to + i - row] : 0;
      const corner = y && i >= step ? result[to + i - row - step] : 0, guess = left + up - corner;
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      result[to + i] = bytes[from + i] + [0, left, up, (left + up) >> 1, paeth][filter];
    }
  }
  return result;
}

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return a file (a Blob) as {data, width, height} with RGBA of 16 bits; null if it is no such file. */
export async function decodeDeep(file) {
  if (!(file instanceof Blob)) return null;
  const bytes = new Uint8Array(await file.arrayBuffer()), view = new DataView(bytes.buffer);
  if (bytes.length < 33 || START.some((byte, i) => bytes[i] !== byte) || bytes[24] !== 16) return null;
  const [width, height] = [view.getUint32(16), view.getUint32(20)], channels = CHANNELS[bytes[25]];
  const name = file.name ?? "The picture", parts = [];
  if (bytes[28] !== 0) throw new PredictError(`${name} is an interlaced PNG. Save it without interlacing.`);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const isData = String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === "IDAT";
    if (isData) parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const packed = await inflate(parts).catch(() => []), row = 2 * channels * width;
  if (packed.length !== (row + 1) * height) throw new PredictError(`${name} is cut off. Copy it again.`);
  const plain = unfilter(packed, row, 2 * channels), data = new Uint16Array(4 * width * height).fill(65535);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const at = 2 * (i * channels + (channels > 2 ? c : 0));
      data[4 * i + c] = plain[at] * 256 + plain[at + 1];
    }
    const at = 2 * (i * channels + channels - 1);
    if (channels % 2 === 0) data[4 * i + 3] = plain[at] * 256 + plain[at + 1];
  }
  return { data, width, height };
}
