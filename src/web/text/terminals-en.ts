import type { terminalsZh } from "./terminals-zh.ts";

/** What the page of terminals says, in English. */
export const terminalsEn: typeof terminalsZh = {
  terminals: {
    title: "Terminals",
    status: { waiting: "Waiting", accepted: "Accepted", refused: "Refused" },
    search: "A part of the number, the plate or the terminal id",
    waitingCount: (count) => `${count} ${count === 1 ? "terminal waits" : "terminals wait"} to be let in`,
    failed: "The terminals could not be read",

    none: { waiting: "No terminal waits", accepted: "No terminal was let in", refused: "No terminal was refused" },
    noneHint: {
      waiting:
        "With --admission listed an unknown terminal waits here once it has registered; with open it is let in at once.",
      accepted: "Terminals stand here once they have registered and were let in.",
      refused: "Terminals that were refused stand here; they can be let in after all.",
    },
    noMatch: "No terminal fits",
    noMatchHint: "Write less of it, or choose another state.",
    waited: (time) => `waits ${time}`,
    registered: (time) => `registered ${time}`,
    from: (address) => `from ${address}`,
    fromUnknown: "address not noted",
    says: "As the terminal says; nobody has checked it",
    noPlate: "says no plate",
    maker: (maker, model, id) => `${maker} · ${model} · id ${id}`,
    makerHint: "Maker · model · terminal id",
    online: "on line",
    offline: "off line",
    accept: "Let in",
    acceptAfterAll: "Let in after all",
    refuse: "Refuse",
    revoke: "Revoke code",
    cancel: "Cancel",
    confirm: { refuse: "Refuse it", "revoke-code": "Revoke it" },
    effect: {
      refuse:
        "Its connection ends now; it cannot register or log in until it is let in after all. Its vehicle gets no new positions; tracks and locks stay.",
      "revoke-code":
        "Its connection ends now and its code opens nothing more. It stays accepted: when it registers anew it gets a new code and is back. To keep it out, refuse it.",
    },
    done: {
      accept: (name) => `${name} is let in; it gets its code when it registers next`,
      refuse: (name) => `${name} is refused and cannot log in`,
      "revoke-code": (name) => `The code of ${name} is revoked, its connection has ended`,
    },
  },
};
