import { Buffer } from "node:buffer";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { KeptMessage, TerminalMessages } from "../store/terminal-messages.ts";
import { decodeBody, messageName } from "../wire/jt808/messages.ts";
import { decodeVehicleData809, vehicleMessageName809 } from "../wire/jt809/vehicle-messages.ts";
import { instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";

const messageSchema = z.object({
  id: z.int(),
  terminal: z.string(),
  message: z
    .string()
    .describe("Message of JT/T 808, `0x0702`; of JT/T 809 when the terminal is a platform (`jt809-…`)"),
  name: z.string().nullable().describe("Null when it is not known here"),
  receivedAt: z.iso.datetime(),
  fields: z.record(z.string(), z.unknown()).nullable().describe("What it says; null when it is not understood"),
  body: z.string().describe("As it came, hexadecimal"),
});

/** What terminals say beside their positions: drivers' cards, waybills, events, and messages that are not known here. */
export function messageRoutes(messages: Pick<TerminalMessages, "page">): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/vehicles/:id/messages",
      schema: {
        tags: ["terminals"],
        summary:
          "What a vehicle's terminals said beside positions (0x0701 waybill, 0x0702 driver's card …), newest first",
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: z.strictObject({
          message: z
            .string()
            .regex(/^0x[0-9a-f]{4}$/u)
            .optional(),
          from: instantQuery.optional(),
          to: instantQuery.optional(),
          ...pageQuery,
        }),
        response: pageAnswer(messageSchema),
      },
      handler: async ({ params: { id: vehicle }, query: { message, from, to, ...page } }) => {
        const messageId = message === undefined ? undefined : Number(message);
        const found = await messages.page({ ...page, vehicle, messageId, fromMs: msOf(from), toMs: msOf(to) });
        return { items: found.items.map(viewMessage), next: found.next };
      },
    });
  };
}

function viewMessage({
  id,
  terminal,
  messageId,
  receivedMs,
  wideHeader,
  body,
}: KeptMessage): z.infer<typeof messageSchema> {
  const isOfPlatform = terminal.startsWith("jt809-");
  const decode = isOfPlatform ? decodeVehicleData809 : decodeBody;
  return {
    id,
    terminal,
    message: `0x${messageId.toString(16).padStart(4, "0")}`,
    name: (isOfPlatform ? vehicleMessageName809(messageId) : messageName(messageId)) ?? null,
    receivedAt: new Date(receivedMs).toISOString(),
    fields: fieldsOf(() => decode(messageId, Buffer.from(body, "hex"), wideHeader)),
    body,
  };
}

/** Bytes inside are shown as hexadecimal text; instants in ms stay numbers, and one that is no date is null. */
function fieldsOf(decode: () => object | undefined): Record<string, unknown> | null {
  try {
    const fields = decode();
    if (fields === undefined) return null;
    const text = JSON.stringify(fields, (_key, value: unknown) => {
      const bytes = z.object({ type: z.literal("Buffer"), data: z.array(z.number()) }).safeParse(value);
      if (bytes.success) return Buffer.from(bytes.data.data).toString("hex");
      return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
    });
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // A body that is shorter than its message asks for is shown as bytes alone.
    return null;
  }
}
