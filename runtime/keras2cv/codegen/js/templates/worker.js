// Runs the model beside the page, which stays alive. It is no module, since opencv.js is none.
let predictor = null;

const isFile = (value) => value instanceof Blob || (globalThis.ImageBitmap && value instanceof ImageBitmap);

/** Return a sample with its files read. */
async function readSample(sample) {
  const { decode } = await import("./decode.js"); //@only !arrays
  //@begin clips
  const readPicture = (value) => (isFile(value) ? decode(value) : value);
  const readAll = (frames) => Promise.all(frames.map(readPicture));
  const readValue = (value) => (Array.isArray(value) ? readAll(value) : readPicture(value));
  //@end
  const readValue = (value) => (isFile(value) ? decode(value) : value); //@only !arrays !clips
  return readValue(sample); //@only !inputs
  //@begin inputs
  const { readNpy } = await import("./npy.js");
  const read = {};
  for (const [name, value] of Object.entries(sample)) {
    const isPicture = imagesOf(predictor.manifest).includes(name); //@only photo
    if (isPicture) read[name] = await readValue(value); //@only photo
    else read[name] = isFile(value) ? await readNpy(value) : value; //@only photo
    read[name] = isFile(value) ? await readNpy(value) : value; //@only arrays
  }
  return read;
  //@end
}

/** The names of the inputs that are pictures. */ //@only photo
const imagesOf = ({ rules }) => [rules.input]; //@only photo !pictures
const imagesOf = ({ pictures }) => pictures.map(({ input }) => input); //@only pictures

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
    const images = imagesOf(manifest); //@only photo
    const images = []; //@only arrays
    //@begin clips
    const pictures = manifest.pictures ?? [manifest.rules];
    const clips = Object.fromEntries(pictures.map(({ input, clip }) => [input, clip]));
    return { build, warning, inputs, images, clips }; //@only inputs
    return { build, warning, inputs, clip: clips[manifest.rules.input] }; //@only !inputs
    //@end
    //@begin !clips
    return { build, warning, inputs, images }; //@only inputs
    return { build, warning, inputs }; //@only !inputs
    //@end
  },

  async predict({ sample }) {
    const { toLine } = await import("./predictor.js");
    const values = await readSample(sample), start = performance.now();
    const answer = predictor.predict(values);
    const milliseconds = performance.now() - start;
    const picture = null; //@only arrays
    //@begin !arrays
    //@begin clips depth alpha bands
    const shown = values; //@only !inputs
    const shown = values[predictor.manifest.rules.input]; //@only photo
    //@end
    //@begin !clips !depth !alpha !bands
    const picture = values; //@only !inputs
    const picture = values[predictor.manifest.rules.input]; //@only photo
    //@end
    const picture = [shown].flat().at(-1); // of a clip, the last frame  //@only clips !depth !alpha !bands
    const { shownAs } = await import("./decode.js"); //@only depth alpha bands
    const picture = shownAs([shown].flat().at(-1)); //@only depth alpha bands
    //@end
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
