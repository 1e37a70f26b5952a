import { createHmac, timingSafeEqual } from "node:crypto";
import { WuxingError } from "../model/errors.ts";

/** 128 bits: nobody guesses one, and it fits a short message. */
const SIGNATURE_BYTES = 16;

/** Links for whom a case is about and who has no account: they name the case and their end, and are signed. */
export class DriverLinks {
  readonly #secret: string;

  /** @param secret of the data folder; who changes it ends all links */
  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The token of a case, for a link that holds until `untilMs` (ms UTC, whole seconds are kept). */
  create(caseId: string, untilMs: number): string {
    const content = Buffer.from(JSON.stringify([caseId, Math.floor(untilMs / 1000)])).toString("base64url");
    return `${content}.${this.#sign(content).toString("base64url")}`;
  }

  /** The case that a token names. @throws WuxingError LINK_INVALID when it is not ours, was changed, or is over */
  read(token: string, nowMs: number): string {
    const [content = "", signature = "", ...more] = token.split(".");
    const given = Buffer.from(signature, "base64url");
    const expected = this.#sign(content);
    if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new WuxingError("LINK_INVALID");
    }
    const [caseId, untilSec] = JSON.parse(Buffer.from(content, "base64url").toString()) as [string, number];
    if (nowMs >= untilSec * 1000) throw new WuxingError("LINK_INVALID");
    return caseId;
  }

  /** The purpose is signed along: nothing else that this secret signs is a link. */
  #sign(content: string): Buffer {
    return createHmac("sha256", this.#secret).update(`driver-link\n${content}`).digest().subarray(0, SIGNATURE_BYTES);
  }
}
