/** Tables of the migrations 0005, 0011 and 0015. Instants are ms UTC. */
export interface AccessTables {
  account: {
    id: string;
    name: string;
    person: string | null;
    password: string | null;
    roles: string[];
    state: "active" | "blocked";
    created_ms: number;
    changed_ms: number;
  };
  session: {
    id: string;
    account: string;
    purpose: string | null;
    purpose_until_ms: number | null;
    address: string;
    created_ms: number;
    seen_ms: number;
    expires_ms: number;
    ended_ms: number | null;
  };
  api_key: {
    id: string;
    account: string;
    label: string;
    digest: string;
    purpose: string | null;
    rights: string[];
    created_ms: number;
    expires_ms: number;
    revoked_ms: number | null;
  };
  person_field: {
    person: string;
    key: string;
    identity: string | null;
    phone: string | null;
    mail: string | null;
    identity_hash: string | null;
    phone_hash: string | null;
  };
  break_glass: {
    id: string;
    account: string;
    path: string;
    purpose: string;
    reason: string;
    from_ms: number;
    to_ms: number;
  };
  audit: {
    seq: number;
    at_ms: number;
    account: string | null;
    purpose: string | null;
    kind: string;
    subject: string | null;
    shape: string;
    count: number;
    status: number;
    previous: string;
    digest: string;
  };
  totp: { account: string; secret: string; confirmed_ms: number | null; last_step: number };
  recovery_code: { account: string; hash: string };
  passkey: {
    id: string;
    account: string;
    label: string;
    public_key: string;
    counter: number;
    transports: string[];
    created_ms: number;
    used_ms: number | null;
  };
  password_code: { account: string; digest: string; made_by: string; made_ms: number; expires_ms: number };
  account_identity: { issuer: string; subject: string; account: string; linked_by: string; linked_ms: number };
}
