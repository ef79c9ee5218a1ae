// The page: files and a camera in, answers out.
import { draw } from "./answer.js"; //@only !arrays
import { WorkerPredictor } from "./client.js";

const byId = (id) => document.getElementById(id);
const [status, progress, files, results] = ["status", "progress", "files", "results"].map(byId);
const camera = byId("camera"); //@only !inputs
const video = document.createElement("video"); //@only !inputs
const query = Object.fromEntries(new URLSearchParams(location.search));
const { bundle, opencv } = { ...document.documentElement.dataset, ...query };

function say(text, isProblem = false) {
  status.textContent = text;
  status.classList.toggle("problem", isProblem);
}

function showProgress({ what, loaded, total }) {
  say(`Loading ${what}: ${(loaded / 2 ** 20).toFixed(1)} MiB`);
  if (total) progress.value = loaded / total;
  else progress.removeAttribute("value");
}

/** A place for an answer on the page, the newest on top. */
function makeFigure() {
  const figure = document.createElement("figure"), text = document.createElement("figcaption");
  const canvas = document.createElement("canvas"); //@only !arrays
  figure.append(canvas); //@only !arrays
  figure.append(text);
  results.prepend(figure);
  return { canvas, text }; //@only !arrays
  return { text }; //@only arrays
}

async function answer(model, sample, name, figure = makeFigure()) {
  try {
    const { answer, line, picture, milliseconds } = await model.predict(sample); //@only !arrays
    draw(figure.canvas, picture, answer); //@only !arrays
    const { line, milliseconds } = await model.predict(sample); //@only arrays
    figure.text.textContent = `${name}: ${line} (${milliseconds.toFixed(1)} ms)`;
  } catch (error) {
    figure.text.textContent = error.message;
    figure.text.classList.add("problem");
  }
}

//@begin !inputs
//@begin !clips
async function answerFiles(model, list) {
  for (const file of list) await answer(model, file, file.name);
}
//@end
//@begin clips
/** Pictures are the frames of a clip, and of more clips if they are more than one covers. */
async function answerFiles(model, list) {
  const { span, hop } = model.clip, count = list.length;
  if (count < span) say(`A clip covers ${span} frames, and there are only ${count}. Choose more.`, true);
  for (let end = span; end <= count; end += hop) {
    const frames = [...list].slice(end - span, end);
    await answer(model, frames, `${frames[0].name} to ${frames.at(-1).name}`);
  }
}
//@end

const WHY = {
  NotAllowedError: "The browser refuses the camera. Allow it for this page, from https:// or localhost",
  NotFoundError: "There is no camera. Connect one, or drop pictures",
  NotReadableError: "The camera is in use. Close the other program",
};

async function openCamera() {
  if (!navigator.mediaDevices) throw Object.assign(new Error(), { name: "NotAllowedError" });
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  await video.play();
}

function closeCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  camera.textContent = "Camera";
}

async function toggleCamera(model) {
  if (video.srcObject) return closeCamera();
  try {
    await openCamera();
  } catch ({ name, message }) {
    return say(`${WHY[name] ?? `The camera cannot be opened: ${message}`}.`, true);
  }
  camera.textContent = "Stop";
  const figure = makeFigure();
  const held = []; // the frames of the next clip  //@only clips
  while (video.srcObject) { // a frame after the other, as fast as the model is
    await answer(model, await createImageBitmap(video), "camera", figure); //@only !clips
    //@begin clips
    held.push(await createImageBitmap(video));
    if (held.length === model.clip.span) {
      await answer(model, held, "camera", figure);
      held.splice(0, model.clip.hop);
    }
    //@end
    await new Promise(requestAnimationFrame);
  }
}

function listen(model) {
  files.addEventListener("change", () => answerFiles(model, files.files));
  camera.addEventListener("click", () => toggleCamera(model));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    answerFiles(model, event.dataTransfer.files);
  });
}
//@end
//@begin inputs
/** A field for each input's file, and a button. */
function listen(model) {
  const fields = model.inputs.map((name) => {
    const label = document.createElement("label"), field = document.createElement("input");
    field.type = "file";
    field.name = name;
    field.accept = model.images.includes(name) ? "image/*" : ".npy"; //@only !bands
    field.accept = model.images.includes(name) ? "image/*,.npy" : ".npy"; //@only bands
    field.multiple = Boolean(model.clips[name]); //@only clips
    label.append(`${name} `, field);
    return { name, field, label };
  });
  const button = document.createElement("button");
  button.textContent = "Predict";
  button.addEventListener("click", () => {
    const sample = Object.fromEntries(fields.map(({ name, field }) => [name, field.files[0]])); //@only !clips
    const filesOf = ({ name, field }) => (model.clips[name] ? [...field.files] : field.files[0]); //@only clips
    const sample = Object.fromEntries(fields.map((one) => [one.name, filesOf(one)])); //@only clips
    const missing = fields.find(({ field }) => !field.files[0]);
    if (missing) say(`There is no file for ${missing.name}.`, true);
    else answer(model, sample, fields.map(({ field }) => field.files[0].name).join(" "));
  });
  files.append(...fields.map(({ label }) => label), button);
}
//@end

async function start() {
  try {
    const model = await WorkerPredictor.load(opencv, bundle, showProgress);
    const { version, simd, threads } = model.build;
    const how = `OpenCV ${version}, ${simd ? "SIMD" : "no SIMD"}, ${threads ? "threads" : "one thread"}`;
    say([`Ready: ${how}.`, model.warning].filter(Boolean).join(" "), Boolean(model.warning));
    listen(model);
    files.disabled = camera.disabled = false; //@only !inputs
  } catch (error) {
    say(error.message, true);
  }
  progress.hidden = true;
}

start();
