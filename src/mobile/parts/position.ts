export interface Position {
  /** Degrees, WGS-84. */
  lon: number;
  lat: number;
  accuracyM: number;
  /** ISO 8601 UTC. */
  time: string;
}

const PATIENCE_MS = 20_000;
/** A position that the phone found this short a time ago is as good as a new one, ms. */
const FRESH_MS = 15_000;

/** Where the phone is. @throws when the person forbids it or nothing is found in time */
export function findPosition(): Promise<Position> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        resolve({
          lon: Number(coords.longitude.toFixed(6)),
          lat: Number(coords.latitude.toFixed(6)),
          accuracyM: Math.round(coords.accuracy),
          time: new Date(timestamp).toISOString(),
        }),
      reject,
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: FRESH_MS },
    );
  });
}
