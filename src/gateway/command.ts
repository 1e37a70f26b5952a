import type { Buffer } from "node:buffer";
import { TERMINAL_REPLY } from "../wire/jt808/0001-general-reply.ts";
import { TERMINAL_ATTRIBUTES, QUERY_ATTRIBUTES } from "../wire/jt808/0107-terminal-attributes.ts";
import { LOCATION_ANSWER, LOCATION_QUERY } from "../wire/jt808/0201-location-answer.ts";
import {
  encodeQueryParameters,
  encodeSetParameters,
  PARAMETERS_ANSWER,
  QUERY_ALL_PARAMETERS,
  QUERY_PARAMETERS,
  SET_PARAMETERS,
  type Parameter,
} from "../wire/jt808/8103-parameters.ts";
import { encodeTracking, TRACKING, type Tracking } from "../wire/jt808/8202-tracking.ts";
import {
  ALARM_CONFIRMATION,
  encodeAlarmConfirmation,
  type AlarmConfirmation,
} from "../wire/jt808/8203-alarm-confirmation.ts";
import { encodeText, TEXT, type DriverText } from "../wire/jt808/8300-text.ts";
import {
  encodeCircles,
  encodePolygon,
  encodeRectangles,
  SET_CIRCLES,
  SET_POLYGON,
  SET_RECTANGLES,
  type CircleArea,
  type PolygonArea,
  type RectangleArea,
} from "../wire/jt808/8600-areas.ts";
import { encodeAreaDeletion } from "../wire/jt808/8601-area-deletion.ts";
import { encodeRoute, SET_ROUTE, type TerminalRoute } from "../wire/jt808/8606-route.ts";

/** Something to be told to a terminal. */
export interface Command {
  messageId: number;
  /** The body, in the layout that the terminal speaks. */
  body(wideHeader: boolean): Uint8Array;
  /** The message that answers it: 0x0001, or the one that carries what was asked for. */
  answerId: number;
  /** After this it is no longer sent, ms UTC. Default: ten minutes after it was given. */
  validUntilMs?: number;
}

/** Reports every `intervalSec` seconds for `validitySec` seconds; 0 stops. */
export function trackingCommand(tracking: Tracking): Command {
  return { messageId: TRACKING, body: () => encodeTracking(tracking), answerId: TERMINAL_REPLY };
}

/**
 * A text to the driver.
 * @throws RangeError for more than 1024 bytes in GBK.
 */
export function textCommand(text: DriverText): Command {
  encodeText(text, true);
  return { messageId: TEXT, body: (wide) => encodeText(text, wide), answerId: TERMINAL_REPLY };
}

export function locationQuery(): Command {
  return { messageId: LOCATION_QUERY, body: nothing, answerId: LOCATION_ANSWER };
}

export function attributesQuery(): Command {
  return { messageId: QUERY_ATTRIBUTES, body: nothing, answerId: TERMINAL_ATTRIBUTES };
}

/** @throws RangeError for more than 255 parameters or a value of more than 255 bytes. */
export function setParameters(parameters: readonly Parameter[]): Command {
  const body = encodeSetParameters(parameters);
  return { messageId: SET_PARAMETERS, body: () => body, answerId: TERMINAL_REPLY };
}

/** Asks for the parameters `ids`, or for all of them. */
export function parametersQuery(ids?: readonly number[]): Command {
  if (ids === undefined) return { messageId: QUERY_ALL_PARAMETERS, body: nothing, answerId: PARAMETERS_ANSWER };
  return { messageId: QUERY_PARAMETERS, body: () => encodeQueryParameters(ids), answerId: PARAMETERS_ANSWER };
}

export function alarmConfirmation(confirmation: AlarmConfirmation): Command {
  const body = encodeAlarmConfirmation(confirmation);
  return { messageId: ALARM_CONFIRMATION, body: () => body, answerId: TERMINAL_REPLY };
}

/** `action`: 0 replaces all circles, 1 adds, 2 changes. */
export function circlesCommand(action: number, circles: readonly CircleArea[]): Command {
  return { messageId: SET_CIRCLES, body: (wide) => encodeCircles(action, circles, wide), answerId: TERMINAL_REPLY };
}

/** `action`: 0 replaces all rectangles, 1 adds, 2 changes. */
export function rectanglesCommand(action: number, rectangles: readonly RectangleArea[]): Command {
  const body = (wide: boolean): Buffer => encodeRectangles(action, rectangles, wide);
  return { messageId: SET_RECTANGLES, body, answerId: TERMINAL_REPLY };
}

export function polygonCommand(polygon: PolygonArea): Command {
  return { messageId: SET_POLYGON, body: (wide) => encodePolygon(polygon, wide), answerId: TERMINAL_REPLY };
}

export function routeCommand(route: TerminalRoute): Command {
  return { messageId: SET_ROUTE, body: (wide) => encodeRoute(route, wide), answerId: TERMINAL_REPLY };
}

/**
 * Deletes areas of one kind: `messageId` is 0x8601, 0x8603, 0x8605 or 0x8607; no ids: all of them.
 * @throws RangeError for more than 125 ids.
 */
export function deletionCommand(messageId: number, areaIds: readonly number[]): Command {
  const body = encodeAreaDeletion(areaIds);
  return { messageId, body: () => body, answerId: TERMINAL_REPLY };
}

function nothing(): Uint8Array {
  return new Uint8Array(0);
}
