import { z } from "zod";

/** `accepted` may log in; `waiting` asks for a person's approval; `refused` stays out. */
export const terminalStatusSchema = z.enum(["waiting", "accepted", "refused"]);
export type TerminalStatus = z.infer<typeof terminalStatusSchema>;

/** A terminal that registered, as the API shows it. */
export const terminalViewSchema = z.object({
  /** Its number, digits without leading zeros. */
  phone: z.string(),
  /** As it says: `豫G12345_2`, a VIN, or `@` and its number. */
  vehicle: z.string(),
  model: z.string(),
  terminalId: z.string(),
  manufacturer: z.string(),
  registeredAt: z.iso.datetime().describe("When it registered last"),
  firstRegisteredAt: z.iso.datetime().describe("Since when it is known, and so since when a waiting one waits"),
  address: z.string().nullable().describe("Where it registered from last"),
  status: terminalStatusSchema,
  online: z.boolean(),
});
export type TerminalView = z.infer<typeof terminalViewSchema>;
