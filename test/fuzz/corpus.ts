import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encodeRegistration } from "../../src/wire/jt808/0100-registration.ts";
import { encodeLocationReport } from "../../src/wire/jt808/0200-location-report.ts";
import { encodeLocationAnswer } from "../../src/wire/jt808/0201-location-answer.ts";
import { encodeDriverCard } from "../../src/wire/jt808/0702-driver-card.ts";
import { encodeLocationBatch } from "../../src/wire/jt808/0704-location-batch.ts";
import { encodeParametersAnswer } from "../../src/wire/jt808/8103-parameters.ts";
import { encodePolygon } from "../../src/wire/jt808/8600-areas.ts";
import { encodeMessage } from "../../src/wire/jt808/encoding.ts";
import { writeFrame809 } from "../../src/wire/jt809/header.ts";
import { encodeLogin809, Message809Id } from "../../src/wire/jt809/link-messages.ts";
import { encodePositions809, encodeVehicleMessage809, Vehicle809Id } from "../../src/wire/jt809/vehicle-messages.ts";

const SHARED = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const TIME_MS = Date.UTC(2026, 2, 1, 4);

/** JT/T 808 frames of terminal `phone` to begin with; with frames of real devices where they are at hand. */
export function corpus808(phone: string, real = false): Buffer[] {
  const report = { latitude: 35.303, longitude: 113.9268, timeMs: TIME_MS, speedKmh: 60, extras: { mileageKm: 100 } };
  const points = Array.from({ length: 150 }, (_, i): [number, number] => [35 + i / 1000, 113]);
  const registration = { provinceId: 41, cityId: 700, manufacturerId: "F", terminalModel: "F", terminalId: "1" };
  const plate = { plateColor: 2, plate: "豫G12345" };
  const bodies: [number, Uint8Array][] = [
    [0x0001, Buffer.from("0000820200", "hex")],
    [0x0002, new Uint8Array(0)],
    [0x0003, new Uint8Array(0)],
    [0x0004, new Uint8Array(0)],
    [0x0005, Buffer.from("00000002", "hex")],
    [0x0100, encodeRegistration({ ...registration, ...plate }, "2013")],
    [0x0102, Buffer.from("AAAAAAAAAAAAAAAA")],
    [0x0104, encodeParametersAnswer(1, [{ id: 1, value: Buffer.alloc(4) }])],
    [0x0107, Buffer.alloc(60, 1)],
    [0x0200, encodeLocationReport(report)],
    [0x0200, encodeLocationReport({ ...report, items: [{ id: 0x7e, value: Buffer.alloc(30, 0x7d) }] })],
    [0x0201, encodeLocationAnswer(1, report)],
    [0x0702, encodeDriverCard({ cardStatus: 1, timeMs: TIME_MS, driver: "张三" })],
    [0x0704, encodeLocationBatch(1, [report, report, report])],
    [
      0x0704,
      encodeLocationBatch(
        1,
        Array.from({ length: 80 }, () => report),
      ),
    ],
    [0x0801, Buffer.alloc(2500, 7)],
    [0x0900, Buffer.alloc(40, 0x7e)],
    [0x8604, encodePolygon({ areaId: 1, attributes: 0, points }, true)],
    [0x0f99, Buffer.alloc(8)],
  ];
  const made = bodies.flatMap(([messageId, body]) =>
    (["2013", "2019"] as const).flatMap((version) => encodeMessage({ messageId, version, phone, serial: 1, body })),
  );
  return real ? made.concat(realFrames("jt808")) : made;
}

/** JT/T 809 frames of both editions to begin with. */
export function corpus809(real = false): Buffer[] {
  const position = {
    latitude: 35.303,
    longitude: 113.9268,
    timeMs: TIME_MS,
    speedKmh: 60,
    direction: 90,
    altitude: 70,
  };
  const made = (["2011", "2019"] as const).flatMap((version) => {
    const login = { userId: 1, password: "secret", downLinkIp: "127.0.0.1", downLinkPort: 9000 };
    const of = (subId: number, count: number): Buffer =>
      encodeVehicleMessage809({
        plate: "豫G12345",
        plateColour: 2,
        subId,
        data: encodePositions809(
          Array.from({ length: count }, () => position),
          version,
          count > 1,
        ),
      });
    const bodies: [number, Uint8Array][] = [
      [Message809Id.login, encodeLogin809(login, version)],
      [Message809Id.vehicles, of(Vehicle809Id.position, 1)],
      [Message809Id.vehicles, of(Vehicle809Id.supplement, 5)],
      [0x1005, new Uint8Array(0)],
    ];
    return bodies.map(([messageId, body]) =>
      writeFrame809({ messageId, serial: 1, accessCode: 4107, version, body, sentMs: TIME_MS }),
    );
  });
  return real ? made.concat(realFrames("jt809")) : made;
}

function realFrames(protocol: string): Buffer[] {
  const path = `${SHARED}${protocol}/frames.json`;
  if (!existsSync(path)) return [];
  const frames = JSON.parse(readFileSync(path, "utf8")) as { hex: string }[];
  return frames.map(({ hex }) => Buffer.from(hex, "hex")).filter(({ length }) => length > 2);
}
