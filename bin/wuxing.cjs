#!/usr/bin/env node
"use strict";
// Plain CommonJS of any age, so that a Node that is too old says so in one line instead of a syntax error.
const LEAST = 24;
if (Number(process.versions.node.split(".")[0]) < LEAST) {
  console.error(
    `wuxing 需要 Node ${LEAST} 或更新的版本，当前是 ${process.version} / wuxing needs Node ${LEAST} or newer, this is ${process.version}`,
  );
  process.exit(1);
}
import("../dist/cli/main.js").then(
  (main) => main.run(process.argv),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
