import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { z } from "zod";
import { datumSchema } from "../model/area.ts";
import { WuxingError, type Problem } from "../model/errors.ts";

/**
 * The settings of `wuxing serve`, in one table: each is an option, an environment variable and a key of the configuration file, and this is
 * where help and documentation come from. An option wins over the environment, that over the file, that over the default.
 */
interface Setting<Schema extends z.ZodType> {
  /** The option as it is written, with its value's name. */
  option: string;
  env: string;
  /** Reads the text of an option or a variable, or the value in the file. */
  schema: Schema;
  zh: string;
  en: string;
}

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.union([z.boolean(), z.stringbool()]);
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(",").filter((part) => part !== "")),
]);
const text = z.string().min(1);

function setting<Schema extends z.ZodType>(
  option: string,
  env: string,
  schema: Schema,
  zh: string,
  en: string,
): Setting<Schema> {
  return { option, env, schema, zh, en };
}

const SETTINGS = {
  data: setting("--data <dir>", "WUXING_DATA", text.default("data"), "数据目录", "data folder"),
  city: setting(
    "--city <dir>",
    "WUXING_CITY",
    text.optional(),
    "城市目录（docs/city.md）",
    "the city's folder (docs/city.md)",
  ),
  demo: setting(
    "--demo",
    "WUXING_DEMO",
    flag.default(false),
    "演示城市新乡和模拟车队",
    "the demo city Xinxiang with a simulated fleet",
  ),
  http: setting(
    "--http <port>",
    "WUXING_HTTP",
    port.default(8080),
    "接口和值班台的端口",
    "port of the API and the console",
  ),
  httpHost: setting(
    "--http-host <address>",
    "WUXING_HTTP_HOST",
    text.default("127.0.0.1"),
    "接口监听的地址",
    "address that the API listens on",
  ),
  jt808: setting(
    "--jt808 <port>",
    "WUXING_JT808",
    port.default(8808),
    "终端接入（JT/T 808）的端口",
    "port for terminals (JT/T 808)",
  ),
  jt808Host: setting(
    "--jt808-host <address>",
    "WUXING_JT808_HOST",
    text.default("0.0.0.0"),
    "终端接入监听的地址",
    "address that terminals connect to",
  ),
  jt808Processes: setting(
    "--jt808-processes <n>",
    "WUXING_JT808_PROCESSES",
    z.coerce.number().int().min(0).max(64).default(0),
    "另开几个进程承接终端连接（连接数超过单个进程的文件上限时用）；0：不另开",
    "processes of their own that hold terminals' connections, for more than one process may open; 0: none",
  ),
  jt808Datum: setting(
    "--jt808-datum <datum>",
    "WUXING_JT808_DATUM",
    datumSchema.default("wgs84"),
    "终端上报的坐标系",
    "coordinate system that terminals report in",
  ),
  jt809: setting(
    "--jt809 <port>",
    "WUXING_JT809",
    port.optional(),
    "平台接入（JT/T 809）的端口；平台见数据目录的 platforms.json；缺省不开",
    "port for platforms (JT/T 809), which are listed in platforms.json of the data folder; default none",
  ),
  mqtt: setting(
    "--mqtt <port>",
    "WUXING_MQTT",
    port.optional(),
    "MQTT 定位接入的端口；来源见 wuxing source；缺省不开",
    "port for positions over MQTT, from the sources of `wuxing source`; default none",
  ),
  mqttHost: setting(
    "--mqtt-host <address>",
    "WUXING_MQTT_HOST",
    text.default("127.0.0.1"),
    "MQTT 监听的地址（不加密，对外请经 TLS 代理）",
    "address that MQTT listens on (plain: put a TLS proxy before it)",
  ),
  admission: setting(
    "--admission <policy>",
    "WUXING_ADMISSION",
    z.enum(["open", "listed"]).default("open"),
    "新终端：open 直接接入，listed 待人工审核",
    "new terminals: open lets them in, listed waits for a person",
  ),
  authentication: setting(
    "--authentication <policy>",
    "WUXING_AUTHENTICATION",
    z.enum(["required", "optional"]).default("required"),
    "终端鉴权：required 必须，optional 不检查",
    "authentication of terminals: required, or optional (not checked)",
  ),
  forwarders: setting(
    "--forwarders <networks>",
    "WUXING_FORWARDERS",
    list.default([]),
    "可在一条连接上转发多台终端的地址，逗号分隔",
    "addresses whose connections may carry many terminals, separated by commas",
  ),
  databaseUrl: setting(
    "--database-url <url>",
    "DATABASE_URL",
    z.url().optional(),
    "PostgreSQL 地址；缺省用内置的 PGlite",
    "PostgreSQL server; default PGlite, in the process",
  ),
  retentionDays: setting(
    "--retention-days <days>",
    "WUXING_RETENTION_DAYS",
    z.coerce.number().min(1).max(3650).default(30),
    "轨迹保留天数（作为证据的除外）",
    "days that tracks are kept (evidence longer)",
  ),
  movementDays: setting(
    "--movement-days <days>",
    "WUXING_MOVEMENT_DAYS",
    z.coerce.number().min(1).max(3650).default(90),
    "卡口通行、进出城、收费记录的保留天数（不短于轨迹）",
    "days that passages, crossings of the fence and toll records are kept (no shorter than tracks)",
  ),
  findingDays: setting(
    "--finding-days <days>",
    "WUXING_FINDING_DAYS",
    z.coerce.number().min(30).max(3650).default(730),
    "已结束的暴露、锁定和已办结事件的保留天数",
    "days that exposures, ended locks and closed cases are kept",
  ),
  trustProxy: setting(
    "--trust-proxy <networks>",
    "WUXING_TRUST_PROXY",
    list.default([]),
    "反向代理的地址，逗号分隔；按它转告的来访地址限流和记录",
    "addresses of proxies whose word for where requests come from is taken, separated by commas",
  ),
  requestsPerSecond: setting(
    "--requests-per-second <rate>",
    "WUXING_REQUESTS_PER_SECOND",
    z.coerce.number().min(1).max(10_000).default(50),
    "每个账号每秒的请求数上限（每个来访地址为其十倍）",
    "requests a second of one account (of one address ten times as many)",
  ),
  publicUrl: setting(
    "--public-url <url>",
    "WUXING_PUBLIC_URL",
    z.url({ protocol: /^https?$/ }).optional(),
    "浏览器访问本系统的地址（通行密钥、统一身份登录需要）；缺省为请求中的主机名",
    "where browsers reach this server, for passkeys and OpenID Connect; default the name that they ask it by",
  ),
  openidIssuer: setting(
    "--openid-issuer <url>",
    "WUXING_OPENID_ISSUER",
    z.url({ protocol: /^https?$/ }).optional(),
    "统一身份认证（OpenID Connect）的地址；缺省不用",
    "identity provider (OpenID Connect); default none",
  ),
  openidClient: setting(
    "--openid-client <id>",
    "WUXING_OPENID_CLIENT",
    text.optional(),
    "在统一身份认证登记的客户端编号",
    "id that the identity provider knows this server by",
  ),
  openidSecretFile: setting(
    "--openid-secret-file <file>",
    "WUXING_OPENID_SECRET_FILE",
    text.optional(),
    "客户端密钥所在的文件",
    "file with the secret that goes with it",
  ),
  openidAccountClaim: setting(
    "--openid-account-claim <claim>",
    "WUXING_OPENID_ACCOUNT_CLAIM",
    text.optional(),
    "与账号同名的已验证声明；缺省由管理员逐个关联",
    "verified claim that names the account; default an administrator links each",
  ),
  reportFont: setting(
    "--report-font <file>",
    "WUXING_REPORT_FONT",
    text.optional(),
    "PDF 报告的中文字体文件；缺省用已安装的 Noto Sans CJK",
    "file of a font with Chinese characters for reports on paper; default an installed Noto Sans CJK",
  ),
  tiles: setting(
    "--tiles <url>",
    "WUXING_TILES",
    z
      .string()
      .regex(/\{z\}.*\{x\}|\{z\}/u, "an address with {z}, {x} and {y}")
      .optional(),
    "底图瓦片地址（XYZ）；缺省为离线底图",
    "address of XYZ map tiles; default the offline map",
  ),
  demoTrucks: setting(
    "--demo-trucks <count>",
    "WUXING_DEMO_TRUCKS",
    z.coerce.number().int().min(1).max(100_000).optional(),
    "模拟车辆数",
    "simulated trucks",
  ),
  demoSpeed: setting(
    "--demo-speed <factor>",
    "WUXING_DEMO_SPEED",
    z.coerce.number().min(1).max(1000).default(30),
    "模拟时间的倍速，追上现在后为 1",
    "how fast simulated time runs until it has caught up with now",
  ),
  logLevel: setting(
    "--log-level <level>",
    "WUXING_LOG_LEVEL",
    z.enum(["debug", "info", "warn", "error", "silent"]).default("warn"),
    "日志级别（标准错误，JSON）",
    "level of the log (standard error, JSON)",
  ),
} as const;

type Key = keyof typeof SETTINGS;
export type Settings = { [K in Key]: z.output<(typeof SETTINGS)[K]["schema"]> };
const KEYS = Object.keys(SETTINGS) as Key[];

/** Adds the options of the table, and `--config`, to a command. */
export function addSettings(command: Command): Command {
  for (const key of KEYS) {
    const { option, env, zh, en, schema } = SETTINGS[key];
    const preset = schema.safeParse(undefined);
    const shown =
      preset.success && preset.data !== undefined && preset.data !== false
        ? `；缺省/default ${String(preset.data) || "-"}`
        : "";
    command.addOption(new Option(option, `${zh} / ${en} (${env}${shown})`));
  }
  return command.addOption(new Option("--config <file>", "配置文件（JSON） / configuration file (WUXING_CONFIG)"));
}

/**
 * The settings by command line, environment and file.
 * @throws WuxingError CONFIG_INVALID with every value that is wrong, where it stands and what was expected.
 */
export function readSettings(options: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Settings {
  const config = options["config"] ?? env["WUXING_CONFIG"];
  const path = typeof config === "string" ? config : "";
  const file = path === "" ? {} : readFile(path);
  const problems: Problem[] = [];
  for (const key of Object.keys(file)) {
    if (!(key in SETTINGS)) problems.push({ where: `${path}: ${key}`, expected: `one of ${KEYS.join(", ")}` });
  }
  const values: Record<string, unknown> = {};
  for (const key of KEYS) {
    const { option, env: variable, schema } = SETTINGS[key];
    const [where, value] =
      options[key] !== undefined
        ? [option.split(" ")[0]!, options[key]]
        : env[variable] !== undefined && env[variable] !== ""
          ? [variable, env[variable]]
          : [`${path}: ${key}`, file[key]];
    const parsed = schema.safeParse(value);
    if (parsed.success) values[key] = parsed.data;
    else problems.push({ where, value: String(value).slice(0, 100), expected: parsed.error.issues[0]!.message });
  }
  if (problems.length > 0) throw new WuxingError("CONFIG_INVALID", undefined, problems);
  return values as Settings;
}

/** The table of settings as a document in Markdown. */
export function settingsDocument(): string {
  const rows = KEYS.map((key) => {
    const { option, env, zh, en, schema } = SETTINGS[key];
    const preset = schema.safeParse(undefined);
    const shown = preset.success && preset.data !== undefined ? `\`${JSON.stringify(preset.data)}\`` : "";
    return `| \`${option.replaceAll("|", "\\|")}\` | \`${env}\` | \`${key}\` | ${shown} | ${zh} / ${en} |`;
  });
  return `# Settings of \`wuxing serve\` · 设置

Made by \`wuxing settings --markdown\` from the one table in \`src/cli/settings.ts\`. An option wins over the environment variable, that over the key in
the configuration file (\`--config FILE\`, JSON), that over the default.

由 \`wuxing settings --markdown\` 生成。优先级：命令行选项、环境变量、配置文件（\`--config\`，JSON）、缺省值。

| option 选项 | environment 环境变量 | key 键 | default 缺省 | |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function readFile(path: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const expected = "a JSON object that can be read";
    throw new WuxingError("CONFIG_INVALID", path, [
      { where: path, value: (error as Error).message.slice(0, 100), expected },
    ]);
  }
}
