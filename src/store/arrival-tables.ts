/** Tables of migration 0010. Instants are ms UTC. */
export interface ArrivalTables {
  arrival: {
    id: string;
    vehicle: string;
    place: string | null;
    path: string;
    from_ms: number;
    to_ms: number;
    declared_ms: number;
    source: string;
    body: unknown;
    contact: string | null;
  };
}
