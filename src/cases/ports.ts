/** What cases need of the rest; `city/`, `watch/` and `gateway/` answer. All instants are ms UTC. */

/** The working calendar of the place's city. Working time is counted only inside working hours of working days. */
export interface WorkingTime {
  /** The instant at which `workingMs` of working time have passed since `fromMs`. */
  add: (fromMs: number, workingMs: number) => number;
  /** Working time from `fromMs` to `toMs`, ms; 0 when `toMs` is not later. */
  between: (fromMs: number, toMs: number) => number;
}

/** Places as of an instant. */
export interface PlaceFinder {
  /** The grid that holds a position (degrees, WGS-84), or undefined outside the city. */
  findGridAt: (lon: number, lat: number, atMs: number) => string | undefined;
  /** `410700/410702/…/`, closed by a slash. @throws PLACE_NOT_FOUND when the place does not exist at that instant */
  getPath: (place: string, atMs: number) => string;
  /** The place's name, or its last one; its id when there never was one. */
  nameOf: (place: string) => string;
}

/** Who is addressed by work for a slot of a place. */
export interface Addressee {
  /** Where the holders were found: the place itself or, when nobody holds the slot there, the nearest place above it. */
  place: string;
  slot: string;
  /** Persons that hold the slot at the instant, substitutes for those on leave; empty when nobody does up to the top. */
  persons: readonly string[];
  /** True when the slot of the place asked for was vacant and the work went up. */
  wentUp: boolean;
}

export interface DutyFinder {
  /** Slots that exist, e.g. `head`, `deputy`, `police`, `medic`, `member`, `volunteer`, `desk`; data, not code. */
  slots: () => readonly string[];
  find: (place: string, slot: string, atMs: number) => Addressee;
  /** What a person holds, or stands in for, at an instant. */
  dutiesOf: (person: string, atMs: number) => readonly { place: string; slot: string }[];
}

/** Where a case's subject was at an instant, as far as it is known; degrees, WGS-84. */
export type SubjectPosition = (
  subject: { kind: string; id: string },
  atMs: number,
) => Promise<{ lon: number; lat: number; timeMs: number } | null>;

/** Who does something: a person by an account. */
export interface Doer {
  account: string;
  person: string;
}
