import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const all = (folder: string, names: string): string[] => names.split(" ").map((name) => here(`${folder}/${name}.ts`));

export default defineConfig({
  root: here("."),
  base: "/assets/",
  build: {
    target: "es2022",
    assetsDir: "",
    // one style sheet for all pages, under its own name
    cssCodeSplit: false,
    // the polyfill would be script that no browser with Ed25519 needs
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: ["login", "account", "vectors"].map((name) => here(`${name}.html`)),
      output: {
        // no hashes: the names are part of what the server embeds
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "pages[extname]",
        manualChunks: {
          // with everything that they import: what the vectors page needs beyond it stays there.
          // So no file of `page` imports the index of the package, which imports everything.
          peer: all("../didshake/src", "errors bytes login webcrypto discovery web keys messages encoding"),
          page: all("src", "dom view identities pins service failure failure-page session format"),
        },
      },
    },
  },
});
