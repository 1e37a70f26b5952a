import { once } from "node:events";
import { Command, InvalidArgumentError, Option } from "commander";
import { datumSchema, type Datum } from "../model/area.ts";
import { replayTracks } from "../simulate/replay.ts";
import { readTracks } from "../tracks/read-tracks.ts";
import { ProgressBar } from "./progress-bar.ts";

interface ReplayOptions {
  tracks: string[];
  to: { host: string; port: number };
  speed: number;
  connections?: number;
  crs: Datum;
}

/** `wuxing replay`: sends recorded tracks as real terminals. Ends when the platform has acknowledged every fix. */
export function replayCommand(): Command {
  return new Command("replay")
    .description("以真实终端的方式重放轨迹 / sends recorded tracks as real terminals (JT/T 808)")
    .requiredOption("--tracks <files>", "轨迹文件，逗号分隔 / files of tracks, separated by commas", (files) =>
      files.split(","),
    )
    .requiredOption("--to <host:port>", "平台地址 / the platform", hostAndPort)
    .option("--speed <factor>", "倍速，max 为最快 / times as fast as recorded, max as fast as it goes", speed, 600)
    .option("--connections <count>", "同时连接数 / connections at once", wholeNumber)
    .addOption(
      new Option("--crs <datum>", "轨迹坐标系 / coordinate system of the tracks")
        .choices(datumSchema.options)
        .default("wgs84"),
    )
    .action(replay);
}

async function replay({ tracks: paths, to, speed: factor, connections, crs }: ReplayOptions): Promise<void> {
  const bar = new ProgressBar();
  const { tracks, rejected } = await readTracks(paths, { datum: crs });
  const stop = new AbortController();
  void once(process, "SIGINT", { signal: stop.signal }).then(
    () => stop.abort(),
    () => {},
  );
  const done = await replayTracks({
    tracks,
    ...to,
    speed: factor,
    connections,
    signal: stop.signal,
    onProgress: ({ acknowledged, total, timeMs }) =>
      bar.draw(acknowledged / total, `${acknowledged} / ${total}  ${new Date(timeMs).toISOString()}`),
  });
  const interrupted = stop.signal.aborted;
  stop.abort();
  bar.end();
  process.stdout.write(
    `${tracks.length} 辆 / vehicles, ${done.acknowledged} / ${done.total} 点已应答 / fixes acknowledged, ${done.unlocated} 未定位 / unlocated, ${done.fractional} 舍去小数秒 / fractional seconds dropped, ${rejected} 行未取 / rows rejected\n`,
  );
  if (interrupted || done.acknowledged < done.total) process.exitCode = 1;
}

/** `127.0.0.1:8808`, `[::1]:8808` or `host:8808`. */
export function hostAndPort(text: string): { host: string; port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/u.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port < 1 || port > 65_535) throw new InvalidArgumentError("host:port, e.g. 127.0.0.1:8808");
  return { host: found[1] ?? found[2]!, port };
}

function speed(text: string): number {
  if (text === "max") return Infinity;
  const factor = Number(text);
  if (!(factor > 0)) throw new InvalidArgumentError("a number above 0, or max");
  return factor;
}

/** A whole number from 1. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("a whole number from 1");
  return number;
}
