/**
 * What the audit costs of a request: a member's list over HTTP, as the server answers it (session, rights, row-level security, list,
 * text), by two servers on one database that differ in the note alone; they take turns, so that what else the machine does
 * falls on both.
 */
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { sql, type Kysely } from "kysely";
import { readFile } from "node:fs/promises";
import { AccessDesk } from "../src/access/access-desk.ts";
import { AuditChain } from "../src/access/audit-chain.ts";
import type { CaseDesk } from "../src/cases/case-desk.ts";
import type { CaseLists } from "../src/cases/case-lists.ts";
import type { CaseDeskOptions } from "../src/cases/case-writer.ts";
import { guardRoutes, readNoted, type HttpAccess } from "../src/http/access-hooks.ts";
import { caseRoutes, type CaseOffice } from "../src/http/case-routes.ts";
import { answerErrors } from "../src/http/error-answer.ts";
import { principalOf } from "../src/http/principal.ts";
import type { Tables } from "../src/store/tables.ts";
import type { Figure } from "./report.ts";

export interface AccessCity {
  kysely: Kysely<Tables>;
  desk: CaseDesk;
  lists: CaseLists;
  options: CaseDeskOptions;
  /** Whose lists are asked for. */
  persons: readonly string[];
  nowMs: number;
}

const ASKED = 600;
const WARMED = 60;
const PERSONS = 50;
/** As many clients at once as a busy hour has. */
const CLIENTS = 32;
/** Of one server, before the other one has its turn. */
const TURN = 96;
const TURNS = 20;
/** Of Linux's accounting. */
const TICK_MS = 10;
const QUESTION = "/api/v1/cases?mine=true&limit=50";

/** Medians of requests one by one, and requests a second of many clients; with the note, without, and the share. */
export async function measureAudit(city: AccessCity, add: (figure: Figure) => void): Promise<void> {
  const access = new AccessDesk({
    kysely: city.kysely,
    duties: {
      dutiesOf: city.options.duties.dutiesOf,
      getPath: city.options.places.getPath,
      kindOf: () => "grid",
    },
    cityNow: () => city.nowMs,
  });
  const cookies = await signInAll(access, city);
  const chain = new AuditChain(city.kysely);
  const noted = await serve(city, access, chain);
  const bare = await serve(city, access, { append: async () => {} });
  try {
    const took = { noted: [] as number[], bare: [] as number[] };
    for (let i = 0; i < ASKED + WARMED; i++) {
      const cookie = cookies[(i * 31) % cookies.length];
      // Who comes first changes, too: a list that was just read is read faster.
      const order = i % 2 === 0 ? (["noted", "bare"] as const) : (["bare", "noted"] as const);
      for (const which of order) {
        const startedMs = performance.now();
        await ask(which === "noted" ? noted : bare, cookie);
        if (i >= WARMED) took[which].push(performance.now() - startedMs);
      }
    }
    const [withNote, without] = [median(took.noted), median(took.bare)];
    const sizes = { requests: ASKED };
    add({ name: "a member's list over HTTP without a note, median", value: without, unit: "ms", sizes });
    const comparedTo = "without a note";
    const alone = { value: withNote, unit: "ms", comparedTo, ratio: withNote / without, sizes };
    add({ name: "the same, answered when the note is on disk, median", ...alone });

    const [spent, cpu] = [
      { noted: [] as number[], bare: [] as number[] },
      { noted: 0, bare: 0 },
    ];
    for (let turn = 0; turn < TURNS * 2; turn++) {
      const which = (turn + (turn >> 1)) % 2 === 0 ? "noted" : "bare";
      const [startedMs, cpuMs] = [performance.now(), await processorMs(city.kysely)];
      await atOnce(TURN, (i) => ask(which === "noted" ? noted : bare, cookies[i % cookies.length]));
      spent[which].push((performance.now() - startedMs) / TURN);
      cpu[which] += (await processorMs(city.kysely)) - cpuMs;
    }
    const many = { clients: CLIENTS, requests: TURN * TURNS };
    const compare = (name: string, { noted: more, bare: less }: { noted: number; bare: number }): void => {
      add({ name: `${name} without a note`, value: less, unit: "ms", sizes: many });
      add({ name: "the same with it", value: more, unit: "ms", comparedTo, ratio: more / less, sizes: many });
    };
    compare("a request of 32 clients, median", { noted: median(spent.noted), bare: median(spent.bare) });
    const each = TURN * TURNS;
    compare("processor of such a request, program and database", { noted: cpu.noted / each, bare: cpu.bare / each });
  } finally {
    await Promise.all([noted.close(), bare.close()]);
  }
}

async function serve(city: AccessCity, desk: AccessDesk, audit: Pick<AuditChain, "append">): Promise<FastifyInstance> {
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  guardRoutes(app, { desk, audit, demo: null } as HttpAccess);
  const office: Pick<CaseOffice, "desk" | "lists" | "readAs"> = {
    desk: city.desk,
    lists: city.lists,
    readAs: (request, run) => readNoted(city.kysely, principalOf(request), request, run),
  };
  await app.withTypeProvider<ZodTypeProvider>().register(caseRoutes(office), { prefix: "/api/v1" });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app;
}

/** Sessions of grid heads with their purpose, as they stand through a shift. */
async function signInAll(access: AccessDesk, { persons }: AccessCity): Promise<string[]> {
  const cookies: string[] = [];
  for (const person of persons.slice(0, PERSONS)) {
    await access.addAccount({ id: person, name: person, person });
    const token = await access.beginSession(person, "127.0.0.1");
    await access.setPurpose((await access.bySession(token))!.principal, "case-work");
    cookies.push(`wuxing_session=${token}`);
  }
  return cookies;
}

async function ask(app: FastifyInstance, cookie: string): Promise<void> {
  const { port } = app.server.address() as { port: number };
  const answer = await fetch(`http://127.0.0.1:${port}${QUESTION}`, { headers: { cookie } });
  const { items } = (await answer.json()) as { items?: unknown[] };
  if (!answer.ok || items === undefined) throw new Error(`the list was not answered: ${answer.status}`);
}

async function atOnce(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let i = next++; i < count; i = next++) await work(i);
    }),
  );
}

/** Processor time of this process and of its connections' backends, where they run on this machine, ms. */
async function processorMs(kysely: Kysely<Tables>): Promise<number> {
  const { user, system } = process.cpuUsage();
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where datname = current_database()`.execute(kysely);
  let ticks = 0;
  for (const { pid } of rows) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // Behind the name, which may hold spaces: utime and stime are the 14th and 15th of the line (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return (user + system) / 1000 + ticks * TICK_MS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
