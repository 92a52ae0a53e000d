/** Numbers of the system calls the seccomp filter names (Linux: asm/unistd_64.h for x86-64, asm-generic/unistd.h for arm64). */

export type FilteredArchitecture = "x64" | "arm64";

/** As the kernel names an architecture to a filter (linux/audit.h). */
export const auditArchitecture: Record<FilteredArchitecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** `null` where the architecture doesn't have it. */
type Numbers = Record<FilteredArchitecture, number | null>;

const same = (number: number): Numbers => ({ x64: number, arm64: number });

/** Calls that a build or an agent has no use for and that reach far into the kernel, each refused with EPERM. */
export const refusedCalls: Record<string, Numbers> = {
  mount: { x64: 165, arm64: 40 },
  umount2: { x64: 166, arm64: 39 },
  pivot_root: { x64: 155, arm64: 41 },
  open_tree: same(428),
  move_mount: same(429),
  fsopen: same(430),
  fsconfig: same(431),
  fsmount: same(432),
  fspick: same(433),
  mount_setattr: same(442),
  unshare: { x64: 272, arm64: 97 },
  setns: { x64: 308, arm64: 268 },
  add_key: { x64: 248, arm64: 217 },
  request_key: { x64: 249, arm64: 218 },
  keyctl: { x64: 250, arm64: 219 },
  bpf: { x64: 321, arm64: 280 },
  perf_event_open: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  io_uring_setup: same(425),
  io_uring_enter: same(426),
  io_uring_register: same(427),
  ptrace: { x64: 101, arm64: 117 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  process_madvise: same(440),
  pidfd_getfd: same(438),
  kcmp: { x64: 312, arm64: 272 },
  kexec_load: { x64: 246, arm64: 104 },
  kexec_file_load: { x64: 320, arm64: 294 },
  init_module: { x64: 175, arm64: 105 },
  finit_module: { x64: 313, arm64: 273 },
  delete_module: { x64: 176, arm64: 106 },
  reboot: { x64: 169, arm64: 142 },
  swapon: { x64: 167, arm64: 224 },
  swapoff: { x64: 168, arm64: 225 },
  acct: { x64: 163, arm64: 89 },
  quotactl: { x64: 179, arm64: 60 },
  quotactl_fd: same(443),
  open_by_handle_at: { x64: 304, arm64: 265 },
  fanotify_init: { x64: 300, arm64: 262 },
  lookup_dcookie: { x64: 212, arm64: 18 },
  move_pages: { x64: 279, arm64: 239 },
  settimeofday: { x64: 164, arm64: 170 },
  clock_settime: { x64: 227, arm64: 112 },
  clock_adjtime: { x64: 305, arm64: 266 },
  syslog: { x64: 103, arm64: 116 },
  vhangup: { x64: 153, arm64: 58 },
  iopl: { x64: 172, arm64: null },
  ioperm: { x64: 173, arm64: null },
};

/** Calls that are refused or not by their arguments. */
export const inspectedCalls: Record<
  "clone" | "clone3" | "ioctl" | "socket",
  Record<FilteredArchitecture, number>
> = {
  clone: { x64: 56, arm64: 220 },
  clone3: { x64: 435, arm64: 435 },
  ioctl: { x64: 16, arm64: 29 },
  socket: { x64: 41, arm64: 198 },
};
