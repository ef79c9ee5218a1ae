// What Node and a browser do alike: a program's answers to samples.

/** The numbers of an .npy file, as support/golden.py writes them. */
function numbersOf(bytes, Type) {
  const first = 10 + bytes[8] + 256 * bytes[9];
  return new Type(bytes.slice(first).buffer);
}

/** A picture of BGR pixels, as decode.js gives it. */
function pictureOf(bgr, [width, height]) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    data.set([bgr[3 * i + 2], bgr[3 * i + 1], bgr[3 * i], 255], 4 * i);
  }
  return { data, width, height };
}

async function valueOf({ pixels, size_wh: size, array }, read) {
  if (array) return numbersOf(await read(array), Float32Array);
  return pictureOf(numbersOf(await read(pixels), Uint8Array), size);
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
      const answer = model.predict(names.length === 1 && "pixels" in inputs[names[0]] ? values[names[0]] : values);
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
