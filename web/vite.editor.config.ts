import { defineConfig } from "vite";

// The script inside the editor's frame: one classic script, since a page of no origin cannot load modules.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../src/labelshare/web/editor",
    emptyOutDir: false,
    target: "es2022",
    sourcemap: false,
    lib: { entry: "src/editor/frame/frame.ts", formats: ["iife"], name: "labelshareFrame", fileName: () => "frame.js" },
  },
});
