// Runs a program as systemd's MemoryDenyWriteExecute=yes would: no memory of it may be both written and executed. Ends
// with the program's code, or with 98 where the kernel cannot do that (before 6.3).

import { dlopen, FFIType } from "bun:ffi";

const PR_SET_MDWE = 65;
const REFUSE_EXEC_GAIN = 1;

const { symbols } = dlopen("libc.so.6", {
  prctl: {
    args: [FFIType.i32, FFIType.u64, FFIType.u64, FFIType.u64, FFIType.u64],
    returns: FFIType.i32,
  },
});
if (symbols.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) !== 0) process.exit(98);
const [program = "true", ...args] = process.argv.slice(2);
const ran = Bun.spawnSync([program, ...args], { stdout: "inherit", stderr: "inherit" });
process.exit(ran.exitCode ?? 99);
