// A program that does nothing. With an argument it stays for a moment, so that its memory can be looked at.

if (process.argv.length > 2) setTimeout(() => undefined, 300);
