import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { loadCity } from "../city/city.ts";
import { planTiming } from "../simulate/fleet-timing.ts";
import { runFleet } from "../simulate/fleet.ts";
import { hostAndPort, wholeNumber } from "./replay-command.ts";
import { ProgressBar } from "./progress-bar.ts";

interface SimulateOptions {
  to: { host: string; port: number };
  city: string;
  trucks?: number;
  speed: number;
  seed: number;
  hours: number;
}

const DEMO_CITY = fileURLToPath(new URL("../../demo/xinxiang", import.meta.url));

/**
 * `wuxing simulate`: a city's fleet, on its own, against any JT/T 808 platform; until it is interrupted. Says why when no truck comes
 * through; ends with 1 when nothing was acknowledged.
 */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("模拟车队，按 JT/T 808 上报 / a simulated fleet that reports over JT/T 808, until interrupted")
    .requiredOption("--to <host:port>", "平台地址 / the platform", hostAndPort)
    .option("--city <dir>", "城市目录 / the city's folder", DEMO_CITY)
    .option("--trucks <count>", "车辆数，缺省见 fleet.json / default as in fleet.json", wholeNumber)
    .option("--speed <factor>", "倍速，追上现在后为 1 / how fast until it has caught up with now", wholeNumber, 30)
    .option("--seed <number>", "随机种子 / seed", wholeNumber, 1)
    .option("--hours <count>", "从多少小时前开始 / hours ago at which its time begins", wholeNumber, 12)
    .action(simulate);
}

async function simulate({ to, city: dir, trucks, speed, seed, hours }: SimulateOptions): Promise<void> {
  const timing = planTiming(Date.now(), { seed, speed, historyMs: hours * 3_600_000 });
  const city = await loadCity(dir, { startMs: timing.startMs });
  const bar = new ProgressBar();
  const stop = new AbortController();
  let said: string | undefined;
  void Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]).then(() => stop.abort());
  const done = await runFleet({
    ...to,
    city,
    timing,
    trucks,
    signal: stop.signal,
    onProgress: (at) => {
      if (at.problem !== undefined && at.problem !== said) {
        bar.end();
        process.stderr.write(`没有车辆在线 / no truck is online: ${at.problem}\n`);
      }
      said = at.problem;
      bar.draw(
        at.online / at.trucks,
        `${new Date(at.cityTimeMs).toISOString()}  ${at.online}/${at.trucks}  ${at.acknowledged}/${at.reported}`,
      );
    },
  });
  bar.end();
  if (done.acknowledged === 0) process.exitCode = 1;
  process.stdout.write(
    `${done.trucks} 辆 / trucks, ${done.acknowledged} / ${done.reported} 点已应答 / reports acknowledged\n`,
  );
}
