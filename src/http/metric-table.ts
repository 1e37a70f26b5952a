import type { Jt808Counters } from "../gateway/counters.ts";
import type { RateCounts } from "./access-rates.ts";
import type { ServerParts } from "./parts.ts";
import { PLATFORM_METRICS } from "./platform-metrics.ts";

export interface MetricSource {
  parts: ServerParts;
  streams: { readonly open: number; readonly dropped: number };
  turnedAway: RateCounts;
}

export interface MetricRow {
  name: string;
  type: "gauge" | "counter";
  /** Name of the label when `read` gives one value for each of several. */
  label?: string;
  en: string;
  zh: string;
  /** The value now, or by label; null while there is none. */
  read: (source: MetricSource) => number | Readonly<Record<string, number>> | null;
}

const gateway =
  <Value>(of: (counters: Readonly<Jt808Counters>) => Value) =>
  ({ parts }: MetricSource): Value | null =>
    parts.gateway === null ? null : of(parts.gateway());

/** Every metric of ours: the source of `/metrics` and of docs/metrics.md. */
export const METRICS: readonly MetricRow[] = [
  {
    name: "wuxing_gateway_connections",
    type: "gauge",
    en: "Open connections of terminals",
    zh: "终端连接数",
    read: gateway((c) => c.connections),
  },
  {
    name: "wuxing_gateway_sessions",
    type: "gauge",
    en: "Terminals that are let in",
    zh: "已鉴权终端数",
    read: gateway((c) => c.sessions),
  },
  {
    name: "wuxing_gateway_paused_connections",
    type: "gauge",
    en: "Connections that are not read until the store has caught up",
    zh: "因存储反压暂停读取的连接",
    read: gateway((c) => c.pausedConnections),
  },
  {
    name: "wuxing_gateway_unacknowledged_fixes",
    type: "gauge",
    en: "Fixes received and not durable yet",
    zh: "已收到、尚未落盘的定位",
    read: gateway((c) => c.unacknowledgedFixes),
  },
  {
    name: "wuxing_gateway_unacknowledged_item_bytes",
    type: "gauge",
    en: "Bytes of additional items of these fixes",
    zh: "这些定位的附加信息字节数",
    read: gateway((c) => c.unacknowledgedItemBytes),
  },
  {
    name: "wuxing_gateway_accepted_total",
    type: "counter",
    en: "Connections accepted",
    zh: "累计接受的连接",
    read: gateway((c) => c.connectionsAccepted),
  },
  {
    name: "wuxing_gateway_bytes_in_total",
    type: "counter",
    en: "Bytes received from terminals",
    zh: "收到的字节",
    read: gateway((c) => c.bytesIn),
  },
  {
    name: "wuxing_gateway_bytes_out_total",
    type: "counter",
    en: "Bytes sent to terminals",
    zh: "发出的字节",
    read: gateway((c) => c.bytesOut),
  },
  {
    name: "wuxing_gateway_frames_in_total",
    type: "counter",
    en: "Frames received",
    zh: "收到的帧",
    read: gateway((c) => c.framesIn),
  },
  {
    name: "wuxing_gateway_frames_out_total",
    type: "counter",
    en: "Frames sent",
    zh: "发出的帧",
    read: gateway((c) => c.framesOut),
  },
  {
    name: "wuxing_gateway_stray_bytes_total",
    type: "counter",
    en: "Bytes outside any frame",
    zh: "帧外字节",
    read: gateway((c) => c.bytesOutsideFrames),
  },
  {
    name: "wuxing_gateway_fixes_total",
    type: "counter",
    en: "Fixes received",
    zh: "收到的定位",
    read: gateway((c) => c.fixes),
  },
  {
    name: "wuxing_gateway_fixes_stored_total",
    type: "counter",
    en: "Fixes made durable and acknowledged",
    zh: "已落盘并应答的定位",
    read: gateway((c) => c.fixesStored),
  },
  {
    name: "wuxing_gateway_fixes_refused_total",
    type: "counter",
    en: "Fixes that could not be stored and were not acknowledged",
    zh: "未能落盘、未应答的定位",
    read: gateway((c) => c.fixesNotStored),
  },
  {
    name: "wuxing_gateway_fixes_marked_total",
    type: "counter",
    label: "mark",
    en: "Fixes that take no part in matching",
    zh: "不参与判定的定位",
    read: gateway((c) => ({ invalid: c.fixesInvalid, quarantined: c.fixesQuarantined })),
  },
  {
    name: "wuxing_gateway_faults_total",
    type: "counter",
    label: "reason",
    en: "Frames and contents refused",
    zh: "拒收的帧和内容",
    read: gateway((c) => c.faults),
  },
  {
    name: "wuxing_gateway_deviations_total",
    type: "counter",
    label: "kind",
    en: "Deviations from the standard that were accepted",
    zh: "容忍的协议偏差",
    read: gateway((c) => c.deviations),
  },
  {
    name: "wuxing_gateway_closed_total",
    type: "counter",
    label: "reason",
    en: "Connections that the gateway closed",
    zh: "网关主动关闭的连接",
    read: gateway((c) => c.closed),
  },
  {
    name: "wuxing_gateway_messages_total",
    type: "counter",
    label: "id",
    en: "Messages received, by id",
    zh: "按消息号统计的消息",
    read: gateway((c) => c.messages),
  },
  {
    name: "wuxing_tracks_available",
    type: "gauge",
    en: "1 while fixes can be stored",
    zh: "轨迹库可写为 1",
    read: ({ parts }) => (parts.tracks.health().state === "ok" ? 1 : 0),
  },
  {
    name: "wuxing_tracks_position",
    type: "gauge",
    en: "Fixes ever appended to the log",
    zh: "日志中的定位总数",
    read: ({ parts }) => parts.tracks.health().position,
  },
  {
    name: "wuxing_tracks_queued_fixes",
    type: "gauge",
    en: "Fixes that wait for their commit",
    zh: "等待提交的定位",
    read: ({ parts }) => parts.tracks.health().queuedFixes,
  },
  {
    name: "wuxing_tracks_hot_fixes",
    type: "gauge",
    en: "Fixes in the hot table",
    zh: "热表中的定位",
    read: ({ parts }) => parts.tracks.health().hotFixes,
  },
  {
    name: "wuxing_tracks_files",
    type: "gauge",
    en: "Parquet files",
    zh: "Parquet 文件数",
    read: ({ parts }) => parts.tracks.health().files,
  },
  {
    name: "wuxing_tracks_file_bytes",
    type: "gauge",
    en: "Bytes of the Parquet files",
    zh: "Parquet 文件字节数",
    read: ({ parts }) => parts.tracks.health().fileBytes,
  },
  {
    name: "wuxing_tracks_commits_total",
    type: "counter",
    en: "Group commits",
    zh: "成组提交次数",
    read: ({ parts }) => parts.tracks.health().commits,
  },
  {
    name: "wuxing_tracks_commit_seconds",
    type: "gauge",
    label: "which",
    en: "Duration of the last and the slowest commit",
    zh: "最近一次与最慢一次提交的耗时",
    read: ({ parts }) => ({
      last: parts.tracks.health().lastCommitMs / 1000,
      slowest: parts.tracks.health().slowestCommitMs / 1000,
    }),
  },
  {
    name: "wuxing_watch_fixes_total",
    type: "counter",
    label: "kind",
    en: "Fixes matched, put aside, and come late",
    zh: "参与判定、搁置、迟到的定位",
    read: ({ parts }) => {
      const { fixes, fixesAside, fixesLate } = parts.watch.status();
      return { matched: fixes, aside: fixesAside, late: fixesLate };
    },
  },
  {
    name: "wuxing_watch_rematches_total",
    type: "counter",
    en: "Vehicles matched again from their history",
    zh: "重新判定的车次",
    read: ({ parts }) => parts.watch.status().rematches,
  },
  {
    name: "wuxing_watch_rematch_queue",
    type: "gauge",
    en: "Vehicles that wait to be matched again",
    zh: "等待重新判定的车辆",
    read: ({ parts }) => parts.watch.status().rematchQueue,
  },
  {
    name: "wuxing_watch_ledger_queue",
    type: "gauge",
    en: "Findings that wait to be written to the ledger",
    zh: "等待写入台账的发现",
    read: ({ parts }) => parts.watch.status().ledgerQueue,
  },
  {
    name: "wuxing_watch_event_time_seconds",
    type: "gauge",
    en: "Newest time of a usable fix, Unix seconds",
    zh: "最新有效定位的时刻",
    read: ({ parts }) => {
      const { eventTimeMs } = parts.watch.status();
      return eventTimeMs === null ? null : eventTimeMs / 1000;
    },
  },
  {
    name: "wuxing_vehicles",
    type: "gauge",
    label: "state",
    en: "Vehicles by state",
    zh: "各状态的车辆数",
    read: ({ parts }) => parts.watch.status().states,
  },
  {
    name: "wuxing_ingest_lag_seconds",
    type: "gauge",
    en: "Longest time from receipt to decision over the last seconds",
    zh: "从收到到判定的最长耗时",
    read: ({ parts }) => {
      const lagMs = parts.ingest.lagMs();
      return lagMs === null ? null : lagMs / 1000;
    },
  },
  {
    name: "wuxing_mqtt_connections",
    type: "gauge",
    en: "Open MQTT connections",
    zh: "MQTT 连接数",
    read: ({ parts }) => parts.fixes?.mqtt?.().connections ?? null,
  },
  {
    name: "wuxing_mqtt_fixes_total",
    type: "counter",
    en: "Fixes made durable that came over MQTT",
    zh: "经 MQTT 落盘的定位",
    read: ({ parts }) => parts.fixes?.mqtt?.().fixes ?? null,
  },
  {
    name: "wuxing_mqtt_refused_total",
    type: "counter",
    label: "reason",
    en: "What was refused over MQTT: clients, subscriptions, messages, positions",
    zh: "MQTT 拒绝的客户端、订阅、消息和定位",
    read: ({ parts }) => parts.fixes?.mqtt?.().refused ?? null,
  },
  {
    name: "wuxing_mqtt_closed_total",
    type: "counter",
    label: "reason",
    en: "MQTT connections that ended",
    zh: "MQTT 断开的连接",
    read: ({ parts }) => parts.fixes?.mqtt?.().closed ?? null,
  },
  ...PLATFORM_METRICS,
  {
    name: "wuxing_etc_records_total",
    type: "counter",
    label: "result",
    en: "Toll records that came over HTTP, by what became of them",
    zh: "经 HTTP 收到的 ETC 通行记录",
    read: ({ parts }) => parts.etc?.results ?? null,
  },
  {
    name: "wuxing_ledger_events_total",
    type: "counter",
    en: "Findings that ever became known",
    zh: "累计的发现事件",
    read: ({ parts }) => parts.ledger.lastSeq(),
  },
  {
    name: "wuxing_ledger_available",
    type: "gauge",
    en: "1 while findings can be written",
    zh: "台账可写为 1",
    read: ({ parts }) => (parts.watch.status().ledgerProblem === null ? 1 : 0),
  },
  {
    name: "wuxing_http_turned_away_total",
    type: "counter",
    label: "by",
    en: "Requests that were too many of one account or address",
    zh: "因过于频繁而拒绝的请求（按账号、按地址）",
    read: ({ turnedAway }) => ({ ...turnedAway }),
  },
  {
    name: "wuxing_http_streams",
    type: "gauge",
    en: "Open live streams",
    zh: "实时流连接数",
    read: ({ streams }) => streams.open,
  },
  {
    name: "wuxing_http_streams_dropped_total",
    type: "counter",
    en: "Live streams ended because their reader was too slow",
    zh: "因读取过慢而断开的实时流",
    read: ({ streams }) => streams.dropped,
  },
];
