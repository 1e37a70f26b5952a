import { z } from "zod";

/**
 * Cases as the API shows and takes them. A case is one piece of work that a finding or a person opened, addressed to a slot of
 * a place, with clocks that run until it is closed with an outcome. Times are ISO 8601 UTC with milliseconds.
 */
const instant = z.iso.datetime();
const id = z.string().min(1).max(100);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

/** What a person reads, in both languages. */
export const bilingualSchema = z.object({ zh: z.string(), en: z.string() });
export type Bilingual = z.infer<typeof bilingualSchema>;

/** How a case ended. `resolved` is said by whoever closed it; whether it was is said by whoever is concerned. */
const outcomeSchema = z.enum(["resolved", "unresolved", "unfounded", "duplicate"]);
export type Outcome = z.infer<typeof outcomeSchema>;

/** What whoever is concerned says of the outcome. Nobody having said anything is `none`, never consent. */
const confirmationSchema = z.enum(["none", "confirmed", "contested"]);

/** A field of an action's form. `choice` has `options`; `text` at most `max` characters. */
const formFieldSchema = z.object({
  name,
  label: bilingualSchema,
  kind: z.enum(["text", "choice", "phone", "flag"]),
  required: z.boolean(),
  max: z.int().optional(),
  options: z.array(z.object({ value: z.string(), label: bilingualSchema })).optional(),
});
export type FormField = z.infer<typeof formFieldSchema>;

/** A step that somebody may do next. `needs`: what the step takes along from the spot. */
const nextActionSchema = z.object({
  action: name,
  label: bilingualSchema,
  form: z.array(formFieldSchema),
  needs: z.object({ photo: z.boolean(), position: z.boolean() }),
});
export type NextAction = z.infer<typeof nextActionSchema>;

/** A position on the ground: degrees, WGS-84; accuracy in metres as the phone says it. */
const spotSchema = z.strictObject({
  lon: z.number().min(-180).max(180),
  lat: z.number().min(-90).max(90),
  accuracyM: z.number().min(0).max(100_000),
  time: instant,
});
export type Spot = z.infer<typeof spotSchema>;

/** A case in a list: enough for a card, and for the phone to work without a network. */
export const caseSummarySchema = z.object({
  id,
  type: name,
  typeVersion: z.int(),
  state: name,
  stateLabel: bilingualSchema,
  title: bilingualSchema,
  subject: z.object({ kind: z.enum(["vehicle", "place"]), id }),
  lock: z.string().nullable(),
  /** The place whose slot is addressed now, and the names that lead to it. */
  place: id,
  placeName: z.string(),
  path: z.string(),
  slot: name,
  /** Where the subject is or was last; degrees, WGS-84. */
  position: z.object({ lon: z.number(), lat: z.number(), time: instant }).nullable(),
  openedAt: instant,
  /** The person that took it, and that person's name. */
  takenBy: z.string().nullable(),
  takenByName: z.string().nullable(),
  /** When the clock that runs out first runs out; null when none runs. */
  dueAt: instant.nullable(),
  overdue: z.boolean(),
  /** How often the ladder has raised it; it never falls while the case is open. */
  level: z.int(),
  outcome: outcomeSchema.nullable(),
  confirmation: confirmationSchema,
  /** Counts every change; an action names the version that its doer saw. */
  version: z.int(),
  /** What the asker may do now. */
  next: z.array(nextActionSchema),
});
export type CaseSummary = z.infer<typeof caseSummarySchema>;

/** One entry of a case's story, in the order in which it happened. */
const caseEntrySchema = z.object({
  seq: z.int(),
  at: instant,
  kind: z.enum(["opened", "action", "ladder", "moved", "noted", "reopened", "confirmation", "linked"]),
  /** Who did it; null for the program itself. */
  actor: z.string().nullable(),
  actorName: z.string().nullable(),
  action: z.string().nullable(),
  label: bilingualSchema.nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  form: z.record(z.string(), z.unknown()),
  position: spotSchema.nullable(),
  attachments: z.array(z.string()),
  /** What the program adds: distance to the terminal, persons told, why it moved. */
  detail: z.record(z.string(), z.unknown()),
});
export type CaseEntry = z.infer<typeof caseEntrySchema>;

const caseClockSchema = z.object({
  clock: name,
  label: bilingualSchema,
  state: z.enum(["running", "paused", "stopped"]),
  time: z.enum(["wall", "working"]),
  limitMs: z.number(),
  usedMs: z.number(),
  startedAt: instant,
  dueAt: instant.nullable(),
  pausedFor: z.string().nullable(),
  /** The ladder's steps of this clock: after so much of its own time, ms, who is told, and whether the work becomes theirs. */
  marks: z.array(z.object({ afterMs: z.number(), slot: z.string(), does: z.enum(["notify", "reassign"]) })),
});
export type CaseClock = z.infer<typeof caseClockSchema>;

/** The whole story of a case on one page. */
export const caseStorySchema = caseSummarySchema.extend({
  clocks: z.array(caseClockSchema),
  entries: z.array(caseEntrySchema),
  /** Who is addressed now. */
  addressee: z.object({ place: z.string(), slot: z.string(), persons: z.array(z.string()), wentUp: z.boolean() }),
  parent: z.string().nullable(),
  children: z.array(z.string()),
  /** What opened it: for a locked vehicle its lock's rule, exposures and expiry. */
  facts: z.record(z.string(), z.unknown()),
});
export type CaseStory = z.infer<typeof caseStorySchema>;

/** Something that is done to a case. The same `id` is done once only, however often it is sent. */
export const caseActionSchema = z.strictObject({
  id: z.uuid(),
  action: name,
  version: z.int().min(1),
  /** When it was done on the spot, which may be before it is sent. */
  at: instant.optional(),
  form: z.record(z.string().max(40), z.union([z.string().max(4000), z.boolean(), z.number()])).default({}),
  position: spotSchema.optional(),
  attachments: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(10)
    .default([]),
});
export type CaseAction = z.infer<typeof caseActionSchema>;

/** A type of cases as the phone and the console need it: what follows what, with which form, by which slots. */
export const caseTypeViewSchema = z.object({
  id: name,
  version: z.int(),
  label: bilingualSchema,
  states: z.array(z.object({ state: name, label: bilingualSchema, end: z.boolean() })),
  transitions: z.array(
    nextActionSchema.extend({
      from: z.array(name),
      to: name,
      slots: z.array(z.string()),
      /** Needs a person other than the one who did the step named. */
      otherThan: z.string().nullable(),
    }),
  ),
});
export type CaseTypeView = z.infer<typeof caseTypeViewSchema>;

/** A page of changes for the phone: my work and my grids'. */
export const caseSyncSchema = z.object({
  /** True when the phone keeps nothing but what this page and those after it hold: the first time, or other grids. */
  full: z.boolean(),
  cases: z.array(caseSummarySchema),
  removed: z.array(z.string()),
  types: z.array(caseTypeViewSchema),
  cursor: z.string(),
  more: z.boolean(),
  /** The city's clock, by which everything is due. */
  now: instant,
});

/** How many cases, by state and for each place below the one asked for. */
export const caseCountsSchema = z.object({
  states: z.array(z.object({ type: z.string(), state: z.string(), count: z.int(), overdue: z.int() })),
  places: z.array(z.object({ place: z.string(), name: z.string(), open: z.int(), overdue: z.int() })),
  outcomes: z.array(z.object({ outcome: outcomeSchema, confirmation: confirmationSchema, count: z.int() })),
});

/** A notice to a person, as it stands in the inbox. */
export const noticeSchema = z.object({
  id,
  at: instant,
  case: z.string().nullable(),
  kind: z.string(),
  text: bilingualSchema,
  readAt: instant.nullable(),
});
export type Notice = z.infer<typeof noticeSchema>;

/** A notice of a case: to whom, by which ways beside the inbox, and what became of each. What a receiver answered stands in the dead letters. */
export const caseNoticeSchema = noticeSchema.omit({ case: true }).extend({
  person: z.string().nullable(),
  personName: z.string().nullable(),
  deliveries: z.array(
    z.object({
      channel: z.string().describe("`webhook`, `mail`, `sms`"),
      state: z.enum(["waiting", "sent", "dead"]).describe("`dead`: given up, until somebody replays it"),
      attempts: z.int(),
      triedAt: instant.nullable().describe("When it was tried last, by the clock on the wall"),
      sentAt: instant.nullable(),
      failedAt: instant.nullable().describe("When it was given up"),
      nextAt: instant.nullable().describe("When it is tried again"),
    }),
  ),
});
export type CaseNotice = z.infer<typeof caseNoticeSchema>;
