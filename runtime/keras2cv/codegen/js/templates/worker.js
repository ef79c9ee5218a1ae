// Runs the model beside the page, which stays alive. It is no module, since opencv.js is none.
let predictor = null;

/** Return a sample with its files decoded. */
async function readSample(sample) {
  //@begin !inputs
  const { decode } = await import("./decode.js");
  return sample instanceof ImageData ? sample : decode(sample);
  //@end
  //@begin inputs
  const { decode } = await import("./decode.js"); //@only photo
  const { readNpy } = await import("./npy.js");
  const read = {};
  for (const [name, value] of Object.entries(sample)) {
    const isFile = value instanceof Blob || (globalThis.ImageBitmap && value instanceof ImageBitmap);
    read[name] = value;
    if (isFile) read[name] = await (name === predictor.manifest.rules.input ? decode : readNpy)(value); //@only photo
    if (isFile) read[name] = await readNpy(value); //@only arrays
  }
  return read;
  //@end
}

const calls = {
  async load({ opencv, bundle }) {
    const { fetchBytes } = await import("./runtime.js");
    const { load } = await import("./predictor.js");
    const report = (what) => (loaded, total) => postMessage({ progress: { what, loaded, total } });
    const script = await fetchBytes(opencv, report("OpenCV"));
    importScripts(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    predictor = await load(self.cv, bundle, report("the model"));
    const { build, warning, manifest } = predictor;
    const inputs = manifest.inputs.map(({ name }) => name);
    return { build, warning, inputs, image: manifest.rules?.input ?? null };
  },

  async predict({ sample }) {
    const { toLine } = await import("./predictor.js");
    const values = await readSample(sample), start = performance.now();
    const answer = predictor.predict(values);
    const milliseconds = performance.now() - start;
    const picture = values; //@only !inputs
    const picture = values[predictor.manifest.rules.input]; //@only photo
    const picture = null; //@only arrays
    return { answer, line: toLine(answer), picture, milliseconds };
  },
};

self.onmessage = async ({ data: { id, call, ...values } }) => {
  try {
    postMessage({ id, result: await calls[call](values) });
  } catch (error) {
    postMessage({ id, problem: error.message });
  }
};
