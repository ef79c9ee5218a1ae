// Answer golden cases in a browser: ?opencv=URL&jobs=URL, the jobs of run_cases.mjs with URLs.
// Each record is posted to /record; a job with "drawn" adds its last answer's picture, a data URL.
import { answersOf, asJson } from "./answers.mjs";

const { opencv, jobs } = Object.fromEntries(new URLSearchParams(location.search));
const read = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};
const post = (record) => fetch("/record", { method: "POST", body: asJson(record) });

async function drawnPicture(program, picture, answer) {
  const { decode, shownAs = (shown) => shown } = await import(`${program}/decode.js`);
  const { draw } = await import(`${program}/answer.js`);
  const canvas = document.createElement("canvas"), blob = await (await fetch(picture)).blob();
  draw(canvas, shownAs(await decode(new File([blob], picture))), answer);
  return canvas.toDataURL("image/png");
}

try {
  const script = document.createElement("script");
  await new Promise((resolve, reject) => {
    Object.assign(script, { src: opencv, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  for (const { program, bundle, samples, drawn } of await (await fetch(jobs)).json()) {
    const module = await import(`${program}/predictor.js`);
    const record = await answersOf(module, globalThis.cv, (name) => read(`${bundle}/${name}`), samples, read);
    if (drawn && record.answers) record.drawn = await drawnPicture(program, drawn, record.answers.at(-1));
    await post(record);
  }
  await post({ done: true });
} catch (error) {
  await post({ done: true, error: String(error), stack: error.stack });
}
