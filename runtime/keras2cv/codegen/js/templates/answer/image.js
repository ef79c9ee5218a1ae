// A picture that the model made of the picture.
import { findOutput } from "./net.js";
import { PredictError } from "./errors.js";
import { resize } from "./resize.js"; //@only !arrays
import { rint } from "./rounding.js";

export function readTask(entry) {
  const record = entry.at("image");
  record.expectKeys("output color low high");
  const task = {
    output: record.at("output").text(),
    color: record.at("color").text(["RGB", "BGR", "GRAY"]),
    low: record.at("low").number(),
    high: record.at("high").number(),
  };
  record.at("high").expect(task.low < task.high, "above low");
  return task;
}

/** The values as pixels, (h, w) RGBA; what is not a number is black. */
function toPixels(values, count, { color, low, high }) {
  const channels = color === "GRAY" ? 1 : 3, f32 = Math.fround, range = f32(high - low);
  const byte = (value) => Math.min(f32(f32(f32(value - f32(low)) / range)), 1) * 255;
  const pixels = new Uint8ClampedArray(4 * count); // it rounds halves to even, and NaN is 0
  for (let i = 0; i < count; i++) {
    const parts = values.subarray(i * channels, (i + 1) * channels);
    const [red, green, blue] = color === "RGB" ? parts : [parts.at(-1), parts[channels >> 1], parts[0]];
    pixels.set([byte(red), byte(green), byte(blue), 255], 4 * i);
  }
  return pixels;
}

export function findAnswer(sample, task, place) {
  const { shape, values } = findOutput(sample, task.output);
  const [rows, columns, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || channels !== (task.color === "GRAY" ? 1 : 3)) {
    throw new PredictError("manifest.json: task.image.output must be an image (h, w, C). " +
      "Export the bundle again.");
  }
  const whole = toPixels(values, rows * columns, task);
  const perX = columns / place.input.width, perY = rows / place.input.height, { content } = place;
  const x = rint(content.x * perX), y = rint(content.y * perY);
  const right = Math.max(x + 1, rint((content.x + content.width) * perX));
  const bottom = Math.max(y + 1, rint((content.y + content.height) * perY));
  const width = Math.min(right, columns) - x, height = Math.min(bottom, rows) - y;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let row = 0; row < height; row++) {
    const first = 4 * ((y + row) * columns + x);
    data.set(whole.subarray(first, first + 4 * width), 4 * row * width);
  }
  const mean = (channel) => {
    let sum = 0;
    for (let i = channel; i < data.length; i += 4) sum += data[i];
    return sum / (width * height);
  };
  const made = { data, width, height, visible: place.visible };
  return { task: "image", image_wh: [width, height], mean_bgr: [mean(2), mean(1), mean(0)], made };
}

export const toLine = ({ image_wh }) => `${image_wh.join("x")} pixels`;
//@begin !arrays

/** Draw what came out in the shape of what went in: of that size, or of the net's own where that is
 * larger. */
export function draw(canvas, _, { made }) {
  const { width, height, visible } = made;
  const scale = Math.max(1, Math.min(width / visible.width, height / visible.height));
  const size = { width: rint(visible.width * scale), height: rint(visible.height * scale) };
  const how = size.width < width || size.height < height ? "area" : "cubic";
  const image = { data: made.data, width, height, channels: 4 };
  const { data } = resize(null, image, { x: 0, y: 0, width, height }, size, how);
  Object.assign(canvas, size);
  canvas.getContext("2d").putImageData(new ImageData(data, size.width, size.height), 0, 0);
}
//@end
