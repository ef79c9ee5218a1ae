// From files and cameras to pictures: the pixels as they are stored, without the browser's colour
// management. An EXIF orientation is applied, and alpha is dropped, as cv2.imread does. //@only !alpha !bands
// management. An EXIF orientation is applied, and alpha is kept. //@only alpha bands
import { PredictError } from "./errors.js";
import { readPicture } from "./npy.js"; //@only bands
import { decodeDeep } from "./png.js"; //@only depth

const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** A canvas multiplies colours by their alpha, and so loses them; a texture does not. */
function readByTexture(bitmap, data) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(bitmap.width, bitmap.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return;
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(data.buffer));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}

function readPixels(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const picture = context.getImageData(0, 0, width, height), { data } = picture;
  if (data.some((value, i) => i % 4 === 3 && value < 255)) readByTexture(bitmap, data);
  for (let i = 3; i < data.length; i += 4) data[i] = 255; //@only !alpha !bands
  return picture;
}

/** Return a picture as ImageData: of a file, a video's frame, or what else createImageBitmap takes. */
export async function decode(source) {
  if (/\.npy$/i.test(source.name ?? "")) return readPicture(source); //@only bands
  const deep = await decodeDeep(source); //@only depth
  if (deep) return deep; //@only depth
  let bitmap;
  try {
    bitmap = await createImageBitmap(source, AS_STORED);
  } catch {
    throw new PredictError(`${source.name ?? "The picture"} cannot be decoded as a picture. ` +
      "If an image viewer opens it, save it as .png there.");
  }
  const picture = readPixels(bitmap);
  bitmap.close();
  return picture;
}
//@begin depth alpha bands

/** Return what can be drawn on of a picture: its first three channels, or the first as gray, in 8 bits. */
export function shownAs({ data, width, height, channels = 4 }) {
  const shown = new Uint8ClampedArray(4 * width * height), shift = data.BYTES_PER_ELEMENT === 2 ? 8 : 0;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) shown[4 * i + c] = data[channels * i + (channels > 2 ? c : 0)] >> shift;
    shown[4 * i + 3] = 255;
  }
  return { data: shown, width, height };
}
//@end
