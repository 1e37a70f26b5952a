import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { AccessDesk } from "../access/access-desk.ts";
import { ROLES } from "../access/rights.ts";
import { atRegisters, type RegisterOptions, registerOptions } from "./registers.ts";

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
      .option("--role <role...>", `角色 / roles: ${ROLES.join(", ")}`),
  ).action(async (id: string, options: RegisterOptions & { name?: string; person?: string; role?: string[] }) => {
    const password = randomBytes(PASSWORD_BYTES).toString("base64url");
    await atRegisters(options, async ({ kysely }) => {
      const desk = new AccessDesk({ kysely, duties: NO_DUTIES, cityNow: Date.now });
      const { name = id, person = null, role: roles = [] } = options;
      await desk.addAccount({ id, name, person, password, roles });
    });
    process.stdout.write(`${password}\n`);
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
