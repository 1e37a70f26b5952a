import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeMessage } from "./encoding.ts";
import { escapeInto, FrameReader, MAX_ESCAPED_BYTES, unescapeInto, type FrameFault } from "./framing.ts";

interface Found {
  frames: string[];
  faults: FrameFault[];
  reader: FrameReader;
}

function read(chunks: Iterable<Uint8Array>): Found {
  const frames: string[] = [];
  const faults: FrameFault[] = [];
  const reader = new FrameReader({
    onFrame: (bytes, start, end) => frames.push(bytes.toString("hex", start, end)),
    onFault: (fault) => faults.push(fault),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { frames, faults, reader };
}

const heartbeat = Buffer.from("7e000200000123456789017fff0a7e", "hex");
const heartbeatPlain = "000200000123456789017fff";

describe("the escape", () => {
  it("is the standard's worked example", () => {
    const plain = Buffer.alloc(8);
    const length = unescapeInto(Buffer.from("307d02087d0155", "hex"), 0, 7, plain);
    expect(plain.subarray(0, length).toString("hex")).toBe("307e087d55");
  });

  it("writes the checksum escaped as well", () => {
    const out = Buffer.alloc(32);
    const end = escapeInto(Buffer.from("027c", "hex"), 0, 2, out, 0);
    expect(out.toString("hex", 0, end)).toBe("7e027c7d027e");
  });

  it("refuses 7d followed by anything but 01 and 02, and 7d at the end", () => {
    const out = Buffer.alloc(8);
    expect(unescapeInto(Buffer.from("7d03", "hex"), 0, 2, out)).toBe(-1);
    expect(unescapeInto(Buffer.from("7d", "hex"), 0, 1, out)).toBe(-2);
  });
});

describe("the frame reader", () => {
  it("finds a frame cut anywhere, byte by byte too", () => {
    for (let cut = 0; cut <= heartbeat.length; cut++) {
      expect(read([heartbeat.subarray(0, cut), heartbeat.subarray(cut)]).frames).toEqual([heartbeatPlain]);
    }
    expect(read([...heartbeat].map((byte) => Buffer.of(byte))).frames).toEqual([heartbeatPlain]);
  });

  it("drops what stands before the first delimiter and counts it", () => {
    const { frames, reader } = read([Buffer.from("474554202f", "hex"), heartbeat]);
    expect(frames).toEqual([heartbeatPlain]);
    expect(reader.skippedBytes).toBe(5);
  });

  it("takes one delimiter between two frames and many between two frames alike", () => {
    const inner = heartbeat.subarray(1);
    expect(read([heartbeat, inner]).frames).toEqual([heartbeatPlain, heartbeatPlain]);
    const idle = read([heartbeat, Buffer.from("7e7e7e", "hex"), heartbeat]);
    expect(idle.frames).toEqual([heartbeatPlain, heartbeatPlain]);
    expect(idle.faults).toEqual([]);
  });

  it("goes on after a frame with a wrong checksum", () => {
    const bad = Buffer.from(heartbeat);
    bad[3] ^= 1;
    const { frames, faults } = read([Buffer.concat([heartbeat, bad, heartbeat])]);
    expect(frames).toHaveLength(2);
    expect(faults).toEqual(["checksum"]);
  });

  it("accepts a checksum 7d that the device did not escape, and counts it", () => {
    const { frames, reader } = read([Buffer.from("7e0002000000000000067900007d7e", "hex"), heartbeat]);
    expect(frames).toEqual(["000200000000000006790000", heartbeatPlain]);
    expect(reader.toleratedEscapes).toBe(1);
  });

  it("keeps no more than the longest legal frame and finds the next one", () => {
    const endless = Buffer.alloc(100_000, 0x41);
    const { frames, faults, reader } = read([Buffer.of(0x7e), endless, endless, heartbeat]);
    expect(reader.pendingBytes).toBeLessThanOrEqual(MAX_ESCAPED_BYTES);
    expect(faults).toEqual(["tooLong"]);
    expect(frames).toEqual([heartbeatPlain]);
    const whole = read([Buffer.concat([Buffer.of(0x7e), endless, heartbeat])]);
    expect(whole.faults).toEqual(["tooLong"]);
    expect(whole.frames).toEqual([heartbeatPlain]);
  });

  it("reads the longest legal frame with every byte escaped", () => {
    const body = Buffer.alloc(1023, 0x7e);
    const [frame] = encodeMessage({ messageId: 0x0900, version: "2019", phone: "1", serial: 7, body });
    const { frames } = read([frame.subarray(0, 1500), frame.subarray(1500)]);
    expect(frames).toHaveLength(1);
    expect(frames[0]).toHaveLength(2 * (17 + 1023));
  });
});

const streamsPath = new URL("../../../../shared/data/jt808/streams.json", import.meta.url);

describe.skipIf(!existsSync(streamsPath))(
  "streams of other implementations (../shared/data/jt808/streams.json)",
  () => {
    interface Stream {
      name: string;
      chunks: string[];
      frames: string[];
      frameChecks: { valid: boolean }[];
      note?: string;
    }
    const streams: Stream[] = existsSync(streamsPath) ? JSON.parse(readFileSync(streamsPath, "utf8")) : [];

    it.each(streams.map((stream) => [stream.name, stream] as const))("%s", (_, stream) => {
      const { frames } = read(stream.chunks.map((chunk) => Buffer.from(chunk, "hex")));
      const expected = stream.frames.flatMap((frame, at) => {
        const raw = Buffer.from(frame, "hex");
        if (!stream.frameChecks[at]?.valid && !stream.note?.includes("accepts it")) return [];
        const plain = Buffer.alloc(raw.length);
        const length = Math.max(
          unescapeInto(raw, 1, raw.length - 1, plain),
          unescapeInto(raw, 1, raw.length - 2, plain) + 1,
        );
        return [plain.toString("hex", 0, length - 1)];
      });
      expect(frames).toEqual(expected);
    });
  },
);
