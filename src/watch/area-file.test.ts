import { describe, expect, it } from "vitest";
import iconv from "iconv-lite";
import { WuxingError } from "../model/errors.ts";
import { readAreaFile } from "./area-file.ts";

/**
 * Packed by Info-ZIP: two squares, west edge of the first on the central meridian (114° E) from 35.3° to 35.31° N, in CGCS2000 / 3-degree Gauss-Krüger; names and
 * levels in GBK without a `.cpg`. Its bytes were laid out by ESRI's white paper of 1998, its northings come from Simpson's rule over the meridian.
 */
const SHAPEFILE = Buffer.from(
  [
    "UEsDBBQAAAAIANxgeF3xO4hLYwAAAHQBAAAJABwAYXJlYXMuc2hwVVQJAAPgfQVr4H0Fa3V4CwABBAAAAAAEAAAAAGNgUOdiwA52vWBmYGCFchpa5BxtkoU+T7zg6wjib3gg5+hRpb1uzyUInwBgBG",
    "IHXGZNmIQwC6SQFUkjuloQH9leZL0wPrp6JD4TsjsWXMLtJ3R3oKsF8ZHtRQ8PEB9dPYwPAFBLAwQUAAAACADcYHhdv3Wki1IAAAC4AAAACQAcAGFyZWFzLmRiZlVUCQAD4H0Fa+B9BWt1eAsAAQQA",
    "AAAABAAAAABjrmJlZGJgYEhk0GbABg7/3nwMynQGEXJo8ltP7NmGLM+DJs+rcO7A7iunLuzZfHrd1U8KGGDH/e3Pz1+FcnZfOX/j1IUNN0+swqb02gWEUikAUEsDBBQAAAAIANxgeF1K05zQFAEAAK",
    "4BAAAJABwAYXJlYXMucHJqVVQJAAPgfQVr4H0Fa3V4CwABBAAAAAAEAAAAAGWQUWuDMBSF/0ueQ0linfWxxNTZzlrUPhW5BL2zgU4hpoz9+0VXGOvykIdzvnPuTU5lsZfVhchUVoIxBgEk2FtESA8g",
    "c+B8rQhNVZHOlL9AXs2gIcWxQ2dakONoO684hOprcvgBcw2hybY+5xeSPPgfsTq9qrLIkt95hL4E0YYH0YpREW9WIoyEEJzxpqGnMsuV70j9OsOnaa+EshVr6PmY1b55WXOReLQOAxGLkMfxOgiWaL",
    "FXss6Ko4/r+zTBwd57tMRb23Kbq1qVF7LTtwlB6cmZoSc0ZPOZJ/xjjqN11wV69iUOzuob5GhNZ/RAqP+yJ6Zq9Q1hp1s3Wu8/uW/aGXfvEIp3KKzpzfDnnTk6fKSab1BLAQIeAxQAAAAIANxgeF3x",
    "O4hLYwAAAHQBAAAJABgAAAAAAAAAAACkgQAAAABhcmVhcy5zaHBVVAUAA+B9BWt1eAsAAQQAAAAABAAAAABQSwECHgMUAAAACADcYHhdv3Wki1IAAAC4AAAACQAYAAAAAAAAAAAApIGmAAAAYXJlYX",
    "MuZGJmVVQFAAPgfQVrdXgLAAEEAAAAAAQAAAAAUEsBAh4DFAAAAAgA3GB4XUrTnNAUAQAArgEAAAkAGAAAAAAAAQAAAKSBOwEAAGFyZWFzLnByalVUBQAD4H0Fa3V4CwABBAAAAAAEAAAAAFBLBQYA",
    "AAAAAwADAO0AAACSAgAAAAA=",
  ].join(""),
  "base64",
);
const SQUARE = [
  [113.8, 35.3],
  [113.81, 35.3],
  [113.81, 35.31],
  [113.8, 35.3],
];
const read = (text: string, datum: "wgs84" | "gcj02" = "wgs84") => readAreaFile(Buffer.from(text), datum);
const refusal = (bytes: Buffer): WuxingError => {
  try {
    readAreaFile(bytes, "wgs84");
  } catch (error) {
    return error as WuxingError;
  }
  throw new Error("it was taken");
};

describe("a file of risk areas", () => {
  it("may be a zipped Shapefile in a Gauss-Krüger zone with names in GBK", () => {
    const { format, shapes } = readAreaFile(SHAPEFILE, "wgs84");
    expect(format).toBe("shapefile");
    expect(shapes.map(({ name, level, problems }) => [name, level, problems])).toEqual([
      ["卫辉市汲水镇", "high", []],
      ["辉县市百泉镇", "medium", []],
    ]);
    const [corner, next] = (shapes[0].geometry as { coordinates: number[][][] }).coordinates[0];
    expect(corner).toEqual([114, 35.3]);
    expect(next).toEqual([114, 35.31]);
  });

  it("may be KML: points, lines, polygons with holes, and several kinds in one placemark", () => {
    const { format, shapes } =
      read(`<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>all</name>
      <Placemark><name>市场 &amp; 街</name><ExtendedData><Data name="level"><displayName>x</displayName><value>medium</value></Data></ExtendedData>
        <Polygon><outerBoundaryIs><LinearRing><coordinates>113.8,35.3,0 113.9,35.3,0 113.9,35.4,0 113.8,35.3,0</coordinates></LinearRing></outerBoundaryIs>
        <innerBoundaryIs><LinearRing><coordinates>113.85,35.31 113.87,35.31 113.87,35.33 113.85,35.31</coordinates></LinearRing></innerBoundaryIs></Polygon></Placemark>
      <Placemark><name>both</name><MultiGeometry><Point><coordinates>113.8,35.3</coordinates></Point><Point><coordinates>113.9,35.3</coordinates></Point>
        <LineString><coordinates>113.8,35.3 113.9,35.3</coordinates></LineString></MultiGeometry></Placemark>
      <Placemark><name>none</name></Placemark>
      <Placemark><name>bad</name><Point><coordinates>113.8</coordinates></Point></Placemark></Document></kml>`);
    expect(format).toBe("kml");
    expect(shapes.map(({ name, level, geometry }) => [name, level, geometry?.type])).toEqual([
      ["市场 & 街", "medium", "Polygon"],
      ["both", null, "MultiPoint"],
      ["both", null, "LineString"],
      ["none", null, undefined],
      ["bad", null, undefined],
    ]);
    expect((shapes[0].geometry as { coordinates: number[][][] }).coordinates.map((ring) => ring.length)).toEqual([
      4, 4,
    ]);
    expect(shapes[3].problems).toHaveLength(1);
    expect(shapes[4].problems[0].where).toContain("line 8");
  });

  it("may be GeoJSON in a declared datum; what is wrong stands with each feature, the others are kept", () => {
    const feature = (geometry: object, properties: object) => ({ type: "Feature", geometry, properties });
    const { shapes } = read(
      JSON.stringify({
        type: "FeatureCollection",
        features: [
          feature({ type: "Polygon", coordinates: [SQUARE] }, { id: 7, name: "a", level: "high" }),
          feature({ type: "Polygon", coordinates: [SQUARE.slice(0, 3)] }, { name: "open" }),
          feature({ type: "GeometryCollection", geometries: [] }, {}),
          feature({ type: "Point", coordinates: [35.3, 113.8] }, { name: "swapped" }),
        ],
      }),
      "gcj02",
    );
    expect(shapes[0]).toMatchObject({ id: "7", name: "a", level: "high", problems: [] });
    const [[lon]] = (shapes[0].geometry as { coordinates: number[][][] }).coordinates[0].map(([x]) => [x]);
    expect(lon).toBeLessThan(113.798);
    expect(shapes.slice(1).map(({ geometry, problems }) => [geometry, problems[0].where])).toEqual([
      [null, "features[1].geometry.coordinates[0]"],
      [null, "features[2].geometry.type"],
      [null, "features[3].geometry.coordinates"],
    ]);
  });

  it("may be a list without coordinates, as JSON or text, in UTF-8 or GBK", () => {
    const text = "高风险\n河南省 新乡市 卫辉市 汲水镇";
    for (const bytes of [Buffer.from(`\ufeff${text}`), iconv.encode(text, "gbk")]) {
      expect(readAreaFile(bytes, "wgs84")).toMatchObject({
        format: "list",
        entries: [{ county: "卫辉市", place: "汲水镇" }],
      });
    }
  });

  it.each([
    ["nothing that is known", Buffer.from("hello")],
    ["JSON that is no areas", Buffer.from('{"a":1}')],
    ["JSON that breaks off", Buffer.from('{"type":"Feature"')],
    ["XML that is no KML", Buffer.from("<gpx></gpx>")],
    ["a zip that breaks off", SHAPEFILE.subarray(0, 700)],
    [
      "a zip whose directory is broken",
      Buffer.from(SHAPEFILE).fill(0, SHAPEFILE.indexOf("PK\u0001\u0002"), SHAPEFILE.length - 30),
    ],
  ])("%s is refused with what was expected", (_, bytes) => {
    const error = refusal(bytes);
    expect(error).toBeInstanceOf(WuxingError);
    expect(error.code).toBe("INPUT_INVALID");
    expect(error.problems[0].expected).not.toBe("");
  });

  it("is never answered with another error, wherever a byte is wrong", () => {
    for (let at = 0; at < SHAPEFILE.length; at += 3) {
      const bytes = Buffer.from(SHAPEFILE);
      bytes[at] ^= 0x5a;
      try {
        readAreaFile(bytes, "wgs84");
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(WuxingError);
      }
    }
  });
});
