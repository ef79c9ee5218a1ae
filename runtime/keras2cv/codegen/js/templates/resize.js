// From an image to another size with the pixels of cv2.resize on x86-64, whatever OpenCV this is. //@only nearest linear cubic area lanczos
// From an image to another size with the pixels of tf.image.resize by "bilinear". //@only bilinear
// From an image to another size. //@only resample
// Images are {data, width, height, channels}; Uint8ClampedArray rounds halves to even, as OpenCV does.
import { PredictError } from "./errors.js";
import { rint } from "./rounding.js"; //@only linear area
import { isResampled, resample } from "./resample.js"; //@only resample

const f32 = Math.fround; //@only linear area bilinear nearest cubic
const clamp = (value, size) => Math.min(Math.max(value, 0), size - 1); //@only linear cubic area
const range = (count, make) => Array.from({ length: count }, (_, i) => make(i)); //@only nearest linear cubic area bilinear

export function imageOf({ width, height, channels }, Type = Uint8ClampedArray) {
  return { data: new Type(width * height * channels), width, height, channels };
}

export function crop(image, { x, y, width, height }) {
  if (width === image.width && height === image.height) return image;
  const part = imageOf({ ...image, width, height }, image.data.constructor), row = width * image.channels;
  for (let i = 0; i < height; i++) {
    const first = ((y + i) * image.width + x) * image.channels;
    part.data.set(image.data.subarray(first, first + row), i * row);
  }
  return part;
}

//@begin nearest
/** Each target pixel is the source pixel that `rows` and `columns` name. */
function pick(image, rows, columns) {
  const { channels } = image;
  const result = imageOf({ width: columns.length, height: rows.length, channels }, image.data.constructor);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const first = (row * image.width + column) * channels;
      for (let c = 0; c < channels; c++) result.data[target++] = image.data[first + c];
    }
  }
  return result;
}

/** Pillow adds the step again and again, and TensorFlow multiplies in float32. */
const nearestIndices = {
  nearest: (size, count, start) =>
    range(count, (i) => start + Math.min(Math.floor(i * (1 / (count / size))), size - 1)),
  "tf-nearest": (size, count, start) =>
    range(count, (i) => start + Math.min(Math.trunc(f32(f32(i + 0.5) * f32(size / count))), size - 1)),
  "pil-nearest": (size, count, start) => {
    const step = size / count;
    let position = start + step * 0.5;
    return range(count, (i) => Math.trunc(i ? (position += step) : position));
  },
};

//@end
//@begin linear area
/** The two source pixels of each target pixel, and the weights of both, of 11 bits. */
function linearPairs(size, count, isWidth) { //@only linear !area
function linearPairs(size, count, isWidth, grows) { //@only area
  const scale = 1 / (count / size);
  return range(count, (i) => {
    const at = f32((i + 0.5) * scale - 0.5);
    const first = Math.floor(at); //@only linear !area
    let first = Math.floor(at); //@only area
    let share = f32(at - first);
    //@begin area
    if (grows) { // cv2's INTER_AREA where a side grows
      first = Math.floor(i * scale);
      const part = f32(i + 1 - (first + 1) * (count / size));
      share = part <= 0 ? 0 : f32(part - Math.floor(part));
    }
    //@end
    if (isWidth && (first < 0 || first >= size - 1)) share = 0; // one pixel alone counts at an edge
    const near = rint(f32(1 - share) * 2048), far = rint(share * 2048);
    return { first: clamp(first, size), second: clamp(first + 1, size), near, far };
  });
}

function resizeLinear(image, width, height) { //@only linear !area
function resizeLinear(image, width, height, grows = false) { //@only area
  const { data, channels } = image, result = imageOf({ width, height, channels });
  const isHalved = image.width === 2 * width && image.height === 2 * height;
  const across = linearPairs(image.width, width, true); //@only linear !area
  const across = linearPairs(image.width, width, true, grows); //@only area
  let target = 0;
  for (const row of linearPairs(image.height, height, false)) { //@only linear !area
  for (const row of linearPairs(image.height, height, false, grows)) { //@only area
    const upper = row.first * image.width, lower = row.second * image.width;
    for (const { first, second, near, far } of across) {
      for (let c = 0; c < channels; c++) {
        const a = data[(upper + first) * channels + c], b = data[(upper + second) * channels + c];
        const d = data[(lower + first) * channels + c], e = data[(lower + second) * channels + c];
        const above = (a * near + b * far) >> 4, below = (d * near + e * far) >> 4;
        const sum = ((above * row.near) >> 16) + ((below * row.far) >> 16);
        result.data[target++] = ((isHalved ? a + b + d + e : sum) + 2) >> 2;
      }
    }
  }
  return result;
}

//@end
//@begin cubic
/** cv2's INTER_CUBIC, in double: the pixels and weights of each target pixel. */
function cubicWeights(size, count) {
  const a = -0.75, scale = 1 / (count / size);
  return range(count, (i) => {
    const at = (i + 0.5) * scale - 0.5, low = Math.floor(at), x = at - low;
    const before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    const first = ((a + 2) * x - (a + 3)) * x * x + 1;
    const second = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
    const pixels = range(4, (k) => clamp(low + k - 1, size));
    return { pixels, weights: [before, first, second, 1 - before - first - second] };
  });
}

//@end
//@begin area
/** cv2's INTER_AREA: computeResizeAreaTab of OpenCV's resize.cpp. */
function areaWeights(size, count) {
  const scale = 1 / (count / size);
  return range(count, (i) => {
    const start = i * scale, stop = start + scale, cell = Math.min(scale, size - start);
    const last = Math.min(Math.floor(stop), size - 1), first = Math.min(Math.ceil(start), last);
    const pixels = [], weights = [];
    const add = (pixel, weight) => (pixels.push(pixel), weights.push(f32(weight)));
    if (first - start > 1e-3) add(first - 1, (first - start) / cell);
    for (let pixel = first; pixel < last; pixel++) add(pixel, 1 / cell);
    if (stop - last > 1e-3) add(last, Math.min(stop - last, 1, cell) / cell);
    return { pixels, weights };
  });
}

//@end
//@begin cubic area
/** Sums of products, first along the width, in the order of the weights; in float32 or double. */
function weigh(image, across, down, Sums) {
  const { data, channels } = image, length = across.length * channels;
  const result = imageOf({ width: across.length, height: down.length, channels });
  const product = Sums === Float32Array ? (x, y) => f32(x * y) : (x, y) => x * y;
  const lines = new Map(); // made when needed
  const lineOf = (row) => {
    if (!lines.has(row)) {
      const line = new Sums(length);
      across.forEach(({ pixels, weights }, i) => pixels.forEach((pixel, k) => {
        const first = (row * image.width + pixel) * channels;
        for (let c = 0; c < channels; c++) line[i * channels + c] += product(data[first + c], weights[k]);
      }));
      lines.set(row, line);
    }
    return lines.get(row);
  };
  down.forEach(({ pixels, weights }, y) => {
    const sums = new Sums(length);
    pixels.forEach((row, k) => {
      const line = lineOf(row);
      for (let i = 0; i < length; i++) sums[i] += product(line[i], weights[k]);
    });
    for (const row of lines.keys()) if (row < pixels[0]) lines.delete(row);
    result.data.set(sums, y * length);
  });
  return result;
}

//@end
//@begin area
function resizeArea(image, width, height) {
  if (image.width < width || image.height < height) return resizeLinear(image, width, height, true);
  if (image.width === 2 * width && image.height === 2 * height) return resizeLinear(image, width, height);
  const isMean = image.width % width === 0 && image.height % height === 0; // of whole pixels
  const across = areaWeights(image.width, width), down = areaWeights(image.height, height);
  if (!isMean) return weigh(image, across, down, Float32Array);
  const wide = image.width / width, high = image.height / height, part = f32(1 / (wide * high));
  const { channels } = image, result = imageOf({ width, height, channels });
  for (let i = 0; i < result.data.length; i++) {
    const c = i % channels, x = Math.floor(i / channels) % width, y = Math.floor(i / channels / width);
    let sum = 0;
    for (let row = y * high; row < (y + 1) * high; row++) {
      for (let column = x * wide; column < (x + 1) * wide; column++) {
        sum += image.data[(row * image.width + column) * channels + c];
      }
    }
    result.data[i] = f32(sum * part);
  }
  return result;
}

//@end
//@begin bilinear
/** tf.image.resize by "bilinear", which does not round to whole pixels: its positions are float32. */
function resizeBilinear(image, width, height) {
  const { data, channels } = image, result = imageOf({ width, height, channels }, Float32Array);
  const pairs = (size, count) => range(count, (i) => {
    const at = f32(f32(f32(i + 0.5) * f32(size / count)) - 0.5), low = Math.floor(at);
    return { first: Math.max(low, 0), second: Math.min(Math.ceil(at), size - 1), share: f32(at - low) };
  });
  const across = pairs(image.width, width);
  const blend = (a, b, share) => f32(a + f32(f32(b - a) * share));
  let target = 0;
  for (const row of pairs(image.height, height)) {
    const upper = row.first * image.width, lower = row.second * image.width;
    for (const { first, second, share } of across) {
      for (let c = 0; c < channels; c++) {
        const at = (pixel) => data[pixel * channels + c];
        const above = blend(at(upper + first), at(upper + second), share);
        result.data[target++] = blend(above, blend(at(lower + first), at(lower + second), share), row.share);
      }
    }
  }
  return result;
}

//@end
//@begin lanczos depth
const FLAGS = { linear: "LINEAR", area: "AREA", cubic: "CUBIC", lanczos4: "LANCZOS4" }; //@only depth
const FLAGS = { lanczos4: "LANCZOS4" }; //@only !depth

/** OpenCV's own: the filter that is left to it, at most four channels at a time. */ //@only !depth
/** OpenCV's own: what is left to it, at most four channels at a time. */ //@only depth
function resizeByOpenCV(cv, image, width, height, interpolation) {
  const { data, channels } = image, result = imageOf({ width, height, channels }, data.constructor);
  const [bits, values] = data.BYTES_PER_ELEMENT === 2 ? [16, "data16U"] : [8, "data"];
  for (let first = 0; first < channels; first += 4) {
    const count = Math.min(4, channels - first), type = cv[`CV_${bits}UC${count}`];
    const part = data.filter((_, i) => i % channels >= first && i % channels < first + count);
    const source = cv.matFromArray(image.height, image.width, type, part), target = new cv.Mat();
    cv.resize(source, target, new cv.Size(width, height), 0, 0, cv[`INTER_${FLAGS[interpolation]}`]);
    target[values].forEach((value, i) => {
      result.data[Math.floor(i / count) * channels + first + (i % count)] = value;
    });
    for (const mat of [source, target]) mat.delete();
  }
  return result;
}

//@end
/** Bring a part of an image to a size. */
export function resize(cv, image, part, { width, height }, interpolation) {
  if (isResampled(interpolation)) return resample(image, part, width, height, interpolation); //@only pillow
  if (isResampled(interpolation)) return resample(crop(image, part), width, height, interpolation); //@only tensorflow
  //@begin nearest
  if (Object.hasOwn(nearestIndices, interpolation)) {
    const indices = nearestIndices[interpolation];
    return pick(image, indices(part.height, height, part.y), indices(part.width, width, part.x));
  }
  //@end
  //@begin linear cubic area bilinear lanczos
  const source = crop(image, part);
  const isDeep = image.data.BYTES_PER_ELEMENT === 2 && Object.hasOwn(FLAGS, interpolation); //@only depth
  if (isDeep) return resizeByOpenCV(cv, source, width, height, interpolation); //@only depth
  if (interpolation === "linear") return resizeLinear(source, width, height); //@only linear
  if (interpolation === "area") return resizeArea(source, width, height); //@only area
  if (interpolation === "tf-bilinear") return resizeBilinear(source, width, height); //@only bilinear
  if (interpolation === "lanczos4") return resizeByOpenCV(cv, source, width, height, interpolation); //@only lanczos
  //@begin cubic
  if (interpolation === "cubic") {
    const across = cubicWeights(source.width, width), down = cubicWeights(source.height, height);
    return weigh(source, across, down, Float64Array);
  }
  //@end
  //@end
  throw new PredictError(`This program has no interpolation ${interpolation}. Generate it again.`);
}
