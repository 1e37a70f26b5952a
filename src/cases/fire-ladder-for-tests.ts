import { openDatabase, type DatabaseLocation } from "../store/database.ts";
import { deskForTests } from "./case-city-for-tests.ts";

/**
 * A process that fires the ladder until nothing is due, and is killed on the way by the test that starts it: `LOCATION NOW_MS`.
 * Says `fired` after each few steps.
 */
const [location, now] = process.argv.slice(2) as [string, string];
const database = await openDatabase(JSON.parse(location) as DatabaseLocation);
const desk = deskForTests(database.kysely, () => Number(now));
while ((await desk.fireLadder(Number(now), 3)) > 0) process.stdout.write("fired\n");
await database.close();
process.stdout.write("done\n");
