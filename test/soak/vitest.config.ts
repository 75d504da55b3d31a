import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["*.soak.ts"],
    globalSetup: "../support/isolation.ts",
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
});
