// From files and cameras to pictures: the pixels as they are stored, without the browser's colour
// management. An EXIF orientation is applied, and alpha is dropped, as cv2.imread does.
import { PredictError } from "./errors.js";

const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** A canvas multiplies colours by their alpha, so a picture with alpha is decoded past it. */
async function readPastCanvas(file, picture) {
  const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type, ...AS_STORED });
  const { image } = await decoder.decode();
  const isTurned = image.displayWidth !== picture.width || image.displayHeight !== picture.height;
  if (!isTurned) await image.copyTo(picture.data, { format: "RGBA" });
  image.close();
  decoder.close();
}

/** Return a picture as ImageData: of a file, a video's frame, or anything else that createImageBitmap takes. */
export async function decode(source) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(source, AS_STORED);
  } catch {
    throw new PredictError(`${source.name ?? "The picture"} cannot be decoded as a picture. ` +
      "If an image viewer opens it, save it as .png there.");
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = context.getImageData(0, 0, width, height);
  const alphas = () => Array.from({ length: width * height }, (_, i) => 4 * i + 3);
  const isTransparent = picture.data.some((value, i) => i % 4 === 3 && value < 255);
  if (isTransparent && source instanceof Blob && "ImageDecoder" in globalThis) await readPastCanvas(source, picture);
  if (isTransparent) for (const at of alphas()) picture.data[at] = 255;
  return picture;
}
