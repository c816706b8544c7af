import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The build lands in the Python package, which serves it. Source maps stay out: they double the wheel.
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../src/labelshare/web",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a running service.
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/rpc": "http://127.0.0.1:8000", "/site.json": "http://127.0.0.1:8000" } },
});
