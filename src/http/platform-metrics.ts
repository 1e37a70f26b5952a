import type { MetricRow, MetricSource } from "./metric-table.ts";
import type { ForwarderView } from "./parts.ts";

const lower =
  <Value>(of: (platforms: NonNullable<NonNullable<MetricSource["parts"]["platforms"]>["lower"]>) => Value) =>
  ({ parts }: MetricSource): Value | null =>
    parts.platforms?.lower === undefined ? null : of(parts.platforms.lower);

const upper =
  (of: (forwarder: ForwarderView) => number) =>
  ({ parts }: MetricSource): Record<string, number> | null => {
    const forwarders = parts.platforms?.upper ?? [];
    if (forwarders.length === 0) return null;
    return Object.fromEntries(forwarders.map((forwarder) => [String(forwarder.accessCode), of(forwarder)]));
  };

/** Metrics of the links to other platforms (JT/T 809), in both directions. */
export const PLATFORM_METRICS: readonly MetricRow[] = [
  {
    name: "wuxing_jt809_platforms",
    type: "gauge",
    en: "Platforms that are logged in here (JT/T 809)",
    zh: "已登录的下级平台（JT/T 809）",
    read: lower((platforms) => platforms.online().length),
  },
  {
    name: "wuxing_jt809_sub_links",
    type: "gauge",
    en: "Sub links to them that stand",
    zh: "已建立的从链路",
    read: lower((platforms) => platforms.online().filter(({ subLink }) => subLink).length),
  },
  {
    name: "wuxing_jt809_fixes_total",
    type: "counter",
    en: "Fixes received from platforms",
    zh: "下级平台上报的定位",
    read: lower((platforms) => platforms.metrics().fixes),
  },
  {
    name: "wuxing_jt809_faults_total",
    type: "counter",
    label: "reason",
    en: "Frames and contents of platforms refused",
    zh: "拒收的平台报文和内容",
    read: lower((platforms) => platforms.metrics().faults),
  },
  {
    name: "wuxing_jt809_closed_total",
    type: "counter",
    label: "reason",
    en: "Links of platforms that were closed",
    zh: "关闭的平台链路",
    read: lower((platforms) => platforms.metrics().closed),
  },
  {
    name: "wuxing_jt809_forward_links",
    type: "gauge",
    label: "platform",
    en: "Links to a platform that is forwarded to, by access code: 2 main and sub link, 1 one of them, 0 none",
    zh: "到上级平台的链路数（按接入码）：2 主从链路都在，1 只有其一，0 都断开",
    read: upper(({ loggedIn, subLink }) => Number(loggedIn) + Number(subLink)),
  },
  {
    name: "wuxing_jt809_forwarded_total",
    type: "counter",
    label: "platform",
    en: "Fixes sent to a platform, by access code",
    zh: "已转发的定位（按接入码）",
    read: upper(({ sent }) => sent),
  },
  {
    name: "wuxing_jt809_forward_confirmed_total",
    type: "counter",
    label: "platform",
    en: "Those of them that it has confirmed",
    zh: "上级平台已确认的定位（按接入码）",
    read: upper(({ confirmed }) => confirmed),
  },
];
