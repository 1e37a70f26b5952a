import { readFile } from "node:fs/promises";
import type { OpenIdSettings } from "../access/open-id.ts";
import { WuxingError } from "../model/errors.ts";
import type { Settings } from "./settings.ts";

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** What is known of the identity provider; null when none is set. @throws WuxingError CONFIG_INVALID when it is half set */
export async function readOpenId(settings: Settings): Promise<OpenIdSettings | null> {
  const { openidIssuer: issuer, openidClient: clientId, openidSecretFile: secretFile, publicUrl } = settings;
  if (issuer === undefined) return null;
  if (clientId === undefined || secretFile === undefined || publicUrl === undefined)
    throw new WuxingError("CONFIG_INVALID", "an identity provider is set", [
      { where: "--openid-issuer", expected: "with it --openid-client, --openid-secret-file and --public-url" },
    ]);
  const { protocol, hostname } = new URL(issuer);
  if (protocol === "http:" && !LOOPBACK.test(hostname))
    throw new WuxingError("CONFIG_INVALID", undefined, [
      { where: "--openid-issuer", value: issuer, expected: "https, but for this machine" },
    ]);
  return {
    issuer,
    clientId,
    clientSecret: await secretOf(secretFile),
    redirect: new URL("/api/v1/session/openid/back", publicUrl).href,
    accountClaim: settings.openidAccountClaim ?? null,
  };
}

async function secretOf(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new WuxingError(
      "CONFIG_INVALID",
      undefined,
      [{ where: "--openid-secret-file", value: file, expected: "a file that can be read" }],
      { cause: error },
    );
  }
}
