// Use a program's page as people do: ?page=URL&opencv=URL&bundle=URL&files=URL,URL&answers=1&camera=1. What it
// says is posted to /record: {status, shown: [{text, isProblem, size}], camera, done}.
const { page, opencv, bundle, files = "", answers = "", camera } = Object.fromEntries(new URLSearchParams(location.search));
const post = (record) => fetch("/record", { method: "POST", body: JSON.stringify(record) });
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

async function until(isTrue, what) {
  for (let i = 0; i < 4000; i++) {
    const found = isTrue();
    if (found) return found;
    await pause();
  }
  throw new Error(`never: ${what}`);
}

async function fileOf(url) {
  const blob = await (await fetch(url)).blob();
  return new File([blob], url.split("/").at(-1), { type: blob.type });
}

try {
  const frame = document.createElement("iframe");
  frame.allow = "camera";
  frame.src = `${page}?${new URLSearchParams({ opencv, bundle })}`;
  document.body.append(frame);
  await new Promise((resolve) => (frame.onload = resolve));
  const inside = frame.contentDocument, status = inside.getElementById("status");
  await until(() => inside.getElementById("progress").hidden, "ready");
  const record = { status: status.textContent, isProblem: status.classList.contains("problem") };
  const fields = [...inside.querySelectorAll("input[type=file]")];
  const urls = files.split(",").filter(Boolean), shown = inside.getElementsByTagName("figcaption");
  if (urls.length && !record.isProblem) {
    const given = await Promise.all(urls.map(fileOf));
    const parts = fields.length === 1 ? [given] : given.map((file) => [file]);
    parts.forEach((part, i) => {
      const transfer = new DataTransfer();
      for (const file of part) transfer.items.add(file);
      fields[i].files = transfer.files;
      fields[i].dispatchEvent(new Event("change"));
    });
    if (fields.length > 1) inside.querySelector("button").click();
    const count = answers === "" ? (fields.length === 1 ? urls.length : 1) : Number(answers);
    if (count === 0) await until(() => status.textContent !== record.status, "a problem");
    await until(() => shown.length === count && [...shown].every((one) => one.textContent), "answers");
    record.status = status.textContent;
  }
  record.shown = [...shown].reverse().map((caption) => {
    const canvas = caption.parentElement.querySelector("canvas");
    const isProblem = caption.classList.contains("problem");
    return { text: caption.textContent, isProblem, size: canvas && [canvas.width, canvas.height] };
  });
  if (camera) {
    const before = shown.length, button = inside.getElementById("camera");
    button.click();
    await until(() => shown.length > before && shown[0].textContent.includes("ms)")
      || status.textContent !== record.status, "the camera");
    record.camera = shown.length > before ? shown[0].textContent : status.textContent;
    if (shown.length > before) button.click();
    record.button = button.textContent;
  }
  await post({ ...record, done: true });
} catch (error) {
  await post({ done: true, error: String(error), stack: error.stack });
}
