/** Under which names the page keeps the server's answers. */
export const keys = {
  city: ["city"],
  areas: ["areas"],
  area: (id: string) => ["area", id],
  areaVersions: (id: string, version: number) => ["area-versions", id, version],
  system: ["system"],
  openLocks: ["locks", "open"],
  lockList: ["locks", "list"],
  lock: (id: string) => ["lock", id],
  vehicle: (id: string) => ["vehicle", id],
  vehicleLocks: (id: string) => ["vehicle-locks", id],
  vehicleExposures: (id: string) => ["exposures", "vehicle", id],
  areaExposures: (id: string) => ["exposures", "area", id],
  vehiclePassages: (id: string) => ["passages", "vehicle", id],
  gatePassages: (id: string) => ["passages", "gate", id],
  /** The counts that still grow. */
  gateCountsNow: ["gate-counts", "now"],
  gateCounts: (fromMs: number, toMs: number) => ["gate-counts", fromMs, toMs],
  track: (id: string, fromMs: number) => ["track", id, fromMs],
  vehicles: (query: string, state: string) => ["vehicles", query, state],
};
