import type { Buffer } from "node:buffer";
import { ReplyResult } from "../wire/jt808/0001-general-reply.ts";
import { decodeRegistration } from "../wire/jt808/0100-registration.ts";
import { AUTHENTICATION, decodeAuthentication } from "../wire/jt808/0102-authentication.ts";
import {
  encodeRegistrationAnswer,
  REGISTRATION_ANSWER,
  RegistrationResult,
} from "../wire/jt808/8100-registration-answer.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import { countRegistrationDeviations } from "./deviations.ts";
import type { Session } from "./session.ts";
import type { TerminalStatus } from "../model/terminal.ts";
import type { Terminal } from "./terminal-register.ts";
import { cleanPlate } from "./vehicle-facts.ts";

/**
 * 0x0100: the terminal is written into the register and, when it is accepted, gets its code, both before the answer.
 * @throws MalformedBody when the body is too short.
 */
export function register(core: GatewayCore, session: Session, serial: number, body: Buffer): void {
  if (session.registering) return;
  const registration = decodeRegistration(body, session.wideHeader);
  countRegistrationDeviations(core.counters.deviations, registration, body, session.wideHeader);
  const known = core.register.findNewest(session.phone);
  if (known === undefined && core.register.size >= core.limits.terminals) {
    count(core.counters.registrations, "registerFull");
    answerRegistration(session, serial, RegistrationResult.terminalUnknown);
    return;
  }
  const terminal: Terminal = {
    phone: session.phone,
    plate: cleanPlate(registration.plate),
    plateColour: registration.plateColor,
    terminalId: registration.terminalId,
    terminalModel: registration.terminalModel,
    manufacturerId: registration.manufacturerId,
    registeredMs: core.nowMs(),
    firstRegisteredMs: known?.firstRegisteredMs ?? known?.registeredMs ?? core.nowMs(),
    address: session.connection.address,
    status: statusOf(core, known),
    codeGeneration: known?.codeGeneration ?? 0,
  };
  session.registering = true;
  core.register
    .save(terminal)
    .then(
      () => finish(core, session, serial, terminal),
      (error: unknown) => {
        count(core.counters.registrations, "notStored");
        core.log.warn("a registration could not be stored", { terminal: session.phone, error }, core.nowMs());
      },
    )
    .finally(() => (session.registering = false));
}

/**
 * 0x0102: the code is checked, and the session lives.
 * @throws MalformedBody when the body is too short.
 */
export function authenticate(core: GatewayCore, session: Session, serial: number, body: Buffer): void {
  const { policy, register: terminals, codes, counters, limits, log } = core;
  const { authCode } = decodeAuthentication(body, session.wideHeader);
  const terminal = terminals.find(session.phone);
  const accepted = terminal === undefined ? policy.admission === "open" : terminal.status === "accepted";
  const right =
    policy.authentication === "optional" || codes.isRight(authCode, session.phone, terminal?.codeGeneration ?? 0);
  if (!accepted || !right) {
    count(counters.authentications, accepted ? "wrongCode" : "notAccepted");
    log.info("an authentication was refused", { terminal: session.phone, accepted }, core.nowMs());
    session.reply(serial, AUTHENTICATION, ReplyResult.failed);
    if (++session.wrongCodes >= limits.wrongCodes) {
      session.flushAnswers();
      session.connection.close("wrongCodes");
    }
    return;
  }
  if (!session.begin()) {
    session.reply(serial, AUTHENTICATION, ReplyResult.failed);
    return;
  }
  count(counters.authentications, "ok");
  session.reply(serial, AUTHENTICATION, ReplyResult.ok);
  core.commands.loggedIn(session, core.nowMs());
}

function statusOf(core: GatewayCore, known: Terminal | undefined): TerminalStatus {
  if (known === undefined) return core.policy.admission === "open" ? "accepted" : "waiting";
  return known.status === "waiting" && core.policy.admission === "open" ? "accepted" : known.status;
}

function finish(core: GatewayCore, session: Session, serial: number, terminal: Terminal): void {
  count(core.counters.registrations, terminal.status);
  if (session.connection.closed) return;
  // A terminal that registers anew authenticates anew: its vehicle may be another one.
  session.live = false;
  if (terminal.status === "accepted") {
    answerRegistration(
      session,
      serial,
      RegistrationResult.ok,
      core.codes.codeOf(terminal.phone, terminal.codeGeneration),
    );
  } else {
    core.log.info("a terminal waits for approval", { terminal: terminal.phone, status: terminal.status }, core.nowMs());
    answerRegistration(session, serial, RegistrationResult.terminalUnknown);
  }
  session.flushAnswers();
}

function answerRegistration(session: Session, replySerial: number, result: number, authCode?: string): void {
  const answer = authCode === undefined ? { replySerial, result } : { replySerial, result, authCode };
  session.encode(REGISTRATION_ANSWER, encodeRegistrationAnswer(answer));
}
