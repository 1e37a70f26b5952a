import Fastify, { type FastifyInstance } from "fastify";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { createQueries } from "../store/ledger-queries.ts";
import { accessForTests } from "./access-for-tests.ts";
import { guardRoutes, readNoted } from "./access-hooks.ts";
import { answerErrors } from "./error-answer.ts";
import { principalOf } from "./principal.ts";

let database: Database;
let app: FastifyInstance;

beforeAll(async () => {
  database = await openTestDatabase();
  const { kysely } = database;
  const { access } = await accessForTests(database);
  app = Fastify();
  answerErrors(app);
  guardRoutes(app, access);
  app.get("/api/v1/locks", (request) =>
    readNoted(kysely, principalOf(request), request, (restricted) => createQueries(restricted).locks({})),
  );
  app.get("/api/v1/locks/:id", async () => ({ id: "one" }));
  app.get("/api/v1/vehicles/:id/track/file", (_, reply) => reply.type("text/csv").send("a,file\n"));
});
afterAll(async () => {
  await app.close();
  await database.close();
});

describe("10. Every read and search of personal data is audited: nothing leaves before its note is on disk", () => {
  const doors = ["/api/v1/locks", "/api/v1/locks/x", "/api/v1/vehicles/x/track/file"];

  it.each(doors)("%s is noted once", async (url) => {
    const before = await notes();
    const { statusCode } = await app.inject({ url, headers: { host: "localhost" } });
    expect(statusCode).toBe(200);
    expect((await notes()) - before).toBe(1);
  });

  it.each(doors)("%s is not shown when its note cannot be written, and shown again when it can", async (url) => {
    const before = await notes();
    await sql`alter table audit rename to elsewhere`.execute(database.kysely);
    const refused = await app.inject({ url, headers: { host: "localhost" } });
    await sql`alter table elsewhere rename to audit`.execute(database.kysely);
    expect(refused.statusCode).toBe(500);
    expect(refused.body).not.toMatch(/one|a,file|items/);
    expect(await notes()).toBe(before);
    expect((await app.inject({ url, headers: { host: "localhost" } })).statusCode).toBe(200);
    expect(await notes()).toBe(before + 1);
  });
});

async function notes(): Promise<number> {
  return (await database.kysely.selectFrom("audit").select("seq").execute()).length;
}
