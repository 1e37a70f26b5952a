/** Puts the interval [from, to] among ascending, disjoint ones, joining those that it touches; returns their new number. */
export function addInterval(out: Float64Array, count: number, from: number, to: number): number {
  let first = 0;
  while (first < count && out[2 * first + 1] < from) first++;
  let last = first;
  let joinedFrom = from;
  let joinedTo = to;
  while (last < count && out[2 * last] <= to) {
    joinedFrom = Math.min(joinedFrom, out[2 * last]);
    joinedTo = Math.max(joinedTo, out[2 * last + 1]);
    last++;
  }
  out.copyWithin(2 * first + 2, 2 * last, 2 * count);
  out[2 * first] = joinedFrom;
  out[2 * first + 1] = joinedTo;
  return count - (last - first) + 1;
}
