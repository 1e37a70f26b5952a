import {
  startAuthentication,
  startRegistration,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/browser";
import { send } from "../api/client.ts";

/** Whoever sat there closed the browser's question, or no key of theirs fitted. */
export class PasskeyCancelled extends Error {
  override readonly name = "PasskeyCancelled";
}

/**
 * Has the browser ask for a passkey of this address.
 * @param beside account and password that were right: then for one of the account's own, a security key's too
 * @throws ApiError, PasskeyCancelled
 */
export async function askPasskey(beside?: { account: string; password: string }): Promise<AuthenticationResponseJSON> {
  const optionsJSON = await send<PublicKeyCredentialRequestOptionsJSON>("POST", "/session/passkey/options", beside);
  return orCancelled(() => startAuthentication({ optionsJSON }));
}

/** Has the browser make a passkey. @throws ApiError, PasskeyCancelled */
export async function makePasskey(proof: object): Promise<RegistrationResponseJSON> {
  const optionsJSON = await send<PublicKeyCredentialCreationOptionsJSON>("POST", "/me/passkeys/options", proof);
  return orCancelled(() => startRegistration({ optionsJSON }));
}

async function orCancelled<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw new PasskeyCancelled((error as Error).message, { cause: error });
  }
}
