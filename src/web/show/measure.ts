/** A distance in m under 1 km, in km from there on. */
export function distance(metres: number): string {
  return metres < 999.5 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(metres < 9950 ? 2 : 1)} km`;
}

/** `12,345` */
export function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** Whether the server has masked who it is: no purpose was said. */
export function isMasked(vehicle: string): boolean {
  return vehicle.includes("•");
}

/** `豫G12345_2` becomes `豫G•••••`, as the server masks it. */
export function maskOf(vehicle: string): string {
  return `${/^\p{Script=Han}[A-Z]/u.exec(vehicle)?.[0] ?? ""}•••••`;
}

/** The parts of a vehicle's id; see `vehicleSchema`. */
export interface PlateParts {
  text: string;
  /** JT/T 415 colour of the plate, null when the id is no plate. */
  colour: number | null;
}

/** `豫G12345_2` becomes `豫G·12345` on yellow; a VIN or a terminal's number stays as it is. */
export function plateOf(vehicle: string): PlateParts {
  const match = /^(\p{Script=Han}[A-Z])([A-Z0-9\p{Script=Han}]{4,7})_(\d{1,2})$/u.exec(vehicle);
  if (match !== null) return { text: `${match[1]}·${match[2]}`, colour: Number(match[3]) };
  const other = /^(.+)_(\d{1,2})$/.exec(vehicle);
  if (other !== null) return { text: other[1]!, colour: Number(other[2]) };
  return { text: vehicle, colour: null };
}
