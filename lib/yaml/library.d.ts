// tsconfig.json sends `yaml` to the library's ECMAScript modules, of which a build takes what is used: for a program
// that is not a browser the library names CommonJS, all of which each run would load. Its types stand with the latter.

declare module "yaml" {
  export * from "yaml-types";
}
