import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { arrivalRoutes } from "./arrival-routes.ts";
import { attachmentRoutes } from "./attachment-routes.ts";
import { caseRoutes, type CaseOffice } from "./case-routes.ts";
import { driverRoutes } from "./driver-routes.ts";
import { noticeRoutes } from "./notice-routes.ts";
import { doerOf } from "./principal.ts";
import { workStreamRoutes } from "./work-stream-routes.ts";

/** Everything about cases: the work, its photos, who is told, and whom it is about. */
export function officeRoutes(office: CaseOffice): FastifyPluginAsyncZod[] {
  const { lists, readAs, drivers } = office;
  return [
    caseRoutes(office),
    attachmentRoutes(office),
    noticeRoutes(office),
    workStreamRoutes(office),
    arrivalRoutes(office.arrivals, readAs),
    driverRoutes(drivers, async (request, id) => {
      const holder = lists.holder(doerOf(request).person);
      await readAs(request, (database) => lists.story(database, holder, id));
    }),
  ];
}
