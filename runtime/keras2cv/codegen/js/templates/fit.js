// From pictures of any size to the net's input: resize, then (pixel - mean) * scale / std.
import { PredictError } from "./errors.js";
import { imageOf, resize } from "./resize.js";

const f32 = Math.fround; //@only floats
const MOST_PADDED = 2 ** 28; // pixels: Keras' way makes a square of gigabytes of a long strip //@only padded

//@begin cropped
/** The largest centred part of an image that has the target's aspect ratio, rounded down. */
export function centerBox(image, target) {
  const width = Math.max(1, Math.min(image.width, Math.floor((image.height * target.width) / target.height)));
  const high = Math.floor((image.width * target.height) / target.width);
  const height = Math.max(1, Math.min(image.height, high));
  const x = Math.floor((image.width - width) / 2), y = Math.floor((image.height - height) / 2);
  return { x, y, width, height };
}

//@end
//@begin letterbox
/** The part of the target that the whole image fills, aspect ratio kept: tf.image.resize_with_pad,
 * in its float32, on which the rounding depends. */
export function letterboxBox(image, target) {
  const shrink = Math.max(f32(image.width / target.width), f32(image.height / target.height));
  const width = f32(image.width / shrink), height = f32(image.height / shrink);
  const bar = (whole, part) => Math.max(0, Math.floor(f32(f32(whole - part) / 2)));
  return {
    x: bar(target.width, width), y: bar(target.height, height),
    width: Math.max(1, Math.floor(width)), height: Math.max(1, Math.floor(height)),
  };
}

//@end
//@begin padded
/** How wide the bars of keras.layers.Resizing(pad_to_aspect_ratio=True) are, left and right alike,
 * and how high: the image is extended to the target's shape before it is resized. */
export function padBars(image, target) {
  const length = (across, wanted, other) => Math.trunc(f32(f32(across * wanted) / other));
  const bar = (wanted, size) => Math.floor(Math.max(0, wanted - size) / 2);
  return {
    x: bar(length(image.height, target.width, target.height), image.width),
    y: bar(length(image.width, target.height, target.width), image.height),
  };
}

//@end
//@begin letterbox padded
/** Put an image on a canvas of one colour. */
function onCanvas(image, { width, height }, { x, y }, colour) {
  const canvas = imageOf({ width, height, channels: image.channels }, image.data.constructor);
  const row = image.width * image.channels;
  canvas.data.fill(colour);
  for (let i = 0; i < image.height; i++) {
    canvas.data.set(image.data.subarray(i * row, (i + 1) * row), ((y + i) * width + x) * image.channels);
  }
  return canvas;
}

//@end
/** Bring an image to the net's size. */
function fit(cv, image, rules) {
  const whole = { x: 0, y: 0, width: image.width, height: image.height }; //@only stretched letterbox
  const { interpolation } = rules;
  if (rules.resize === "stretch") return resize(cv, image, whole, rules, interpolation); //@only stretched
  if (rules.resize === "center-crop") return resize(cv, image, centerBox(image, rules), rules, interpolation); //@only cropped
  //@begin letterbox
  if (rules.resize === "letterbox") {
    const box = letterboxBox(image, rules);
    return onCanvas(resize(cv, image, whole, box, interpolation), rules, box, rules.pad);
  }
  //@end
  //@begin padded
  if (rules.resize === "pad") {
    const bar = padBars(image, rules);
    const width = image.width + 2 * bar.x, height = image.height + 2 * bar.y;
    if (width * height > MOST_PADDED) {
      throw new PredictError(`A picture of ${image.width}x${image.height} pixels would be padded to ` +
        `${width}x${height}, which is too much memory. Crop it first.`);
    }
    const padded = onCanvas(image, { width, height }, bar, rules.pad);
    return resize(cv, padded, { x: 0, y: 0, width, height }, rules, interpolation);
  }
  //@end
  throw new PredictError(`This program has no resize rule ${rules.resize}. Generate it again.`);
}

//@begin !depth !alpha !bands
/** The pixels of an ImageData in the order of `color`; alpha is dropped, not blended. */
function channelsOf({ data, width, height }, { color, channels }) {
  const image = imageOf({ width, height, channels }), order = { RGB: [0, 1, 2], BGR: [2, 1, 0] }[color];
  for (let i = 0, at = 0; i < image.data.length; i += channels, at += 4) {
    if (order) for (let c = 0; c < 3; c++) image.data[i + c] = data[at + order[c]];
    else image.data[i] = (data[at] * 9798 + data[at + 1] * 19235 + data[at + 2] * 3735 + 16384) >> 15;
  }
  return image;
}
//@end
//@begin depth alpha bands
const grayOf = (red, green, blue) => Math.floor((red * 9798 + green * 19235 + blue * 3735 + 16384) / 32768);
const ORDERS = { RGB: [0, 1, 2], BGR: [2, 1, 0], RGBA: [0, 1, 2, 3], BGRA: [2, 1, 0, 3] };

/** The pixels of a picture in the order of `color`; of others than its own bits, as TensorFlow reads
 * them: the upper byte, or 257 times the 8 bits. */
function channelsOf({ data, width, height, channels: given = 4 }, rules) {
  const { color, channels } = rules, wanted = rules.bits ?? 8, bits = 8 * data.BYTES_PER_ELEMENT;
  const image = imageOf({ width, height, channels }, wanted === 16 ? Uint16Array : Uint8ClampedArray);
  const level = (value) => (bits === wanted ? value : wanted === 16 ? value * 257 : value >> 8);
  const order = given === 1 ? [0, 0, 0] : ORDERS[color] ?? Array.from({ length: channels }, (_, c) => c);
  for (let i = 0, at = 0; i < image.data.length; i += channels, at += given) {
    if (color === "GRAY" && given > 1) image.data[i] = grayOf(...[0, 1, 2].map((c) => level(data[at + c])));
    else for (let c = 0; c < channels; c++) image.data[i + c] = level(data[at + order[c]]);
  }
  return image;
}
//@end

/** Return a picture (an ImageData) as the net takes it: (C, H, W) float32. */
export function prepare(cv, picture, rules) {
  const { data, width, height, channels } = fit(cv, channelsOf(picture, rules), rules);
  const blob = new Float32Array(data.length), size = width * height;
  for (let pixel = 0; pixel < size; pixel++) {
    const x = pixel % width, y = Math.floor(pixel / width), at = rules.transpose ? x * height + y : pixel;
    for (let c = 0; c < channels; c++) {
      const value = f32(f32(data[pixel * channels + c] - f32(rules.mean[c])) * rules.scale); //@only !depth !alpha !bands
      blob[c * size + at] = value / f32(rules.deviation[c]); //@only !depth !alpha !bands
      //@begin depth alpha bands
      blob[c * size + at] = (data[pixel * channels + c] - rules.mean[c]) * rules.scale / rules.deviation[c];
      //@end
    }
  }
  return blob;
}
//@begin clips

/** Return the frames of a clip as the model takes them: (T, H, W, C) float32. */
export function prepareClip(cv, frames, rules) {
  const { clip: { window, span, stride }, channels, width, height } = rules;
  if (frames.length !== span) {
    const how = stride === 1 ? "" : ` (${window} of them, with a stride of ${stride})`;
    throw new PredictError(`A clip covers ${span} frames${how}, got ${frames.length}. Give as many.`);
  }
  const other = frames.find((frame) => frame.width !== frames[0].width || frame.height !== frames[0].height);
  if (other) {
    const [first, second] = [frames[0], other].map((frame) => `${frame.width}x${frame.height}`);
    throw new PredictError(`The frames of a clip must be of one size, got ${first} and ${second} pixels. ` +
      "Resize or crop them alike.");
  }
  const size = width * height, values = new Float32Array(window * size * channels);
  for (let t = 0; t < window; t++) {
    prepare(cv, frames[t * stride], rules).forEach((value, i) => {
      values[(t * size + (i % size)) * channels + Math.floor(i / size)] = value;
    });
  }
  return values;
}
//@end
