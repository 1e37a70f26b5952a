import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import { AccessDesk } from "../access/access-desk.ts";
import { AuditChain } from "../access/audit-chain.ts";
import { PASSWORD_CODE_HOURS, PasswordDesk } from "../access/password-desk.ts";
import { ROLES } from "../access/rights.ts";
import { WuxingError } from "../model/errors.ts";
import type { Database } from "../store/database.ts";
import { openPlaces } from "./open-places.ts";
import { atRegisters, type RegisterOptions, registerOptions } from "./registers.ts";

type AddOptions = RegisterOptions & { name?: string; person?: string; role?: string[]; desk?: boolean; city?: string };

/** Duties are looked up when somebody signs in, not here. */
const NO_DUTIES = { dutiesOf: () => [], getPath: (place: string) => `${place}/`, kindOf: () => "" };
const PASSWORD_BYTES = 12;

/** `wuxing account …`: the first accounts of a city; everything else is done by people with the right, in the console. */
export function accountCommand(): Command {
  const account = new Command("account").description("账号 / accounts");
  registerOptions(
    account
      .command("add")
      .description("新建账号，密码只显示一次 / a new account; its password is shown this once")
      .argument("<id>", "登录名 / name to sign in with")
      .option("--name <name>", "显示名称 / name to show")
      .option("--person <id>", "任职人员编号 / the person whose duties it has")
      .option("--desk", "市值班台的值班员（需要 --city）/ an officer at the city's desk (needs --city)")
      .addOption(new Option("--city <dir>", "城市目录 / the city's folder").env("WUXING_CITY"))
      .option("--role <role...>", `角色 / roles: ${ROLES.join(", ")}`),
  ).action(async (id: string, options: AddOptions) => {
    const password = randomBytes(PASSWORD_BYTES).toString("base64url");
    await atRegisters(options, async (database) => {
      const desk = new AccessDesk({ kysely: database.kysely, duties: NO_DUTIES, cityNow: Date.now });
      const { name = id, role: roles = [] } = options;
      const person = options.desk === true ? await assignDesk(database, id, name, options.city) : options.person;
      await desk.addAccount({ id, name, person: person ?? null, password, roles });
    });
    process.stdout.write(`${password}\n`);
  });
  registerOptions(
    account
      .command("password-code")
      .description(
        `重设密码的一次性码，${PASSWORD_CODE_HOURS} 小时内有效，只显示一次 / a code by which a person chooses a new password: good once, for ${PASSWORD_CODE_HOURS} hours, shown this once`,
      )
      .argument("<id>", "账号 / account")
      .requiredOption("--reason <text>", "原因，记入审计 / why, for the audit"),
  ).action(async (id: string, options: RegisterOptions & { reason: string }) => {
    const { code } = await atRegisters(options, async ({ kysely }) => {
      const shape = `wuxing account password-code: ${options.reason}`;
      const noted = { account: null, purpose: null, kind: "write", subject: id, shape } as const;
      await new AuditChain(kysely).append({ ...noted, count: 1, status: 200 });
      return new PasswordDesk(kysely).makeCode(id, "command line");
    });
    process.stdout.write(`${code}\n`);
  });
  registerOptions(account.command("list").description("全部账号 / all accounts")).action(
    async (options: RegisterOptions) => {
      await atRegisters(options, async ({ kysely }) => {
        const rows = await kysely
          .selectFrom("account")
          .select(["id", "name", "person", "roles", "state"])
          .orderBy("id")
          .execute();
        for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
      });
    },
  );
  return account;
}

/** Gives a new person the city's desk, from now on; the city's places are taken from its folder when there are none yet. */
async function assignDesk(database: Database, person: string, name: string, city: string | undefined): Promise<string> {
  if (city === undefined) throw new WuxingError("CONFIG_INVALID", "--desk needs --city");
  const nowMs = Date.now();
  const { places } = await openPlaces(database, city, () => nowMs);
  const [top] = places.history.topsAt("civil", nowMs);
  await places.duties.assign([{ place: top!.id, slot: "desk", person, fromMs: nowMs, toMs: Infinity }], {
    persons: [{ id: person, name }],
  });
  return person;
}
