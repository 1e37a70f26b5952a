import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Argon2id (RFC 9106) with the parameters that OWASP asks at least: 19 MiB, 2 passes, 1 lane. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
/** Longer ones are refused before they cost anything. */
const PASSWORD_LENGTH_MAX = 200;

const derive = promisify(argon2);

/** A password as it is kept: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`, the PHC string format. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await tagOf(password, salt, MEMORY_KIB, PASSES, LANES);
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(tag)}`;
}

/** Whether a password is the one that was kept. A missing one takes as long as a wrong one. */
export async function isPassword(password: string, kept: string | null): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(kept ?? (await nobody()));
  if (parts === null || password.length > PASSWORD_LENGTH_MAX) return false;
  const [memory, passes, lanes] = parts.slice(1, 4).map(Number) as [number, number, number];
  const expected = Buffer.from(parts[5]!, "base64");
  const tag = await tagOf(password, Buffer.from(parts[4]!, "base64"), memory, passes, lanes);
  return tag.length === expected.length && timingSafeEqual(tag, expected) && kept !== null;
}

let nobodys: Promise<string> | undefined;
function nobody(): Promise<string> {
  nobodys ??= hashPassword(randomBytes(16).toString("base64url"));
  return nobodys;
}

async function tagOf(password: string, salt: Buffer, memory: number, passes: number, lanes: number): Promise<Buffer> {
  const tag = await derive("argon2id", {
    message: Buffer.from(password.normalize("NFKC")),
    nonce: salt,
    parallelism: lanes,
    tagLength: TAG_BYTES,
    memory,
    passes,
  });
  return Buffer.from(tag);
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
