import type { Text } from "../text/zh.ts";

const FORMATS = {
  zh: new Intl.ListFormat("zh-CN", { style: "narrow" }),
  en: new Intl.ListFormat("en", { style: "narrow" }),
};

/** `甲、乙、丙`; `A, B, C` in English. */
export function listed(names: readonly string[], { language }: Pick<Text, "language">): string {
  return FORMATS[language].format(names);
}
