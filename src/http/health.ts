import type { Health, Status } from "../model/status.ts";
import type { ServerParts } from "./parts.ts";

/** From this lag on a person should know, ms. */
const LAG_MAX_MS = 10_000;

type Reason = Health["reasons"][number];

/** What is wrong at the moment, by part, with its reason. */
export function healthOf(parts: ServerParts): Health {
  const reasons: Reason[] = [];
  const tracks = parts.tracks.health();
  if (tracks.state !== "ok") {
    const zh = "轨迹库不能写入，终端的定位暂不应答";
    reasons.push({
      part: "tracks",
      zh,
      en: "tracks cannot be written, terminals get no answers",
      detail: tracks.reason,
    });
  } else if (tracks.compactionError !== null) {
    const zh = "轨迹文件整理失败，会自动重试";
    const en = "track files could not be compacted, this is tried again";
    reasons.push({ part: "tracks", zh, en, detail: tracks.compactionError });
  }
  if (tracks.damagedFiles.length > 0) {
    const zh = "轨迹文件已损坏，请从备份恢复（wuxing tracks verify）";
    const en = "track files are damaged, restore them from the backup (wuxing tracks verify)";
    reasons.push({ part: "tracks", zh, en, detail: tracks.damagedFiles.join(", ").slice(0, 500) });
  }
  const { ledgerProblem } = parts.watch.status();
  if (ledgerProblem !== null) {
    const zh = "台账不能写入，新的发现在排队";
    reasons.push({ part: "ledger", zh, en: "the ledger cannot be written, findings wait", detail: ledgerProblem });
  }
  if (parts.gateway?.().storeHealthy === false) {
    const zh = "网关收到的定位未能落盘";
    reasons.push({ part: "gateway", zh, en: "positions that came in could not be stored", detail: null });
  }
  const lagMs = parts.ingest.lagMs();
  if (lagMs !== null && lagMs > LAG_MAX_MS) {
    const zh = "处理滞后";
    reasons.push({ part: "ingest", zh, en: "positions are decided on late", detail: `${Math.round(lagMs)} ms` });
  }
  return { state: reasons.length === 0 ? "ok" : "degraded", reasons };
}

export function statusOf(parts: ServerParts): Status {
  return {
    cityTimeMs: parts.cityTimeMs(),
    eventTimeMs: parts.watch.status().eventTimeMs,
    fixesPerSecond: Math.round(parts.ingest.fixesPerSecond() * 10) / 10,
    lagMs: parts.ingest.lagMs(),
    connections: parts.gateway?.().connections ?? 0,
    terminalsWaiting: parts.terminals?.waitingTerminals() ?? 0,
    health: healthOf(parts),
  };
}
