import { Random } from "../../src/simulate/random.ts";
import type { DrawnPlace } from "./grids.ts";

const SEED = 33;
/** The most frequent surnames, and characters of given names; every person here is invented. */
const SURNAMES =
  "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎".split("");
const GIVEN =
  "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华文建国志永春玉红海波新宇佳慧雪梅鹏飞晓东亮玲琳凯成龙".split("");
/** How often a slot of a grid is vacant. */
const VACANT = { head: 0.012, deputy: 0.03, member: 0.025 } as const;
const ON_LEAVE = 0.02;

/**
 * A team for each grid ("3+N": head, deputy, member, and volunteers), a police officer and a medic for the grids of each
 * community, desks at townships, counties and the city. Two files: who holds what, and who is on leave.
 */
export function drawTeams(
  places: readonly DrawnPlace[],
  grids: readonly DrawnPlace[],
): { teams: string; leave: string } {
  const random = new Random(SEED);
  const teams = ["place,slot,person,name"];
  const leave = ["person,from,to,substitute"];
  let persons = 0;
  const add = (place: string, slot: string, person?: string): string => {
    if (person !== undefined) {
      teams.push(`${place},${slot},${person},`);
      return person;
    }
    const id = `p${String(++persons).padStart(6, "0")}`;
    teams.push(`${place},${slot},${id},${drawName(random)}`);
    return id;
  };
  const goOnLeave = (person: string, substitute: string | undefined): void => {
    if (random.next() < ON_LEAVE) {
      leave.push(
        `${person},2026-10-01,2027-09-30,${substitute !== undefined && random.next() < 0.5 ? substitute : ""}`,
      );
    }
  };
  for (const { id, kind } of places) {
    const desks = { city: 4, county: 3, township: 1, community: 0, grid: 0 }[kind];
    for (let n = 0; n < desks; n++) add(id, "desk");
  }
  const shared = new Map<string, { police: string | undefined; medic: string | undefined }>();
  for (const { id, parent } of grids) {
    const team = new Map<string, string>();
    for (const slot of ["head", "deputy", "member"] as const) {
      if (random.next() >= VACANT[slot]) team.set(slot, add(id, slot));
    }
    const known = shared.get(parent!);
    const police = known === undefined ? (random.next() < 0.04 ? undefined : add(id, "police")) : known.police;
    const medic = known === undefined ? (random.next() < 0.05 ? undefined : add(id, "medic")) : known.medic;
    if (known !== undefined && police !== undefined) add(id, "police", police);
    if (known !== undefined && medic !== undefined) add(id, "medic", medic);
    shared.set(parent!, { police, medic });
    for (let n = random.below(4); n > 0; n--) add(id, "volunteer");
    for (const [slot, person] of team) goOnLeave(person, team.get(slot === "head" ? "deputy" : "head"));
  }
  return { teams: `${teams.join("\n")}\n`, leave: `${leave.join("\n")}\n` };
}

function drawName(random: Random): string {
  return random.pick(SURNAMES) + random.pick(GIVEN) + (random.next() < 0.7 ? random.pick(GIVEN) : "");
}
