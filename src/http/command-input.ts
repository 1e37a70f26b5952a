import { z } from "zod";
import {
  circlesCommand,
  deletionCommand,
  locationQuery,
  parametersQuery,
  polygonCommand,
  rectanglesCommand,
  routeCommand,
  setParameters,
  textCommand,
  trackingCommand,
  type Command,
} from "../gateway/command.ts";
import { WuxingError } from "../model/errors.ts";
import { dwordParameter, ParameterId } from "../wire/jt808/8103-parameters.ts";
import { TextFlag } from "../wire/jt808/8300-text.ts";
import { AreaAttribute, type TerminalArea } from "../wire/jt808/8600-areas.ts";

/** WGS-84 into the datum of the terminals, degrees. */
export type ToTerminal = (longitude: number, latitude: number) => readonly [longitude: number, latitude: number];

const lon = z.number().min(-180).max(180);
const lat = z.number().min(-90).max(90);
const point = z.tuple([lon, lat]);
const shapeId = z.int().min(1).max(0xffff_ffff);
const moment = z.array(z.enum(["enter", "leave"])).max(2);
const speedSchema = z.strictObject({ maxKmh: z.int().min(1).max(255), seconds: z.int().min(1).max(255) });
const areaShape = {
  id: shapeId.describe("Number of the area in the terminal"),
  name: z.string().min(1).max(50).optional().describe("Terminals of 2019 show it"),
  tellDriver: moment.default(["enter", "leave"]),
  tellPlatform: moment.default(["enter", "leave"]),
  speed: speedSchema.optional(),
};
const action = z.enum(["replace", "add", "change"]).default("add");
const ACTIONS = { replace: 0, add: 1, change: 2 } as const;
const DELETIONS = { circles: 0x8601, rectangles: 0x8603, polygons: 0x8605, routes: 0x8607 } as const;
const seconds = z.int().min(1).max(86_400).optional();
/** Areas of one message: its count is a byte, and a body of some kilobytes is all that terminals take. */
const SHAPES_MAX = 100;
const POINTS_MAX = 1000;

/** What a vehicle's terminal can be told; coordinates are WGS-84. */
export const commandInputSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("text"),
    text: z.string().min(1).max(1024).describe("At most 1024 bytes in GBK"),
    urgent: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("position") }),
  z.strictObject({
    kind: z.literal("tracking"),
    intervalSec: z.int().min(0).max(65_535).describe("0 stops"),
    validitySec: z.int().min(1).max(86_400).default(3600),
  }),
  z.strictObject({ kind: z.literal("parameters") }),
  z.strictObject({
    kind: z.literal("set-parameters"),
    heartbeatSeconds: seconds,
    sleepIntervalSeconds: seconds,
    alarmIntervalSeconds: seconds,
    defaultIntervalSeconds: seconds,
    maxSpeedKmh: z.int().min(1).max(255).optional(),
    overspeedSeconds: seconds,
  }),
  z.strictObject({
    kind: z.literal("circles"),
    action,
    circles: z
      .array(z.strictObject({ ...areaShape, lon, lat, radiusM: z.int().min(1).max(100_000) }))
      .min(1)
      .max(SHAPES_MAX),
  }),
  z.strictObject({
    kind: z.literal("rectangles"),
    action,
    rectangles: z
      .array(
        z
          .strictObject({ ...areaShape, west: lon, south: lat, east: lon, north: lat })
          .refine(({ west, south, east, north }) => west < east && south < north, "west < east and south < north"),
      )
      .min(1)
      .max(SHAPES_MAX),
  }),
  z.strictObject({ kind: z.literal("polygon"), ...areaShape, points: z.array(point).min(3).max(POINTS_MAX) }),
  z.strictObject({
    kind: z.literal("route"),
    id: shapeId,
    name: areaShape.name,
    tellDriver: moment.default(["enter", "leave"]),
    tellPlatform: moment.default(["enter", "leave"]),
    points: z
      .array(
        z.strictObject({
          lon,
          lat,
          widthM: z.int().min(1).max(255).describe("Of the way that begins here"),
          speed: speedSchema.optional(),
        }),
      )
      .min(2)
      .max(POINTS_MAX),
  }),
  z.strictObject({
    kind: z.literal("delete"),
    what: z.enum(["circles", "rectangles", "polygons", "routes"]),
    ids: z.array(shapeId).max(125).default([]).describe("None: all of them"),
  }),
]);
type CommandInput = z.infer<typeof commandInputSchema>;

/** @throws WuxingError INPUT_INVALID */
export function commandOf(input: CommandInput, toTerminal: ToTerminal): Command {
  switch (input.kind) {
    case "text":
      return driverText(input.text, input.urgent);
    case "position":
      return locationQuery();
    case "tracking": {
      const { intervalSec, validitySec } = input;
      return trackingCommand(intervalSec === 0 ? { intervalSec } : { intervalSec, validitySec });
    }
    case "parameters":
      return parametersQuery();
    case "set-parameters": {
      const { kind: _, ...values } = input;
      const given = Object.entries(values).filter(
        (entry): entry is [keyof typeof values, number] => entry[1] !== undefined,
      );
      if (given.length === 0) {
        throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body", expected: "at least one parameter" }]);
      }
      return setParameters(given.map(([name, value]) => dwordParameter(ParameterId[name], value)));
    }
    case "circles": {
      const circles = input.circles.map((circle) => {
        const [longitude, latitude] = toTerminal(circle.lon, circle.lat);
        return { ...areaOf(circle), latitude, longitude, radiusMeters: circle.radiusM };
      });
      return circlesCommand(ACTIONS[input.action], circles);
    }
    case "rectangles": {
      const rectangles = input.rectangles.map((box) => ({
        ...areaOf(box),
        topLeft: latitudeFirst(toTerminal(box.west, box.north)),
        bottomRight: latitudeFirst(toTerminal(box.east, box.south)),
      }));
      return rectanglesCommand(ACTIONS[input.action], rectangles);
    }
    case "polygon":
      return polygonCommand({ ...areaOf(input), points: input.points.map((at) => latitudeFirst(toTerminal(...at))) });
    case "route": {
      const { areaId: routeId, ...route } = areaOf(input);
      const points = input.points.map(({ lon: x, lat: y, widthM, speed }, at) => {
        const [longitude, latitude] = toTerminal(x, y);
        const part = { pointId: at + 1, segmentId: at + 1, latitude, longitude, widthMeters: widthM };
        return speed === undefined ? part : { ...part, speed };
      });
      return routeCommand({ ...route, routeId, points });
    }
    case "delete":
      return deletionCommand(DELETIONS[input.what], input.ids);
  }
}

interface AreaInput {
  id: number;
  name?: string | undefined;
  tellDriver: ("enter" | "leave")[];
  tellPlatform: ("enter" | "leave")[];
  speed?: { maxKmh: number; seconds: number } | undefined;
}

function areaOf({ id, name, tellDriver, tellPlatform, speed }: AreaInput): TerminalArea {
  const attributes =
    (tellDriver.includes("enter") ? AreaAttribute.enterToDriver : 0) |
    (tellDriver.includes("leave") ? AreaAttribute.leaveToDriver : 0) |
    (tellPlatform.includes("enter") ? AreaAttribute.enterToPlatform : 0) |
    (tellPlatform.includes("leave") ? AreaAttribute.leaveToPlatform : 0);
  return {
    areaId: id,
    attributes,
    ...(name === undefined ? {} : { areaName: name }),
    ...(speed === undefined ? {} : { speed }),
  };
}

function latitudeFirst([longitude, latitude]: readonly [number, number]): [number, number] {
  return [latitude, longitude];
}

function driverText(text: string, urgent: boolean): Command {
  try {
    const flags = TextFlag.display | TextFlag.readOut | (urgent ? TextFlag.urgent : 0);
    return textCommand({ flags, textType: urgent ? 1 : 2, text });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body.text", expected: "at most 1024 bytes in GBK" }]);
  }
}
