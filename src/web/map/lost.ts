/** A vehicle whose last fix is older than the rule's longest known gap has lost its signal, ms. */
export const LOST_AFTER_MS = 300_000;
