// Placeholder until the layer has its first file.
export const LAYER = "store";
