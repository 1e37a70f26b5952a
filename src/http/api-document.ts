import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";

const DESCRIPTION = `城市货运风险车辆监测接口。The interface of a city's watch over goods vehicles.

Coordinates are WGS-84 with longitude first, times ISO 8601 UTC with milliseconds, unless a field's name carries another unit. Lists
answer \`{ items, next }\`; pass \`next\` as \`cursor\` to go on. What is not a success answers \`{ code, message: { zh, en }, detail, problems }\`:
\`code\` is stable, \`problems\` say where, which value, and what was expected.`;

/** OpenAPI 3.1 of every route that is registered after this, to be read by people at `/api/docs`. */
export async function documentApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "wuxing 无形",
        version,
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      tags: [
        { name: "areas", description: "风险区 Risk areas" },
        { name: "vehicles", description: "车辆 Vehicles" },
        { name: "exposures", description: "暴露 Exposures" },
        { name: "locks", description: "锁定 Locks" },
        { name: "passages", description: "通行 Passages of gates and of the fence" },
        { name: "stream", description: "实时流 The live stream" },
        { name: "system", description: "系统 City, state, health, metrics" },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/docs",
    staticCSP: true,
    uiConfig: { deepLinking: true, tryItOutEnabled: false },
  });
  app.get("/api/v1/openapi.json", { schema: { hide: true } }, async () => app.swagger());
}
