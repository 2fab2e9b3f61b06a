// Scripts of a shell are built in as text.

declare module "*.bash" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a file that is text has no other one
  export default text;
}
