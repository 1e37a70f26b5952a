import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { keptOf } from "../gateway/command-desk.ts";
import type { KeptCommand } from "../gateway/command-journal.ts";
import type { Jt808Server } from "../gateway/jt808-server.ts";
import type { Terminal } from "../gateway/terminal-register.ts";
import { vehicleFactsOf } from "../gateway/vehicle-facts.ts";
import { WuxingError } from "../model/errors.ts";
import { terminalStatusSchema, terminalViewSchema, type TerminalStatus, type TerminalView } from "../model/terminal.ts";
import { commandInputSchema, commandOf } from "./command-input.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, pageAnswer, pageQuery } from "./lists.ts";

/** The gateway's terminals, as the API shows and commands them. */
export type TerminalDesk = Pick<
  Jt808Server,
  | "terminals"
  | "waitingTerminals"
  | "decide"
  | "revokeCode"
  | "isOnline"
  | "terminalsOf"
  | "send"
  | "commandsOf"
  | "commandHistory"
  | "toTerminal"
>;

const tags = ["terminals"];
const phoneParams = z.object({ phone: z.string().min(1).max(20) });
const vehicleParams = z.object({ id: z.string().min(1).max(64) });
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
/** Terminals: who waits to be let in, and what vehicles are told. */
export function terminalRoutes(desk: TerminalDesk): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/terminals",
      config: { exported: EXPORTED.terminals },
      schema: {
        tags,
        summary: "Terminals that registered, in the order in which they became known",
        querystring: z.strictObject({
          status: terminalStatusSchema.optional(),
          q: z.string().max(64).optional().describe("A part of its number, of the plate or of its own id"),
          ...pageQuery,
        }),
        response: pageAnswer(terminalViewSchema),
      },
      handler: async ({ query: { status, q, limit, cursor } }) => {
        const from = cursor === undefined ? 0 : Number(cursor);
        if (!Number.isInteger(from) || from < 0) {
          throw new WuxingError("INPUT_INVALID", undefined, [
            { where: "cursor", expected: "`next` of the page before" },
          ]);
        }
        // Places among all of them: no decision moves those, so that no page leaves one out.
        const all = desk.terminals();
        const items: TerminalView[] = [];
        let place = from;
        for (; place < all.length && items.length < limit; place++)
          if (isAsked(all[place]!, status, q)) items.push(viewTerminal(desk, all[place]!));
        const isMore = all.some((terminal, at) => at >= place && isAsked(terminal, status, q));
        return { items, next: isMore ? String(place) : null };
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
          response: answer(terminalViewSchema),
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
        response: answer(terminalViewSchema),
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
        summary: "What a vehicle's terminals were ever told, newest first, with what became of it",
        params: vehicleParams,
        querystring: z.strictObject(pageQuery),
        response: pageAnswer(commandSchema),
      },
      handler: async ({ params: { id }, query }) => {
        const { items, next } = await desk.commandHistory(desk.terminalsOf(id), query);
        return { items: items.map(viewCommand), next };
      },
    });
    app.route({
      method: "POST",
      url: "/vehicles/:id/commands",
      schema: {
        tags,
        summary: "Tells a vehicle's terminal something, now or at its next log-in while it is valid",
        params: vehicleParams,
        querystring: z.strictObject({
          validSec: z.coerce
            .number()
            .int()
            .min(1)
            .max(30 * 86_400)
            .default(600)
            .describe("How long a terminal that is away can still get it"),
        }),
        body: commandInputSchema,
        response: answer(commandSchema),
      },
      handler: async ({ params: { id }, query: { validSec }, body }) => {
        const [terminal] = desk.terminalsOf(id);
        if (terminal === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `${id} has no terminal`);
        const command = commandOf(body, desk.toTerminal);
        const { tracked, kept } = desk.send(terminal, { ...command, validUntilMs: Date.now() + validSec * 1000 });
        await kept;
        return viewCommand(keptOf({ tracked }));
      },
    });
  };
}

function isAsked(terminal: Terminal, status: TerminalStatus | undefined, q = ""): boolean {
  if (status !== undefined && terminal.status !== status) return false;
  const part = q.replaceAll(/[\s·]/gu, "").toUpperCase();
  return [terminal.phone, terminal.plate, terminal.terminalId].some((text) => text.toUpperCase().includes(part));
}

function viewOf(desk: TerminalDesk, phone: string): TerminalView {
  const terminal = desk.terminals().find((one) => one.phone === phone);
  if (terminal === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `terminal ${phone} never registered`);
  return viewTerminal(desk, terminal);
}

function viewTerminal(desk: TerminalDesk, terminal: Terminal): TerminalView {
  const { phone, terminalModel, terminalId, manufacturerId, registeredMs, status } = terminal;
  const { firstRegisteredMs = registeredMs, address = null } = terminal;
  return {
    phone,
    vehicle: vehicleFactsOf(phone, terminal).vehicle,
    model: terminalModel,
    terminalId,
    manufacturer: manufacturerId,
    registeredAt: new Date(registeredMs).toISOString(),
    firstRegisteredAt: new Date(firstRegisteredMs).toISOString(),
    address,
    status,
    online: desk.isOnline(phone),
  };
}

function viewCommand(
  command: Omit<KeptCommand, "narrowBody" | "wideBody" | "answerId">,
): z.infer<typeof commandSchema> {
  const { id, terminal, messageId, state, givenMs, validUntilMs, sentMs, attempts, result, answer: body } = command;
  return {
    id,
    terminal,
    message: `0x${messageId.toString(16).padStart(4, "0")}`,
    state,
    givenAt: new Date(givenMs).toISOString(),
    validUntil: new Date(validUntilMs).toISOString(),
    sentAt: sentMs === null ? null : new Date(sentMs).toISOString(),
    attempts,
    result,
    answer: body,
  };
}
