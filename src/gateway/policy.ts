import { BlockList, isIP } from "node:net";
import { WuxingError } from "../model/errors.ts";

/** Whom a JT/T 808 gateway lets in, and how. */
export interface Jt808Policy {
  /** `open`: every terminal that registers is accepted. `listed`: an unknown one waits until a person accepts it. */
  admission: "open" | "listed";
  /**
   * `required`: nothing counts before a right authentication code. `optional`: terminals that never register or
   * authenticate are heard too, and codes are not checked (then anyone can speak for anyone).
   */
  authentication: "required" | "optional";
  /** Addresses or networks (`10.1.2.0/24`) whose connections may carry many terminals. */
  forwarders: readonly string[];
}

export const JT808_POLICY: Jt808Policy = { admission: "open", authentication: "required", forwarders: [] };

/**
 * The forwarders as a list that can be asked.
 * @throws WuxingError CONFIG_INVALID for something that is no address and no network.
 */
export function forwarderList(forwarders: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [at, entry] of forwarders.entries()) {
    const [address = "", prefix] = entry.split("/");
    const version = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const widest = version === 6 ? 128 : 32;
    if (version === 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= widest))) {
      throw new WuxingError("CONFIG_INVALID", "forwarders of the JT/T 808 gateway", [
        { where: `forwarders[${at}]`, value: entry, expected: "an IP address or a network such as 10.1.2.0/24" },
      ]);
    }
    const family = version === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, bits, family);
  }
  return list;
}

/** An address without the IPv6 form that IPv4 peers have on a dual-stack socket. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/u, "");
}

export function isForwarder(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
}
