import { NodeFS } from "@electric-sql/pglite/nodefs";
import { closeSync, fsyncSync, openSync } from "node:fs";

/** What is used of Emscripten's file system for Node's files. */
interface NodeFiles {
  realPath(node: unknown): string;
  stream_ops: { fsync?: (stream: { nfd?: number; node: unknown }) => number };
}

interface EmscriptenModule {
  FS: { filesystems: { NODEFS: NodeFiles } };
}

/** EIO of WASI, which PostgreSQL takes as "the data may not be on disk" and answers by stopping. */
const WASI_EIO = 29;

/**
 * PGlite's folder on disk, with a real `fsync`. As published, PGlite 0.5 starts PostgreSQL with `-F` (fsync off) and
 * Emscripten's NODEFS has no `fsync` at all: a commit survives the end of the process, but not the loss of power.
 * Emscripten's `fd_sync` calls `stream_ops.fsync` where a file system has one, so this adds it.
 * `wal_sync_method` must be `fsync`: `fdatasync` is an empty function in this build.
 */
export class SyncedFiles extends NodeFS {
  override async init(...[pglite, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pglite, options);
    const preRun = emscriptenOpts.preRun as ((module: EmscriptenModule) => void)[];
    preRun.push((module) => {
      const files = module.FS.filesystems.NODEFS;
      files.stream_ops.fsync = ({ nfd, node }) => {
        try {
          if (nfd === undefined) syncFolder(files.realPath(node));
          else fsyncSync(nfd);
          return 0;
        } catch {
          return WASI_EIO;
        }
      };
    });
    return { emscriptenOpts };
  }
}

/** Makes the entries of a folder durable: a stream on a folder has no descriptor of Node's. */
function syncFolder(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
