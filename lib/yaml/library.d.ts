// tsconfig.json resolves `yaml` to the library's ECMAScript modules, of which a build includes only what is used; by
// default it would be CommonJS, all of which each run would load. The types are with the latter.

declare module "yaml" {
  export * from "yaml-types";
}
