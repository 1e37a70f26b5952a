/** A rectangle of places, 1e-6 degree, such as one in which nothing can change. */
export class PlaceBox {
  /** The westernmost longitude and the southernmost latitude. */
  west = 0;
  south = 0;
  /** How many longitudes it holds, and how many latitudes; 0: none. */
  width = 0;
  height = 0;

  holds(lonE6: number, latE6: number): boolean {
    const east = lonE6 - this.west;
    const north = latE6 - this.south;
    return east >= 0 && east < this.width && north >= 0 && north < this.height;
  }

  set(west: number, south: number, width: number, height: number): void {
    this.west = west;
    this.south = south;
    this.width = width;
    this.height = height;
  }

  /** All that is at most `half` from a place in both coordinates; nothing when that is negative. */
  setRound(lonE6: number, latE6: number, half: number): void {
    const side = half < 0 ? 0 : 2 * half + 1;
    this.set(lonE6 - half, latE6 - half, side, side);
  }

  empty(): void {
    this.width = 0;
  }
}
