import { fillPlaces, loadCustoms } from "../city/place-folder.ts";
import { Places } from "../city/places.ts";
import { WorkingCalendar } from "../city/working-calendar.ts";
import type { PlaceDesk } from "../http/place-routes.ts";
import type { Database } from "../store/database.ts";

/**
 * Places, duties and the calendar. A city that starts for the first time takes its places and teams from its folder.
 * @throws WuxingError CITY_INVALID
 */
export async function openPlaces(database: Database, cityDir: string, cityTimeMs: () => number): Promise<PlaceDesk> {
  const { slots, calendar } = await loadCustoms(cityDir);
  const places = await Places.open(database.kysely, {
    now: cityTimeMs,
    ...(slots === undefined ? {} : { slots }),
  });
  await fillPlaces(places, cityDir);
  return {
    places,
    calendar: new WorkingCalendar(calendar),
    cityTimeMs,
    work: null,
    accountOf: (request) => request.principal?.account ?? null,
  };
}
