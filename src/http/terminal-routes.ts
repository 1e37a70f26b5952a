import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { TrackedCommand } from "../gateway/command-desk.ts";
import { locationQuery, parametersQuery, textCommand, trackingCommand, type Command } from "../gateway/command.ts";
import type { Jt808Server } from "../gateway/jt808-server.ts";
import type { Terminal } from "../gateway/terminal-register.ts";
import { vehicleFactsOf } from "../gateway/vehicle-facts.ts";
import { WuxingError } from "../model/errors.ts";
import { TextFlag } from "../wire/jt808/8300-text.ts";
import { answer, pageAnswer, pageQuery } from "./lists.ts";

/** The gateway's terminals, as the API shows and commands them. */
export type TerminalDesk = Pick<
  Jt808Server,
  "terminals" | "decide" | "revokeCode" | "isOnline" | "terminalsOf" | "send" | "commandsOf"
>;

const tags = ["terminals"];
const phoneParams = z.object({ phone: z.string().min(1).max(20) });
const vehicleParams = z.object({ id: z.string().min(1).max(64) });
const statusSchema = z.enum(["waiting", "accepted", "refused"]);
const terminalSchema = z.object({
  phone: z.string(),
  vehicle: z.string(),
  model: z.string(),
  terminalId: z.string(),
  manufacturer: z.string(),
  registeredAt: z.iso.datetime(),
  status: statusSchema,
  online: z.boolean(),
});
const commandSchema = z.object({
  id: z.int(),
  terminal: z.string(),
  message: z.string().describe("Message of JT/T 808, `0x8202`"),
  state: z.enum(["waiting", "sent", "done", "refused", "unanswered", "expired", "cancelled"]),
  givenAt: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  sentAt: z.iso.datetime().nullable(),
  attempts: z.int(),
  result: z.int().nullable().describe("0 done, 1 failed, 2 bad message, 3 not supported"),
  answer: z.string().nullable().describe("The answering message's body, hexadecimal"),
});
const commandInputSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("text"),
    text: z.string().min(1).max(1024).describe("At most 1024 bytes in GBK"),
    urgent: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("position") }),
  z.strictObject({
    kind: z.literal("tracking"),
    intervalSec: z.int().min(0).max(65_535).describe("0 stops"),
    validitySec: z.int().min(1).max(86_400).default(3600),
  }),
  z.strictObject({ kind: z.literal("parameters") }),
]);

/** Terminals: who waits to be let in, and what vehicles are told. */
export function terminalRoutes(desk: TerminalDesk): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/terminals",
      schema: {
        tags,
        summary: "Terminals that registered, in the order in which they became known",
        querystring: z.strictObject({ status: statusSchema.optional(), ...pageQuery }),
        response: pageAnswer(terminalSchema),
      },
      handler: async ({ query: { status, limit, cursor } }) => {
        const from = cursor === undefined ? 0 : Number(cursor);
        if (!Number.isInteger(from) || from < 0) {
          throw new WuxingError("INPUT_INVALID", undefined, [
            { where: "cursor", expected: "`next` of the page before" },
          ]);
        }
        const all = desk.terminals(status);
        const items = all.slice(from, from + limit).map((terminal) => viewTerminal(desk, terminal));
        return { items, next: from + limit < all.length ? String(from + limit) : null };
      },
    });
    for (const decision of ["accept", "refuse"] as const) {
      app.route({
        method: "POST",
        url: `/terminals/:phone/${decision}`,
        schema: {
          tags,
          summary: decision === "accept" ? "Lets a terminal in" : "Lets a terminal in no more; its session ends",
          params: phoneParams,
          response: answer(terminalSchema),
        },
        handler: async ({ params: { phone } }) => {
          await desk.decide(phone, decision === "accept" ? "accepted" : "refused");
          return viewOf(desk, phone);
        },
      });
    }
    app.route({
      method: "POST",
      url: "/terminals/:phone/revoke-code",
      schema: {
        tags,
        summary: "Makes a terminal's authentication code invalid; it has to register anew",
        params: phoneParams,
        response: answer(terminalSchema),
      },
      handler: async ({ params: { phone } }) => {
        await desk.revokeCode(phone);
        return viewOf(desk, phone);
      },
    });
    app.route({
      method: "GET",
      url: "/vehicles/:id/commands",
      schema: {
        tags,
        summary: "What a vehicle's terminals were told: unfinished commands, then the latest finished ones",
        params: vehicleParams,
        response: answer(z.object({ items: z.array(commandSchema) })),
      },
      handler: async ({ params: { id } }) => ({
        items: desk.terminalsOf(id).flatMap((terminal) => desk.commandsOf(terminal).map(viewCommand)),
      }),
    });
    app.route({
      method: "POST",
      url: "/vehicles/:id/commands",
      schema: {
        tags,
        summary: "Tells a vehicle's terminal something, now or at its next log-in within ten minutes",
        params: vehicleParams,
        body: commandInputSchema,
        response: answer(commandSchema),
      },
      handler: async ({ params: { id }, body }) => {
        const [terminal] = desk.terminalsOf(id);
        if (terminal === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `${id} has no terminal`);
        return viewCommand(desk.send(terminal, commandOf(body)).tracked);
      },
    });
  };
}

function commandOf(input: z.infer<typeof commandInputSchema>): Command {
  switch (input.kind) {
    case "text":
      return driverText(input.text, input.urgent);
    case "position":
      return locationQuery();
    case "tracking": {
      const { intervalSec, validitySec } = input;
      return trackingCommand(intervalSec === 0 ? { intervalSec } : { intervalSec, validitySec });
    }
    case "parameters":
      return parametersQuery();
  }
}

function driverText(text: string, urgent: boolean): Command {
  try {
    const flags = TextFlag.display | TextFlag.readOut | (urgent ? TextFlag.urgent : 0);
    return textCommand({ flags, textType: urgent ? 1 : 2, text });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body.text", expected: "at most 1024 bytes in GBK" }]);
  }
}

function viewOf(desk: TerminalDesk, phone: string): z.infer<typeof terminalSchema> {
  const terminal = desk.terminals().find((one) => one.phone === phone);
  if (terminal === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `terminal ${phone} never registered`);
  return viewTerminal(desk, terminal);
}

function viewTerminal(desk: TerminalDesk, terminal: Terminal): z.infer<typeof terminalSchema> {
  const { phone, terminalModel, terminalId, manufacturerId, registeredMs, status } = terminal;
  return {
    phone,
    vehicle: vehicleFactsOf(phone, terminal).vehicle,
    model: terminalModel,
    terminalId,
    manufacturer: manufacturerId,
    registeredAt: new Date(registeredMs).toISOString(),
    status,
    online: desk.isOnline(phone),
  };
}

function viewCommand(command: TrackedCommand): z.infer<typeof commandSchema> {
  const { id, terminal, messageId, state, givenMs, validUntilMs, sentMs, attempts, result, answer: body } = command;
  return {
    id,
    terminal,
    message: `0x${messageId.toString(16).padStart(4, "0")}`,
    state,
    givenAt: new Date(givenMs).toISOString(),
    validUntil: new Date(validUntilMs).toISOString(),
    sentAt: sentMs === undefined ? null : new Date(sentMs).toISOString(),
    attempts,
    result: result ?? null,
    answer: body === undefined ? null : body.toString("hex"),
  };
}
