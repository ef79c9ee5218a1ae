// What Node and a browser do alike: a program's answers to samples.

/** The numbers of an .npy file, as support/golden.py writes them. */
function numbersOf(bytes, Type) {
  const first = 10 + bytes[8] + 256 * bytes[9];
  return new Type(bytes.slice(first).buffer);
}

/** A picture of cv2's pixels, as decode.js gives it: RGBA, or the channels of a model that takes others. */
function pictureOf(pixels, { size_wh: [width, height], channels = 3 }) {
  if (channels !== 3 && channels !== 4) return { data: pixels, width, height, channels };
  const Type = pixels.BYTES_PER_ELEMENT === 2 ? Uint16Array : Uint8ClampedArray;
  const data = new Type(4 * width * height), opaque = pixels.BYTES_PER_ELEMENT === 2 ? 65535 : 255;
  for (let i = 0; i < width * height; i++) {
    const [blue, green, red, alpha = opaque] = pixels.subarray(channels * i, channels * (i + 1));
    data.set([red, green, blue, alpha], 4 * i);
  }
  return { data, width, height };
}

async function valueOf({ array, frames, ...picture }, read) {
  if (array) return numbersOf(await read(array), Float32Array);
  if (frames) return Promise.all(frames.map((frame) => valueOf(frame, read)));
  return pictureOf(numbersOf(await read(picture.pixels), picture.bits === 16 ? Uint16Array : Uint8Array), picture);
}

/** Return a record as JSON, without the arrays of pixels. */
export const asJson = (record) =>
  JSON.stringify(record, (_, value) => (ArrayBuffer.isView(value) ? undefined : value));

/** Return {answers, lines, warning, build}, or {error}. */
export async function answersOf(module, opencv, bundle, samples, read) {
  let model;
  try {
    model = await module.load(opencv, bundle);
    const answers = [], lines = [];
    for (const inputs of samples) {
      const names = Object.keys(inputs), values = {};
      for (const name of names) values[name] = await valueOf(inputs[name], read);
      const answer = model.predict(names.length === 1 && !("array" in inputs[names[0]]) ? values[names[0]] : values);
      answers.push(answer);
      lines.push(module.toLine(answer));
    }
    return { answers, lines, warning: model.warning, build: model.build };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, stack: error.stack };
  } finally {
    model?.delete();
  }
}
