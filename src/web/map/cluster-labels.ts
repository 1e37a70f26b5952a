import type { Map as MapLibreMap } from "maplibre-gl";
import { count } from "../show/measure.ts";
import type { Cluster } from "./vehicle-clusters.ts";

/** From so many on a mark is larger, and larger still. */
const LARGER = [100, 500];

/** The numbers of clusters, over the map; few enough to be elements, so that the ground need not be drawn anew with each change. */
export class ClusterLabels {
  readonly #parent: HTMLElement;
  readonly #labels: HTMLElement[] = [];

  constructor(parent: HTMLElement) {
    this.#parent = parent;
  }

  place(map: MapLibreMap, clusters: readonly Cluster[]): void {
    for (const [index, cluster] of clusters.entries()) {
      const label = this.#labels[index] ?? this.#make();
      const text = count(cluster.count);
      if (label.textContent !== text) {
        label.textContent = text;
        label.dataset["size"] = String(LARGER.filter((from) => cluster.count >= from).length);
      }
      const { x, y } = map.project([cluster.lon, cluster.lat]);
      label.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
    }
    for (const label of this.#labels.splice(clusters.length)) label.remove();
  }

  clear(): void {
    for (const label of this.#labels.splice(0)) label.remove();
  }

  #make(): HTMLElement {
    const label = document.createElement("span");
    label.className = "cluster-label";
    this.#parent.append(label);
    this.#labels.push(label);
    return label;
  }
}
