import { access } from "node:fs/promises";
import { WuxingError } from "../model/errors.ts";

/** A font for printed reports: its file and, in a collection, its PostScript name. */
export interface ReportFont {
  path: string;
  name?: string;
}

/** Where systems keep a font with Chinese characters. Only the characters that a report uses go into its file. */
const KNOWN: readonly ReportFont[] = [
  { path: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", name: "NotoSansCJKsc-Regular" },
  { path: "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", name: "NotoSansCJKsc-Regular" },
  { path: "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", name: "NotoSansCJKsc-Regular" },
  { path: "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", name: "NotoSansCJKsc-Regular" },
  { path: "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", name: "WenQuanYiMicroHei" },
  { path: "C:\\Windows\\Fonts\\simhei.ttf" },
];

/**
 * The font that is set, or the first known one that is installed.
 * @throws REPORT_FONT_MISSING that says what to install
 */
export async function findReportFont(path: string | undefined): Promise<ReportFont> {
  for (const font of path === undefined ? KNOWN : [{ path }]) {
    if (await isReadable(font.path)) return font;
  }
  throw new WuxingError(
    "REPORT_FONT_MISSING",
    path === undefined ? "install the Debian package fonts-noto-cjk, or name a font with WUXING_REPORT_FONT" : path,
  );
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
