const SIDE = 65_536;
const LAST = SIDE - 1;

/**
 * Where a place lies on the Hilbert curve over the whole earth, 16 bits an axis: cells of 0.0055° by 0.0027°
 * (in China's middle some 500 m by 300 m). Fixes that are sorted by it lie in files as they lie on the ground, so a small box touches few rows.
 *
 * @param lonE6 WGS-84 longitude in 1e-6 degree; places off the earth are counted to its edge
 * @param latE6 WGS-84 latitude in 1e-6 degree
 * @returns 0 to 2^32 - 1
 */
export function placeCell(lonE6: number, latE6: number): number {
  let x = axisCell((lonE6 + 180e6) / 360e6);
  let y = axisCell((latE6 + 90e6) / 180e6);
  let index = 0;
  for (let side = SIDE >> 1; side > 0; side >>= 1) {
    const right = (x & side) !== 0 ? 1 : 0;
    const upper = (y & side) !== 0 ? 1 : 0;
    index = index * 4 + ((3 * right) ^ upper);
    if (upper === 0) {
      if (right === 1) {
        x = LAST - x;
        y = LAST - y;
      }
      const swap = x;
      x = y;
      y = swap;
    }
  }
  return index;
}

function axisCell(share: number): number {
  const cell = Math.floor(share * SIDE);
  return cell < 0 ? 0 : cell > LAST ? LAST : cell;
}
