/**
 * Every colour of the console, by day and by night. Meaning has its own colour here and its own shape where it is drawn.
 * Red means a locked vehicle or a high-risk area and nothing else; a fault of the system itself is `fault`.
 */
export interface Tokens {
  /** Behind the map, outside the city. */
  ground: string;
  /** The city's own land. */
  land: string;
  surface: string;
  surfaceRaised: string;
  surfaceSunk: string;
  line: string;
  lineStrong: string;
  text: string;
  textMuted: string;
  action: string;
  actionText: string;
  countyLine: string;
  countyName: string;
  road: string;
  roadName: string;
  fence: string;
  gate: string;
  gateText: string;
  ordinary: string;
  exposed: string;
  locked: string;
  released: string;
  areaHigh: string;
  areaMedium: string;
  trackOutside: string;
  trackNear: string;
  trackUnknown: string;
  trackParked: string;
  fault: string;
  /** Fills a place by how much open work it has. */
  load: string;
  /** Around symbols and labels so that they stand off the map. */
  halo: string;
}

export type ThemeName = "light" | "dark";

export const TOKENS: Record<ThemeName, Tokens> = {
  light: {
    ground: "#e9ecea",
    land: "#fafaf7",
    surface: "#ffffff",
    surfaceRaised: "#ffffff",
    surfaceSunk: "#f2f4f3",
    line: "#dfe3e2",
    lineStrong: "#b9c1c3",
    text: "#16212b",
    textMuted: "#56646f",
    action: "#17616e",
    actionText: "#ffffff",
    countyLine: "#c3cac8",
    countyName: "#7b8891",
    road: "#c4ccd2",
    roadName: "#7b8891",
    fence: "#1d5fc4",
    gate: "#16212b",
    gateText: "#ffffff",
    ordinary: "#4c5f72",
    exposed: "#c98500",
    locked: "#c8102e",
    released: "#167a48",
    areaHigh: "#c8102e",
    areaMedium: "#dd6b10",
    trackOutside: "#4c5f72",
    trackNear: "#c98500",
    trackUnknown: "#8b98a3",
    trackParked: "#6b4fa0",
    fault: "#7a4a12",
    load: "#5b4b9a",
    halo: "#ffffff",
  },
  dark: {
    ground: "#0c1115",
    land: "#141b21",
    surface: "#161e25",
    surfaceRaised: "#1c262e",
    surfaceSunk: "#10171c",
    line: "#29353f",
    lineStrong: "#465561",
    text: "#e1e8ee",
    textMuted: "#94a3b0",
    action: "#5cb8c4",
    actionText: "#08161a",
    countyLine: "#2f3c46",
    countyName: "#71808d",
    road: "#33424e",
    roadName: "#71808d",
    fence: "#5b9bf0",
    gate: "#e1e8ee",
    gateText: "#10171c",
    ordinary: "#9db0c2",
    exposed: "#f2b632",
    locked: "#ff5263",
    released: "#4cc38a",
    areaHigh: "#ff5263",
    areaMedium: "#ff8a3d",
    trackOutside: "#9db0c2",
    trackNear: "#f2b632",
    trackUnknown: "#6f7f8c",
    trackParked: "#b39be8",
    fault: "#e0b26a",
    load: "#a897ec",
    halo: "#0c1115",
  },
};

/** Hands the tokens to the style sheets as custom properties: `surfaceSunk` becomes `--surface-sunk`. */
export function applyTokens(theme: ThemeName): void {
  const root = document.documentElement;
  root.dataset["theme"] = theme;
  root.style.colorScheme = theme;
  for (const [name, value] of Object.entries(TOKENS[theme])) {
    root.style.setProperty(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value as string);
  }
}
