// Rounding as OpenCV and NumPy do it.

/** The nearest whole number, and of two the even one. */
export function rint(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
}
