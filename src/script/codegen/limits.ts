/** Bytes of stack of one program, as the kernel and librte_bpf have it. */
export const MAX_STACK_BYTES = 512;
