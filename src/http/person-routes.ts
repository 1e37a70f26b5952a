import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { PersonRegister } from "../access/person-fields.ts";
import { opens } from "../access/rights.ts";
import { maskEnd } from "./access-masks.ts";
import { answer } from "./lists.ts";

const tags = ["persons"];
const params = z.object({ id: z.string().min(1).max(64) });

/** How the people of the teams can be reached. Everything is masked but for a purpose that opens it. */
export function personRoutes(persons: PersonRegister): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/persons/:id/fields",
      schema: {
        tags,
        summary: "A person's identity and contact; what the purpose does not open is masked",
        params,
        response: answer(
          z.object({
            identity: z.string().nullable(),
            phone: z.string().nullable(),
            mail: z.string().nullable(),
            masked: z.array(z.enum(["identity", "phone", "mail"])),
          }),
        ),
      },
      handler: async ({ params: { id }, purpose }) => {
        const fields = await persons.get(id);
        const classes = { identity: "identity", phone: "contact", mail: "contact" } as const;
        const masked = (["identity", "phone", "mail"] as const).filter((name) => !opens(purpose, classes[name]));
        const shown = Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [
            name,
            masked.includes(name as "phone") && value !== null ? maskEnd(value) : value,
          ]),
        ) as typeof fields;
        return { ...shown, masked };
      },
    });
    app.route({
      method: "PUT",
      url: "/persons/:id/fields",
      schema: {
        tags,
        summary: "Sets a person's identity and contact; kept encrypted",
        params,
        body: z.strictObject({
          identity: z
            .string()
            .regex(/^\d{17}[\dX]$/)
            .nullable()
            .default(null),
          phone: z
            .string()
            .regex(/^\+?\d{5,15}$/)
            .nullable()
            .default(null),
          mail: z.email().max(200).nullable().default(null),
        }),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async ({ params: { id }, body }) => {
        await persons.put(id, body);
        return { id };
      },
    });
  };
}
